#include "unit/report/synthetic_run.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/files.h"
#include "base/jsonl.h"
#include "base/rng.h"
#include "report/metrics_writer.h"
#include "report/sample_writer.h"

namespace hone {
namespace {

constexpr const char* kRecipe = R"(name: quickstart
model: models/SmolLM2-135M-Instruct.Q4_1.gguf
output_dir: runs
seed: 17
dtype: bf16
exactness: strict
stages:
  - name: cold_start
    type: sft
    learning_rate: 2.0e-05
    train_batch_size: 16
  - name: rl
    type: grpo
    num_prompts_per_step: 16
    num_generations: 8
    learning_rate: 1.5e-05
    max_completion_length: 64
    rewards:
      - type: exact_answer
        weight: 1.0
      - type: format
        weight: 0.2
)";

constexpr const char* kManifest = R"({
  "hone": "0.1.0",
  "seed": 17,
  "isa": "avx512_bf16",
  "threads": 2,
  "exactness": "strict",
  "stages": [{"name": "cold_start", "type": "sft", "status": "done"}, {"name": "rl", "type": "grpo", "status": "done"}]
}
)";

const char* const kHostile[] = {
    "</pre><script>alert(1)</script><img src=x onerror=alert(2)>",
    "\" onmouseover=\"alert(3)\" '><svg onload=alert(4)>",
    "\xE2\x80\xAE"
    "evil\xE2\x80\xAC \x1b[31m red \x07 bell \xF3\xA0\x81\x81 tag \xFF\xFE broken",
    "<think>never closed <answer>nested <think>deep</answer></answer></think> <|im_start|> <|not a marker",
    "]]></style></html><!-- & &lt; &#60;script&#62;",
};

double noise(Rng& rng) { return rng.uniform() + rng.uniform() + rng.uniform() - 1.5; }

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

/// How good the model is, from 0 to 1.
struct Skill {
  double format, answer;
};

EvalCompletion answer(const Skill& skill, int64_t a, int64_t b, Rng& rng, double luck) {
  EvalCompletion out;
  const bool formatted = rng.uniform() < skill.format + luck;
  out.correct = formatted && rng.uniform() < skill.answer + luck;
  const int64_t result = out.correct ? a + b : a + b + rng.integer(1, 3) * (rng.uniform() < 0.5 ? 10 : -1);
  const int64_t units = a % 10 + b % 10;
  if (formatted) {
    out.completion = fmt::format(
        "<think>{} + {}: units {} + {} = {}, carry {}; tens {} + {} + {} = {}.</think>\n<answer>{}</answer>", a, b,
        a % 10, b % 10, units, units / 10, a / 10, b / 10, units / 10, (a + b) / 10, result);
    out.length = 34 + rng.integer(-4, 6);
  } else {
    out.completion = fmt::format(
        "Sure! To add {} and {}, we can use the following steps. First, we need to understand what addition means. "
        "Addition is the process of combining two numbers. So the sum of {} and {} is",
        a, b, a, b);
    out.length = 64;
    out.finish = Finish::length;
  }
  out.reward = (out.correct ? 1.0 : 0.0) + (formatted ? 0.2 : 0.0);
  return out;
}

std::string prompt_text(int64_t a, int64_t b) {
  return fmt::format(
      "<|im_start|>user\nWhat is {} + {}? Think inside <think></think>, then give the number inside "
      "<answer></answer>.<|im_end|>\n"
      "<|im_start|>assistant\n",
      a, b);
}

