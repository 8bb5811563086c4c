// Rules between the options of one stage. An option that would have no effect is a problem, never silently ignored;
// since a resolved recipe spells out every default, only a value other than the default counts as set.
#pragma once

#include <string>

#include "hone/recipe.h"

namespace hone::config {

void check_stage(const SftConfig& stage, const std::string& key, RecipeProblems& problems);
void check_stage(const GrpoConfig& stage, const std::string& key, RecipeProblems& problems);
void check_stage(const RewardModelConfig& stage, const std::string& key, RecipeProblems& problems);
void check_stage(const EvalStageConfig& stage, const std::string& key, RecipeProblems& problems);

}  // namespace hone::config
