// Training of a reward model.
#pragma once

#include "stage/context.h"

namespace hone {

/// Pairs: Bradley-Terry, -log sigmoid(r_chosen - r_rejected - margin), plus center_rewards_coefficient * (r_chosen +
/// r_rejected)^2. Labelled responses: binary cross-entropy of sigmoid(r). Means over the records of a step. The policy
/// needs a reward head.
StageEnd run_reward_model(const RewardModelConfig& config, const StageContext& context);

/// Sum of the losses above, differentiable, from the rewards [2 n] of n pairs (chosen, rejected, chosen, ...).
at::Tensor pair_loss(const at::Tensor& rewards, const at::Tensor& margins, double center_rewards_coefficient);
/// The same for labelled responses: rewards and labels (1 good, 0 bad) [n].
at::Tensor label_loss(const at::Tensor& rewards, const at::Tensor& labels);

}  // namespace hone