Metrics evaluate(const std::filesystem::path& run, const std::string& stage, int64_t step, const Skill& skill,
                 const SyntheticRun& options) {
  std::vector<EvalRecord> records;
  double mean = 0, mean_square = 0, pass = 0, greedy = 0, format = 0, length = 0;
  for (int64_t i = 0; i < options.eval_items; ++i) {
    Rng rng(mix_key(7, static_cast<uint64_t>(i)));
    const int64_t a = rng.integer(10, 99), b = rng.integer(10, 99);
    EvalRecord record{.prompt_id = 1000 + i, .prompt = prompt_text(a, b), .answer = std::to_string(a + b)};
    record.greedy = answer(skill, a, b, rng, 0.12);
    double right = 0;
    for (int k = 0; k < 4; ++k) {
      record.samples.push_back(answer(skill, a, b, rng, 0));
      right += record.samples.back().correct;
      format += record.samples.back().finish == Finish::stop;
      length += static_cast<double>(record.samples.back().length);
    }
    mean += right / 4, mean_square += right * right / 16, pass += right > 0, greedy += record.greedy->correct;
    if (options.hostile) {
      record.greedy->completion = kHostile[i % 5];
      if (i == 3) record.greedy->completion = std::string(2'000'000, 'x');
      record.prompt += kHostile[(i + 1) % 5];
      record.answer = kHostile[(i + 2) % 5];
    }
    records.push_back(std::move(record));
  }
  write_eval_samples(run, stage, step, eval_sample_lines(records));
  const double n = static_cast<double>(options.eval_items);
  const auto share_error = [&](double share) { return std::sqrt(share * (1 - share) / n); };
  return {{"eval/mean@4", mean / n},
          {"eval/mean@4_stderr", std::sqrt(std::max(0.0, mean_square / n - mean * mean / n / n) / n)},
          {"eval/pass@4", pass / n},
          {"eval/greedy", greedy / n},
          {"eval/greedy_stderr", share_error(greedy / n)},
          {"eval/format", format / n / 4},
          {"eval/mean_length", length / n / 4},
          {"eval/num_items", n},
          {"timing_s/eval", 21.0 + 0.01 * length / n}};
}

void train_sft(const std::filesystem::path& run, MetricsWriter& writer, const SyntheticRun& options) {
  Rng rng(3);
  writer.log("cold_start", 0, evaluate(run, "cold_start", 0, {0.02, 0.3}, options));
  for (int64_t step = 1; step <= options.sft_steps; ++step) {
    const double t = static_cast<double>(step) / static_cast<double>(options.sft_steps);
    writer.log("cold_start", step,
               {{"loss", 0.35 + 1.6 * std::exp(-3 * t) + 0.05 * noise(rng)},
                {"mean_token_accuracy", 0.9 - 0.35 * std::exp(-3 * t) + 0.01 * noise(rng)},
                {"entropy", 0.5 + 0.8 * std::exp(-2 * t) + 0.03 * noise(rng)},
                {"grad_norm", 3 * std::exp(-t) + 0.4 * noise(rng)},
                {"learning_rate", 2e-5 * std::min(1.0, 4 * t)},
                {"num_tokens", 1100.0 * static_cast<double>(step)},
                {"epoch", 3 * t},
                {"step_time", 2.2 + 0.1 * noise(rng)},
                {"perf/train_tok_per_s", 480 + 20 * noise(rng)},
                {"perf/peak_rss_gb", 2.1}});
  }
  if (options.sft_steps > 0)
    writer.log("cold_start", options.sft_steps, evaluate(run, "cold_start", options.sft_steps, {0.62, 0.32}, options));
}

Skill rl_skill(double t) { return {0.62 + 0.36 * (1 - std::exp(-5 * t)), 0.32 + 0.5 * logistic(9 * (t - 0.35))}; }

