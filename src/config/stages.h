// The one place that knows which configuration belongs to which stage type, and what stages are called.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hone/recipe.h"

namespace hone::config {

const std::vector<std::string>& stage_types();

/// Sets the configuration that `stage.type` names, to its defaults; false for an unknown type.
bool make_stage(StageConfig& stage);

/// Calls `use` with the configuration that is set, if any.
template <class Stage, class Use>
void with_stage(Stage& stage, Use&& use) {
  if (stage.sft) use(*stage.sft);
  if (stage.grpo) use(*stage.grpo);
  if (stage.reward_model) use(*stage.reward_model);
  if (stage.eval) use(*stage.eval);
}

/// Whether a stage of this configuration scores completions.
template <class Stage>
constexpr bool kHasRewards = requires(Stage& stage) {
  stage.rewards;
};

/// Whether the stage leaves a language model that a later one can start from. A reward model is none.
inline bool makes_model(const StageConfig& stage) { return stage.type != "eval" && stage.type != "reward_model"; }

/// Letters, digits, '_' and '-': what is safe in a folder's name and in a dotted key.
bool is_name_character(char c);

/// Why `name` cannot name a stage; empty where it can. Stage names are folders and parts of dotted keys.
std::string stage_name_problem(std::string_view name);

/// Dotted key of each stage: "stages.rl", or "stages.2" where its name is missing, unusable or taken.
std::vector<std::string> stage_keys(const std::vector<StageConfig>& stages);

/// Every data section, and every reward, with its dotted key: for checks that know files, tasks and rewards.
void for_each_data(const Recipe& recipe,
                   const std::function<void(const std::string& key, const DataConfig& data)>& use);
void for_each_reward(const Recipe& recipe,
                     const std::function<void(const std::string& key, const RewardConfig& reward)>& use);

}  // namespace hone::config
