// Held-out evaluation: mean@k with its standard error, pass@k, greedy accuracy.
#pragma once

#include "hone/recipe.h"
#include "stage/context.h"

namespace hone {

/// An evaluation's data, loaded once and asked as often as wanted.
class Evaluator {
 public:
  /// `sampling` and `rewards` are the stage's; an evaluation's own temperature replaces the stage's.
  Evaluator(const StageContext& context, const EvalConfig& config, SamplingConfig sampling,
            std::vector<RewardConfig> rewards);

  /// Samples, scores, logs the metrics eval/* at `step`, writes the judged completions and prints one line. A
  /// completion counts as right when the accuracy part's raw reward is at least 1.
  Metrics run(int64_t step) const;

 private:
  const StageContext& context_;
  EvalConfig config_;
  SamplingConfig sampling_;
  std::vector<RewardConfig> rewards_;
  std::vector<Prompt> prompts_;  // this rank's share
};

/// Name of the reward part that says whether an answer is right: the first that judges an answer rather than its form.
std::string accuracy_part(const std::vector<RewardConfig>& rewards);

}  // namespace hone
