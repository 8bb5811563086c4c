// Rules of a recipe that need the tables of tasks and rewards.
#pragma once

#include "hone/recipe.h"
#include "hone/reward.h"

namespace hone {

/// A RecipeCheck: every task and reward that a recipe names exists and takes the options given to it.
RecipeProblems check_names(const Recipe& recipe, const RewardTable& rewards);

}  // namespace hone