std::vector<Group> rollout(const Skill& skill, int64_t step, bool hostile) {
  std::vector<Group> groups;
  for (int64_t p = 0; p < 4; ++p) {
    Rng rng(mix_key(11, static_cast<uint64_t>(step), static_cast<uint64_t>(p)));
    const int64_t a = rng.integer(10, 99), b = rng.integer(10, 99);
    Group group;
    group.prompt = {.id = step * 16 + p, .ids = {1, 2, 3}, .text = prompt_text(a, b)};
    for (int k = 0; k < 2; ++k) {
      const EvalCompletion made = answer(skill, a, b, rng, 0);
      Sample sample;
      sample.ids.resize(static_cast<size_t>(made.length));
      sample.text = hostile ? kHostile[p] : made.completion;
      sample.finish = made.finish;
      sample.reward = static_cast<float>(made.reward);
      sample.scored = !hostile || k == 0;
      sample.parts = {{"exact_answer", made.correct}, {"format", made.finish == Finish::stop}};
      sample.why = hostile        ? kHostile[p + 1]
                   : made.correct ? fmt::format("{} equals {}", a + b, a + b)
                                  : "not the reference answer";
      group.samples.push_back(std::move(sample));
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

void train_rl(const std::filesystem::path& run, MetricsWriter& writer, const SyntheticRun& options) {
  Rng rng(5);
  double tokens = 0;
  for (int64_t step = 0; step <= options.rl_steps; ++step) {
    const double t = static_cast<double>(step) / static_cast<double>(std::max<int64_t>(options.rl_steps, 1));
    const Skill skill = rl_skill(t);
    const bool evaluates = step % options.eval_steps == 0 || step == options.rl_steps;
    if (step > 0) {
      const double right = std::clamp(skill.format * skill.answer + 0.06 * noise(rng), 0.0, 1.0);
      const double format = std::clamp(skill.format + 0.02 * noise(rng), 0.0, 1.0);
      const double reward = right + 0.2 * format, cut = std::clamp(1 - format + 0.01 * noise(rng), 0.0, 1.0);
      const double length = 34 + 30 * (1 - format) + 2 * noise(rng), gen = 4.9 + 0.4 * noise(rng),
                   update = 6.4 + 0.5 * noise(rng);
      tokens += 128 * (length + 44);
      writer.log("rl", step,
                 {{"reward", options.hostile && step % 7 == 0 ? NAN : reward},
                  {"reward_std", std::sqrt(right * (1 - right)) + 0.04},
                  {"rewards/exact_answer/mean", right},
                  {"rewards/exact_answer/std", std::sqrt(right * (1 - right))},
                  {"rewards/format/mean", format},
                  {"rewards/format/std", 0.1},
                  {"frac_reward_zero_std", std::clamp(0.1 + 0.5 * t * t + 0.05 * noise(rng), 0.0, 1.0)},
                  {"unscorable_frac", 0},
                  {"completions/mean_length", length},
                  {"completions/min_length", 24 + std::floor(3 * rng.uniform())},
                  {"completions/max_length", 64},
                  {"completions/mean_terminated_length", length - 10 * cut},
                  {"completions/clipped_ratio", cut},
                  {"kl", 0.012 * t + 0.001 * std::abs(noise(rng))},
                  {"entropy", 0.55 - 0.3 * t + 0.03 * noise(rng)},
                  {"clip_ratio/low_mean", 0.0},
                  {"clip_ratio/high_mean", 0.0},
                  {"clip_ratio/region_mean", 0.0},
                  {"loss", options.hostile ? 1e308 * noise(rng) : 0.01 * noise(rng)},
                  {"grad_norm", 0.6 + 0.2 * noise(rng) + (step == 23 ? 2.2 : 0)},
                  {"learning_rate", 1.5e-5 * std::min(1.0, static_cast<double>(step) / 4)},
                  {"num_tokens", tokens},
                  {"step_time", gen + update + 0.05},
                  {"epoch", 0.3 * t},
                  {"rollout_corr/max_abs_diff", options.hostile && step == 9 ? 0.125 : 0.0},
                  {"rollout_corr/differing_tokens", 0},
                  {"timing_s/gen", gen},
                  {"timing_s/reward_wait", 0.05},
                  {"timing_s/update", update},
                  {"perf/gen_tok_per_s", 128 * length / gen},
                  {"perf/train_tok_per_s", 128 * (length + 6) / update / 1.6},
                  {"perf/peak_rss_gb", 2.4 + 0.05 * t},
                  {"sampling/temperature", 1.0}});
      if (step % 10 == 0) write_samples(run, "rl", step, rollout(skill, step, options.hostile), 4);
    }
    if (evaluates && (step > 0 || options.rl_steps > 0))
      writer.log("rl", step, evaluate(run, "rl", step, skill, options));
  }
}

/// Gives the lines the times that they would have had: the writer took a moment for what takes half an hour.
void stretch_time(const std::filesystem::path& path) {
  double time = 1795500000;
  std::string out;
  read_jsonl(path, [&](nlohmann::json line, int64_t) {
    time += line.contains("step_time") ? line["step_time"].get<double>() : 21.0;
    line["time"] = time;
    out += dump_json(line) + '\n';
  });
  write_file_atomic(path, out);
}

}  // namespace

void write_synthetic_run(const std::filesystem::path& run_dir, const SyntheticRun& options) {
  MetricsWriter writer(run_dir);
  write_file_atomic(run_dir / "recipe.resolved.yaml",
                    options.hostile ? std::string("name: '</title><script>alert(5)</script>'\n") + kRecipe : kRecipe);
  write_file_atomic(run_dir / "manifest.json", kManifest);
  train_sft(run_dir, writer, options);
  train_rl(run_dir, writer, options);
  writer.log_text("rl", options.rl_steps, "completions", "<think>1 + 1</think><answer>2</answer>");
  stretch_time(run_dir / "metrics.jsonl");
}

}  // namespace hone
