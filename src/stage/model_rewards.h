// Rewards that run a model of their own inside this process.
#pragma once

#include "hone/reward.h"

namespace hone {

/// reward_model: what a reward model that hone (or transformers) trained says about a prompt with its completion.
RewardFunction make_reward_model(const nlohmann::json& options);

/// judge: with an `endpoint` over HTTP, else by a model in this process.
RewardFunction make_any_judge(const nlohmann::json& options);

}  // namespace hone
