// The rewards that need no model in this process, one file each. To add one: write its file, declare its maker here,
// name it in rewards.cpp.
#pragma once

#include "hone/reward.h"

namespace hone {

RewardFunction make_code(const nlohmann::json& options);
RewardFunction make_cosine_length(const nlohmann::json& options);
RewardFunction make_exact_answer(const nlohmann::json& options);
RewardFunction make_finish(const nlohmann::json& options);
RewardFunction make_format(const nlohmann::json& options);
RewardFunction make_instructions(const nlohmann::json& options);
RewardFunction make_judge(const nlohmann::json& options);
RewardFunction make_language_consistency(const nlohmann::json& options);
GroupRewardFunction make_length(const nlohmann::json& options);
RewardFunction make_logic(const nlohmann::json& options);
RewardFunction make_math(const nlohmann::json& options);
RewardFunction make_overlong(const nlohmann::json& options);
RewardFunction make_repetition(const nlohmann::json& options);

}  // namespace hone
