// bench: how long rollouts, SFT steps and GRPO steps take, beside what this machine could do at most. Steps are those
// of real runs: the recipes below go through run_recipe, and the times are the ones in their metrics.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>

#include "base/check.h"
#include "base/files.h"
#include "base/jsonl.h"
#include "base/rng.h"
#include "cli/command.h"
#include "hone/run.h"
#include "model/cost.h"
#include "model/model_files.h"
#include "ops/machine_limits.h"
#include "rollout/engine.h"
#include "stage/stage_state.h"

namespace hone {
namespace {

namespace fs = std::filesystem;

struct BenchArgs {
  ModelArgs model;
  int64_t prompts = 8, samples = 8, prompt_tokens = 64, tokens = 128;  // generate, grpo
  int64_t rows = 4, length = 1024;                                     // sft
  int64_t repeats = 3, micro_batch = 0;
  double memory_budget_gb = 0;
};

double rounded(double x, double digits = 1000) { return std::round(x * digits) / digits; }

/// A folder for one run, gone afterwards.
class ScratchFolder {
 public:
  ScratchFolder() : path_((fs::temp_directory_path() / "hone-bench-XXXXXX").string()) {
    HONE_CHECK(::mkdtemp(path_.data()) != nullptr, ErrorKind::io, "cannot make a folder in {}; set TMPDIR",
               fs::temp_directory_path().string());
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path operator/(const std::string& name) const { return fs::path(path_) / name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// What a bench is held against.
struct Yardstick {
  Type type;
  MachineLimits limits;
  ModelCost cost;
};

/// Comes after the work: measuring the limits must not count in the peak memory.
Yardstick make_yardstick(const BenchArgs& args, const ModelConfig& model) {
  const Type type = compute_type(args.model.dtype);
  return {type, measure_limits(), model_cost(model, type)};
}

ModelConfig read_config(const BenchArgs& args) { return ModelFiles::open(args.model.model)->config(); }

void print_line(const BenchArgs& args, const Yardstick& yardstick, nlohmann::json line) {
  line["model"] = args.model.model;
  line["dtype"] = yardstick.type == Type::bf16 ? "bf16" : "fp32";
  line["isa"] = kernels::table().isa;
  line["threads"] = num_threads();
  line["limits"] = to_json(yardstick.limits);
  std::cout << dump_json(line) << "\n";
}

/// Metrics of the fastest step but the first, which still grows its buffers.
nlohmann::json fastest_step(const fs::path& metrics) {
  nlohmann::json best;
  read_jsonl(metrics, [&](nlohmann::json line, int64_t) {
    if (!line.contains("step_time") || line["step"] == 1) return;
    if (best.is_null() || line["step_time"] < best["step_time"]) best = std::move(line);
  });
  HONE_CHECK(!best.is_null(), ErrorKind::internal, "{}: no step was logged", metrics.string());
  return best;
}

nlohmann::json run_stage(const BenchArgs& args, const ScratchFolder& folder, StageConfig stage) {
  Recipe recipe;
  recipe.name = "run", recipe.output_dir = folder.path(), recipe.model = args.model.model;
  recipe.dtype = args.model.dtype, recipe.threads = args.model.threads;
  recipe.memory_budget_gb = args.memory_budget_gb;
  stage.from = "base";
  recipe.stages = {std::move(stage)};
  const std::unique_ptr<Comm> comm = make_single_comm();
  run_recipe(recipe, {.quiet = true}, *comm);
  return fastest_step(run_directory(recipe) / "metrics.jsonl");
}

/// Keys that rows `first` .. `first + count` of a sequence see: row i sees i + 1.
double keys_seen(double first, double count) { return count * first + count * (count + 1) / 2; }

/// Seconds that a rollout takes at least: prompts in one go, then one pass a token over all sequences.
double rollout_limit(const Yardstick& yardstick, const BenchArgs& args, double prompt) {
  const auto& [type, limits, cost] = yardstick;
  const double prompts = static_cast<double>(args.prompts), rows = prompts * static_cast<double>(args.samples);
  double seconds = limits.seconds(
      type, prompts * (prompt * cost.block_flops + keys_seen(0, prompt) * cost.attention_flops + cost.head_flops),
      cost.weight_bytes);
  for (int64_t t = 1; t < args.tokens; ++t) {
    const double context = prompt + static_cast<double>(t);
    const double flops = rows * (cost.block_flops + cost.head_flops + context * cost.attention_flops);
    const double bytes = cost.weight_bytes + cost.kv_bytes * (prompts * prompt + rows * static_cast<double>(t));
    seconds += limits.seconds(type, flops, bytes);
  }
  return seconds;
}

/// Seconds of an update at least: three times the forward products, and the optimiser's pass over its arrays (weights,
/// gradients and moments read, three of them and the compute copy written).
double update_limit(const Yardstick& yardstick, double rows, double head_rows, double keys) {
  const auto& [type, limits, cost] = yardstick;
  const double flops = 3 * (rows * cost.block_flops + head_rows * cost.head_flops + keys * cost.attention_flops);
  const double bytes = cost.parameters * (28 + static_cast<double>(kernels::element_size(type)));
  return limits.seconds(type, flops, 0) + limits.seconds(type, 0, bytes);
}

void bench_generate(const BenchArgs& args) {
  const std::unique_ptr<Policy> policy = args.model.load();
  const int64_t vocab = policy->config().vocab;
  SamplingConfig sampling;
  sampling.max_completion_length = args.tokens, sampling.ignore_eos = true;
  Engine engine(*policy, {.max_running_sequences = args.prompts * args.samples});
  double best = 1e300;
  for (int64_t repeat = 0; repeat < std::max<int64_t>(2, args.repeats); ++repeat) {
    std::vector<Prompt> prompts(static_cast<size_t>(args.prompts));
    for (size_t p = 0; p < prompts.size(); ++p) {
      prompts[p].id = static_cast<int64_t>(p);
      for (int64_t i = 0; i < args.prompt_tokens; ++i)
        prompts[p].ids.push_back(static_cast<int32_t>(
            philox(mix_key(0, static_cast<uint64_t>(repeat), p, 0), static_cast<uint64_t>(i), 0)[0] %
            static_cast<uint64_t>(vocab)));
    }
    Stopwatch watch;
    engine.generate(std::move(prompts), args.samples, sampling, {0, static_cast<uint64_t>(repeat)});
    best = std::min(best, watch.lap());
  }
  const double peak = peak_rss_gb(), rows = static_cast<double>(args.prompts * args.samples);
  const Yardstick yardstick = make_yardstick(args, policy->config());
  const double limit = rollout_limit(yardstick, args, static_cast<double>(args.prompt_tokens));
  print_line(args, yardstick,
             {{"bench", "generate"},
              {"prompts", args.prompts},
              {"samples", args.samples},
              {"prompt_tokens", args.prompt_tokens},
              {"tokens", args.tokens},
              {"s", rounded(best)},
              {"tok_per_s", rounded(rows * static_cast<double>(args.tokens) / best, 10)},
              {"share_of_limit", rounded(limit / best)},
              {"peak_rss_gb", rounded(peak)}});
}

void bench_sft(const BenchArgs& args) {
  const ScratchFolder folder;
  std::string lines;
  for (int64_t i = 0; i < args.rows * (args.repeats + 1); ++i) {
    std::string text;
    for (int64_t n = i; n < i + args.length; ++n) text += fmt::format("{} apples and {} pears, ", n * 37 % 101, n % 89);
    lines += dump_json({{"messages",
                         {{{"role", "user"}, {"content", "Count."}}, {{"role", "assistant"}, {"content", text}}}}}) +
             "\n";
  }
  write_file_atomic(folder / "data.jsonl", lines);
  SftConfig config;
  config.data.path = (folder / "data.jsonl").string();
  config.train_batch_size = args.rows, config.max_steps = args.repeats + 1;
  config.max_length = args.length, config.truncation = "keep_start", config.assistant_only_loss = false;
  config.batch.max_tokens_per_micro_batch = args.micro_batch;
  const nlohmann::json step = run_stage(args, folder, {.name = "sft", .type = "sft", .sft = config});

  const Yardstick yardstick = make_yardstick(args, read_config(args));
  const double rows = static_cast<double>(args.rows), length = static_cast<double>(args.length);
  const double limit = update_limit(yardstick, rows * length, rows * (length - 1), rows * keys_seen(0, length));
  const double seconds = step["step_time"];
  print_line(args, yardstick,
             {{"bench", "sft"},
              {"rows", args.rows},
              {"length", args.length},
              {"step_s", rounded(seconds)},
              {"tok_per_s", rounded(rows * length / seconds, 10)},
              {"share_of_limit", rounded(limit / seconds)},
              {"peak_rss_gb", rounded(step["perf/peak_rss_gb"])}});
}

void bench_grpo(const BenchArgs& args) {
  const ScratchFolder folder;
  std::string lines;
  for (int64_t i = 0; i < args.prompts * (args.repeats + 1); ++i) {
    const std::string prompt = fmt::format(
        "Solve the problem and show your reasoning step by step. Put the final answer in \\boxed{{}}. Tom has {} "
        "apples, buys {} bags with {} apples each and gives {} to a friend. How many apples does he have now?",
        i % 17 + 3, i % 5 + 2, i % 7 + 3, i % 3 + 1);
    lines += dump_json({{"prompt", {{{"role", "user"}, {"content", prompt}}}}, {"answer", "1"}}) + "\n";
  }
  write_file_atomic(folder / "data.jsonl", lines);
  GrpoConfig config;
  config.data.path = (folder / "data.jsonl").string();
  config.num_prompts_per_step = args.prompts, config.num_generations = args.samples;
  config.sampling.max_completion_length = args.tokens, config.sampling.ignore_eos = true;
  config.max_running_sequences = args.prompts * args.samples;
  config.max_steps = args.repeats + 1;
  config.batch.max_tokens_per_micro_batch = args.micro_batch;
  const int64_t longest = 16 * args.tokens;  // characters: a reward that varies within a group
  config.rewards = {{.type = "length", .options = {{"unit", "characters"}, {"max", longest}, {"ramp", longest}}}};
  const nlohmann::json step = run_stage(args, folder, {.name = "rl", .type = "grpo", .grpo = config});

  const Yardstick yardstick = make_yardstick(args, read_config(args));
  const double prompts = static_cast<double>(args.prompts), samples = static_cast<double>(args.samples);
  const double tokens = static_cast<double>(args.tokens), completions = prompts * samples * tokens;
  const double prompt = step["prompts/mean_length"];
  const double keys = prompts * (keys_seen(0, prompt) + samples * keys_seen(prompt, tokens));
  const double gen_limit = rollout_limit(yardstick, args, prompt);
  const double train_limit = update_limit(yardstick, prompts * prompt + completions, completions, keys);
  const double step_s = step["step_time"], gen_s = step["timing_s/gen"], train_s = step["timing_s/update"];
  print_line(args, yardstick,
             {{"bench", "grpo"},
              {"prompts", args.prompts},
              {"samples", args.samples},
              {"prompt_tokens", prompt},
              {"tokens", args.tokens},
              {"step_s", rounded(step_s)},
              {"gen_s", rounded(gen_s)},
              {"train_s", rounded(train_s)},
              {"tok_per_s", rounded(completions / step_s, 10)},
              {"gen_tok_per_s", rounded(completions / gen_s, 10)},
              {"gen_share_of_limit", rounded(gen_limit / gen_s)},
              {"train_share_of_limit", rounded(train_limit / train_s)},
              {"share_of_limit", rounded((gen_limit + train_limit) / step_s)},
              {"rollout_max_abs_diff", step["rollout_corr/max_abs_diff"]},
              {"peak_rss_gb", rounded(step["perf/peak_rss_gb"])}});
}

void add_count(CLI::App& command, const std::string& name, int64_t& value, const std::string& what) {
  command.add_option(name, value, what)->check(CLI::Range(int64_t{1}, int64_t{1} << 20))->capture_default_str();
}

void add_training(CLI::App& command, BenchArgs& args) {
  command.add_option("--micro-batch", args.micro_batch, "packed tokens of a micro-batch (0: as planned)")
      ->check(CLI::NonNegativeNumber);
  command.add_option("--memory-budget-gb", args.memory_budget_gb, "plan for this peak (0: no plan)")
      ->check(CLI::NonNegativeNumber);
}

}  // namespace

void add_bench(CLI::App& app) {
  auto args = std::make_shared<BenchArgs>();
  CLI::App* bench = app.add_subcommand("bench", "time rollouts, SFT and GRPO steps; prints one JSON line");
  bench->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, void (*run)(const BenchArgs&)) {
    CLI::App* command = bench->add_subcommand(name, what);
    args->model.add_to(*command);
    add_count(*command, "--repeats", args->repeats, "times it is measured; the best counts");
    command->callback([args, run] { run(*args); });
    return command;
  };
  CLI::App* generate = add("generate", "rollouts of a fixed length from random prompts", bench_generate);
  CLI::App* grpo = add("grpo", "GRPO steps with completions of a fixed length", bench_grpo);
  CLI::App* sft = add("sft", "SFT steps on full rows", bench_sft);
  for (CLI::App* command : {generate, grpo}) {
    add_count(*command, "--prompts", args->prompts, "prompts of a step");
    add_count(*command, "--samples", args->samples, "completions of a prompt");
    add_count(*command, "--tokens", args->tokens, "tokens of a completion");
  }
  add_count(*generate, "--prompt-tokens", args->prompt_tokens, "tokens of a prompt");
  add_count(*sft, "--rows", args->rows, "rows of a step");
  add_count(*sft, "--length", args->length, "tokens of a row");
  add_training(*grpo, *args);
  add_training(*sft, *args);
}

}  // namespace hone
