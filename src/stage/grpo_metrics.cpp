#include "stage/grpo_metrics.h"

#include <cmath>
#include <cstring>

#include "stage/stage_state.h"

namespace hone {
namespace {

/// Named sums and extremes that are combined over ranks in one go.
class Totals {
 public:
  double& sum(const std::string& name) { return sums_[name]; }
  void largest(const std::string& name, double x) {
    const auto [it, fresh] = largest_.emplace(name, x);
    if (!fresh && !(it->second >= x)) it->second = x;  // a NaN wins
  }
  void reduce(Comm& comm) {
    for (auto& [name, value] : sums_) value = comm.all_reduce_sum(value);
    for (auto& [name, value] : largest_) value = comm.all_reduce_max(value);
  }
  double operator[](const std::string& name) const { return sums_.at(name); }
  double max(const std::string& name) const { return largest_.at(name); }

 private:
  std::map<std::string, double> sums_, largest_;
};

double ratio(double a, double b) { return b > 0 ? a / b : 0; }

}  // namespace

RewardStatistics all_statistics(const std::vector<Group>& groups, Comm& comm) {
  const RewardStatistics mine = reward_statistics(groups);
  RewardStatistics all;
  bool first = true;
  for (const std::string& bytes : comm.all_gather_bytes({reinterpret_cast<const char*>(&mine), sizeof mine})) {
    RewardStatistics theirs;
    std::memcpy(&theirs, bytes.data(), sizeof theirs);
    all = first ? theirs : merge(all, theirs);
    first = false;
  }
  return all;
}

Metrics grpo_metrics(const GrpoStep& step, const std::vector<Group>& groups, const RewardStatistics& statistics,
                     const GrpoConfig& config, Comm& comm) {
  Totals t;
  for (const char* name : {"samples", "tokens", "prompt_tokens", "clipped", "terminated", "terminated_tokens"})
    t.sum(name) = 0;
  double longest = 0, shortest = -1e18;
  for (const RewardConfig& r : config.rewards) {
    const std::string name = r.name.empty() ? r.type : r.name;
    for (const char* what : {"/n", "/x", "/xx"}) t.sum(name + what) = 0;
  }
  for (const Group& g : groups)
    for (const Sample& s : g.samples) {
      const double n = static_cast<double>(s.ids.size());
      t.sum("samples") += 1, t.sum("tokens") += n;
      t.sum("prompt_tokens") += static_cast<double>(g.prompt.ids.size());
      if (s.finish == Finish::stop)
        t.sum("terminated") += 1, t.sum("terminated_tokens") += n;
      else
        t.sum("clipped") += 1;
      longest = std::max(longest, n), shortest = std::max(shortest, -n);
      for (const auto& [name, value] : s.parts)
        t.sum(name + "/n") += 1, t.sum(name + "/x") += value, t.sum(name + "/xx") += static_cast<double>(value) * value;
    }
  const LossMetrics& loss = step.loss;
  t.sum("loss") = loss.loss, t.sum("kl") = loss.kl_sum, t.sum("entropy") = loss.entropy_sum;
  t.sum("trained") = static_cast<double>(loss.tokens), t.sum("low") = static_cast<double>(loss.clipped_low);
  t.sum("high") = static_cast<double>(loss.clipped_high), t.sum("train_tokens") = step.train_tokens;
  t.sum("compared") = static_cast<double>(step.mismatch.tokens);
  t.sum("differing") = static_cast<double>(step.mismatch.differing);
  t.largest("diff", step.mismatch.max_abs_diff), t.largest("longest", longest), t.largest("shortest", shortest);
  t.largest("rss", peak_rss_gb());
  t.reduce(comm);

  Metrics m = {{"loss", t["loss"] / static_cast<double>(std::max<int64_t>(1, step.updates))},
               {"reward", statistics.mean},
               {"reward_std", statistics.std()}};
  for (const RewardConfig& r : config.rewards) {
    const std::string name = r.name.empty() ? r.type : r.name;
    const double n = t[name + "/n"], mean = ratio(t[name + "/x"], n);
    m.emplace_back("rewards/" + name + "/mean", mean);
    m.emplace_back("rewards/" + name + "/std",
                   n > 1 ? std::sqrt(std::max(0.0, (t[name + "/xx"] - n * mean * mean) / (n - 1))) : 0);
  }
  m.insert(m.end(), {{"frac_reward_zero_std", statistics.frac_reward_zero_std()},
                     {"unscorable_frac", statistics.unscorable_frac()},
                     {"completions/mean_length", ratio(t["tokens"], t["samples"])},
                     {"completions/min_length", -t.max("shortest")},
                     {"completions/max_length", t.max("longest")},
                     {"completions/mean_terminated_length", ratio(t["terminated_tokens"], t["terminated"])},
                     {"completions/clipped_ratio", ratio(t["clipped"], t["samples"])},
                     {"prompts/mean_length", ratio(t["prompt_tokens"], t["samples"])}});
  if (config.loss.beta > 0) m.emplace_back("kl", ratio(t["kl"], t["trained"]));
  m.insert(m.end(), {{"entropy", ratio(t["entropy"], t["trained"])},
                     {"clip_ratio/low_mean", ratio(t["low"], t["trained"])},
                     {"clip_ratio/high_mean", ratio(t["high"], t["trained"])},
                     {"clip_ratio/region_mean", ratio(t["low"] + t["high"], t["trained"])},
                     {"grad_norm", step.grad_norm},
                     {"learning_rate", step.learning_rate},
                     {"num_tokens", step.num_tokens},
                     {"epoch", step.epoch},
                     {"step_time", step.step_s},
                     {"timing_s/gen", step.generate_s},
                     {"timing_s/reward_wait", step.reward_wait_s},
                     {"timing_s/update", step.update_s},
                     {"perf/gen_tok_per_s", ratio(t["tokens"], step.generate_s)},
                     {"perf/train_tok_per_s", ratio(t["train_tokens"], step.update_s)},
                     {"perf/peak_rss_gb", t.max("rss")}});
  if (t["compared"] > 0) {  // nothing is claimed where nothing was compared
    m.emplace_back("rollout_corr/max_abs_diff", t.max("diff"));
    m.emplace_back("rollout_corr/differing_tokens", t["differing"]);
  }
  if (config.loss.beta > 0) m.emplace_back("timing_s/ref", step.reference_s);
  return m;
}

}  // namespace hone
