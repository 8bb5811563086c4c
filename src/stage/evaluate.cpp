#include "stage/evaluate.h"

#include <chrono>
#include <cmath>

#include "base/check.h"
#include "base/text.h"
#include "base/threads.h"
#include "hone/data.h"
#include "report/sample_writer.h"
#include "rollout/engine.h"
#include "stage/memory_plan.h"
#include "stage/prompts.h"

namespace hone {
namespace {

constexpr double kScorerTimeout = 30;              // seconds of one scorer call
constexpr uint64_t kEvalStep = uint64_t{1} << 62;  // draws of evaluations never meet those of training steps

std::string answer_text(const Prompt& prompt) {
  if (!prompt.fields || !prompt.fields->contains("answer")) return "";
  const nlohmann::json& answer = (*prompt.fields)["answer"];
  return answer.is_string() ? answer.get<std::string>() : answer.dump();
}

/// Mean and the standard error of the mean, from sums.
struct MeanError {
  double sum = 0, squares = 0, count = 0;
  void add(double x) { sum += x, squares += x * x, count += 1; }
  double mean() const { return count > 0 ? sum / count : 0; }
  double error() const {
    if (count < 2) return 0;
    const double variance = std::max(0.0, (squares - sum * sum / count) / (count - 1));
    return std::sqrt(variance / count);
  }
};

}  // namespace

std::string accuracy_part(const std::vector<RewardConfig>& rewards) {
  for (const RewardConfig& r : rewards)
    if (!is_style_reward(r.type)) return r.name.empty() ? r.type : r.name;
  return rewards.empty() ? "" : rewards.front().name.empty() ? rewards.front().type : rewards.front().name;
}

Evaluator::Evaluator(const StageContext& context, const EvalConfig& config, SamplingConfig sampling,
                     std::vector<RewardConfig> rewards)
    : context_(context), config_(config), sampling_(std::move(sampling)), rewards_(std::move(rewards)) {
  HONE_CHECK(!rewards_.empty(), ErrorKind::recipe, "stage '{}': an evaluation needs at least one reward to judge by",
             context.name);
  if (config_.temperature) sampling_.temperature = *config_.temperature;
  std::vector<Prompt> all =
      make_prompts(load_records(config_.data), config_.data, context.chat, context.policy.config().max_positions);
  const Share share = share_of(static_cast<int64_t>(all.size()), context.comm);
  prompts_.assign(std::make_move_iterator(all.begin() + share.first),
                  std::make_move_iterator(all.begin() + share.last));
}

Metrics Evaluator::run(int64_t step) const {
  const auto start = std::chrono::steady_clock::now();
  const Policy& policy = context_.policy;
  const double state =
      policy.trainable() ? training_state_bytes(policy.config(), policy.type())
                         : static_cast<double>(total_count(policy.parameters()) * kernels::element_size(policy.type()));
  Engine engine(policy, {.kv_memory_gb = kv_memory_gb(context_.recipe, state)});
  RewardPool pool(rewards_, context_.rewards, num_threads(), kScorerTimeout);
  const std::string part = accuracy_part(rewards_);
  const auto right = [&](const Sample& s) { return s.scored && s.parts.count(part) > 0 && s.parts.at(part) >= 1.f; };
  const auto sample = [&](const SamplingConfig& sampling, int64_t k, const char* what) {
    GenerateHooks hooks;
    hooks.finished = [&](Group& g, size_t i) { pool.submit(g.prompt, g.samples[i]); };
    hooks.progress = [&](int64_t done, int64_t all, int64_t) {
      if (context_.console) context_.console->pause_phase(what, done, all);
    };
    const SampleKey key{static_cast<uint64_t>(context_.recipe.seed), kEvalStep};
    std::vector<Group> groups = engine.generate(prompts_, k, sampling, key, hooks);
    pool.wait();
    return groups;
  };
  const auto judged = [&](const Sample& s) {
    return EvalCompletion{s.text, s.reward, right(s), s.finish, static_cast<int64_t>(s.ids.size())};
  };

  std::vector<EvalRecord> records;
  MeanError mean, greedy, pass, format, length;
  std::vector<Group> groups = sample(sampling_, config_.num_generations, "eval");
  for (Group& g : groups) {
    EvalRecord record{g.prompt.id, g.prompt.text, answer_text(g.prompt), std::nullopt, {}};
    double correct = 0;
    for (const Sample& s : g.samples) {
      correct += right(s);
      length.add(static_cast<double>(s.ids.size()));
      if (const auto it = s.parts.find("format"); it != s.parts.end()) format.add(it->second);
      record.samples.push_back(judged(s));
    }
    mean.add(correct / static_cast<double>(g.samples.size()));
    pass.add(correct > 0 ? 1 : 0);
    records.push_back(std::move(record));
  }
  if (config_.greedy) {
    SamplingConfig greedy_sampling = sampling_;
    greedy_sampling.temperature = 0;
    const std::vector<Group> answers = sample(greedy_sampling, 1, "eval, greedy");
    for (size_t i = 0; i < answers.size(); ++i) {
      greedy.add(right(answers[i].samples[0]) ? 1 : 0);
      records[i].greedy = judged(answers[i].samples[0]);
    }
  }
  for (MeanError* m : {&mean, &greedy, &pass, &format, &length})
    for (double* x : {&m->sum, &m->squares, &m->count}) *x = context_.comm.all_reduce_sum(*x);

  const std::string k = std::to_string(config_.num_generations);
  Metrics metrics = {
      {"eval/mean@" + k, mean.mean()}, {"eval/mean@" + k + "_stderr", mean.error()}, {"eval/pass@" + k, pass.mean()}};
  if (config_.greedy)
    metrics.insert(metrics.end(), {{"eval/greedy", greedy.mean()}, {"eval/greedy_stderr", greedy.error()}});
  if (format.count > 0) metrics.emplace_back("eval/format", format.mean());
  metrics.emplace_back("eval/mean_length", length.mean());
  metrics.emplace_back("eval/num_items", mean.count);
  metrics.emplace_back("timing_s/eval",
                       std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  if (context_.metrics) context_.metrics->log(context_.name, step, metrics);
  const std::string lines = join(context_.comm.all_gather_bytes(eval_sample_lines(records)), "");
  if (context_.metrics) write_eval_samples(context_.run_dir, context_.name, step, lines);
  if (context_.console) {
    std::string line = fmt::format("eval {} step {}: mean@{} {:.1f} % +- {:.1f} at temperature {:g}", context_.name,
                                   step, k, 100 * mean.mean(), 100 * mean.error(), sampling_.temperature);
    if (config_.greedy) line += fmt::format(", greedy {:.1f} % +- {:.1f}", 100 * greedy.mean(), 100 * greedy.error());
    line += fmt::format(", pass@{} {:.1f} %, {:.0f} items", k, 100 * pass.mean(), mean.count);
    context_.console->note(line);
  }
  return metrics;
}

}  // namespace hone
