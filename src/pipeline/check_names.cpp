#include "pipeline/check_names.h"

#include "config/stages.h"
#include "hone/data.h"
#include "hone/error.h"

namespace hone {

RecipeProblems check_names(const Recipe& recipe, const RewardTable& rewards) {
  RecipeProblems problems;
  const auto attempt = [&](const std::string& key, auto&& make) {
    try {
      make();
    } catch (const Error& e) {
      problems.push_back({key, e.what()});
    }
  };
  config::for_each_data(recipe, [&](const std::string& key, const DataConfig& data) {
    if (!data.task.empty()) attempt(key, [&] { find_task(data.task).make(data.options); });
  });
  config::for_each_reward(recipe, [&](const std::string& key, const RewardConfig& reward) {
    if (!reward.type.empty()) attempt(key, [&] { rewards.make(reward.type, reward.options); });
  });
  return problems;
}

}  // namespace hone
