// A recipe's stages in order, in one run directory that can always be continued.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "hone/comm.h"
#include "hone/recipe.h"
#include "hone/reward.h"

namespace hone {

struct RunOptions {
  std::string restart_from;              // forget this stage and all after it
  std::function<bool()> stop_requested;  // asked between steps: save and end
  RewardTable rewards = builtin_rewards();
  bool quiet = false;  // nothing on the terminal; files are written all the same
};

enum class RunEnd { done, stopped };

/// Runs every stage that is not finished yet, continuing the first unfinished one from its newest checkpoint. Writes
/// recipe.resolved.yaml, manifest.json, metrics, samples, report.html and <stage>/final (a Hugging Face folder).
/// Error(recipe) says what changed when the directory was made by another recipe.
RunEnd run_recipe(const Recipe& recipe, const RunOptions& options, Comm& comm);

/// OUTPUT_DIR/NAME of a recipe.
std::filesystem::path run_directory(const Recipe& recipe);

}  // namespace hone
