#include "config/stages.h"

#include <algorithm>
#include <set>

namespace hone::config {

const std::vector<std::string>& stage_types() {
  static const std::vector<std::string> kTypes = {"sft", "grpo", "reward_model", "eval"};
  return kTypes;
}

bool make_stage(StageConfig& stage) {
  if (stage.type == "sft")
    stage.sft.emplace();
  else if (stage.type == "grpo")
    stage.grpo.emplace();
  else if (stage.type == "reward_model")
    stage.reward_model.emplace();
  else if (stage.type == "eval")
    stage.eval.emplace();
  else
    return false;
  return true;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::string stage_name_problem(std::string_view name) {
  if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), is_name_character))
    return "a stage name is 1 to 64 letters, digits, '_' or '-'";
  if (name.find_first_not_of("0123456789") == std::string_view::npos)
    return "a stage name of digits only would be taken for an index";
  if (name == "base") return "'base' means the recipe's model in `from`";
  if (name == "samples") return "'samples' is a folder of the run directory already";
  return {};
}

std::vector<std::string> stage_keys(const std::vector<StageConfig>& stages) {
  std::vector<std::string> keys;
  std::set<std::string> taken;
  for (size_t i = 0; i < stages.size(); ++i) {
    const std::string& name = stages[i].name;
    const bool usable = stage_name_problem(name).empty() && taken.insert(name).second;
    keys.push_back("stages." + (usable ? name : std::to_string(i)));
  }
  return keys;
}

void for_each_data(const Recipe& recipe, const std::function<void(const std::string&, const DataConfig&)>& use) {
  const std::vector<std::string> keys = stage_keys(recipe.stages);
  for (size_t i = 0; i < keys.size(); ++i) {
    const StageConfig& stage = recipe.stages[i];
    if (stage.eval) use(keys[i] + ".data", stage.eval->eval.data);
    if (stage.reward_model) use(keys[i] + ".data", stage.reward_model->data);
    const auto use_training = [&](const auto& training) {
      use(keys[i] + ".data", training.data);
      if (training.eval) use(keys[i] + ".eval.data", training.eval->data);
    };
    if (stage.sft) use_training(*stage.sft);
    if (stage.grpo) use_training(*stage.grpo);
  }
}

void for_each_reward(const Recipe& recipe, const std::function<void(const std::string&, const RewardConfig&)>& use) {
  const std::vector<std::string> keys = stage_keys(recipe.stages);
  for (size_t i = 0; i < keys.size(); ++i)
    with_stage(recipe.stages[i], [&]<class Stage>(const Stage& stage) {
      if constexpr (kHasRewards<Stage>)
        for (size_t j = 0; j < stage.rewards.size(); ++j)
          use(keys[i] + ".rewards." + std::to_string(j), stage.rewards[j]);
    });
}

}  // namespace hone::config
