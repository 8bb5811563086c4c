// The numbers of one GRPO step, over all ranks, under TRL's names (docs/metrics.md).
#pragma once

#include <vector>

#include "hone/advantage.h"
#include "hone/comm.h"
#include "hone/loss.h"
#include "hone/recipe.h"
#include "report/metrics_writer.h"
#include "stage/exactness.h"

namespace hone {

/// Everything a step measured on this rank.
struct GrpoStep {
  LossMetrics loss;  // of all updates of the step
  int64_t updates = 0;
  Mismatch mismatch;  // of the on-policy updates
  double grad_norm = 0, learning_rate = 0;
  double generate_s = 0, reward_wait_s = 0, reference_s = 0, update_s = 0, step_s = 0;
  double train_tokens = 0;  // packed tokens that went through forward and backward
  double num_tokens = 0;    // prompt and completion tokens since the start of the stage
  double epoch = 0;
};

/// Collective. `statistics` are those of all ranks' rewards.
Metrics grpo_metrics(const GrpoStep& step, const std::vector<Group>& groups, const RewardStatistics& statistics,
                     const GrpoConfig& config, Comm& comm);

/// Statistics of all ranks' rewards, merged in rank order. Collective.
RewardStatistics all_statistics(const std::vector<Group>& groups, Comm& comm);

}  // namespace hone
