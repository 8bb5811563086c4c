// The road of a recipe: text -> nodes -> overrides -> structs -> defaults that depend on other values -> checks.
#include <filesystem>

#include "base/check.h"
#include "base/files.h"
#include "base/text.h"
#include "config/document.h"
#include "config/overrides.h"
#include "config/reader.h"
#include "config/stages.h"
#include "hone/recipe.h"

namespace hone {
namespace {

/// "configs/my recipe.yaml" -> "my_recipe".
std::string name_from_file(const std::string& file) {
  std::string name = std::filesystem::path(file).stem().string();
  for (char& c : name)
    if (!config::is_name_character(c)) c = '_';
  return name.empty() ? "run" : name;
}

void fill_reward_names(std::vector<RewardConfig>& rewards) {
  for (RewardConfig& reward : rewards)
    if (reward.name.empty()) reward.name = reward.type;
}

/// Defaults that are taken from another value. A stage starts from the nearest earlier one that makes a model.
void fill_defaults(Recipe& recipe, const std::string& file) {
  if (recipe.name.empty()) recipe.name = name_from_file(file);
  std::string from = "base";
  for (StageConfig& stage : recipe.stages) {
    if (stage.name.empty()) stage.name = stage.type;
    if (stage.from.empty()) stage.from = from;
    if (config::makes_model(stage)) from = stage.name;
    config::with_stage(stage, []<class Stage>(Stage& config) {
      if constexpr (config::kHasRewards<Stage>) fill_reward_names(config.rewards);
    });
  }
}

}  // namespace

Recipe parse_recipe(const std::string& text, const std::string& name, const std::vector<std::string>& overrides,
                    const std::vector<RecipeCheck>& extra) {
  config::Problems problems;
  Recipe recipe;
  try {
    config::Node root = config::read_document(text, name, problems);
    config::apply_overrides(root, overrides, problems);
    config::read_recipe(root, recipe, problems);
  } catch (const config::SyntaxError& error) {
    problems.add(error.position, error.message);
    problems.throw_if_any();
  }
  fill_defaults(recipe, name);
  problems.add_checked(recipe, check_recipe(recipe));
  for (const RecipeCheck& check : extra) problems.add_checked(recipe, check(recipe));
  problems.throw_if_any();
  return recipe;
}

Recipe load_recipe(const std::string& path, const std::vector<std::string>& overrides,
                   const std::vector<RecipeCheck>& extra) {
  std::string text;
  try {
    std::error_code error;  // of what is no regular file; read_file then says what it is
    const auto size = std::filesystem::file_size(path, error);
    HONE_CHECK(error || size <= config::Limits::kBytes, ErrorKind::recipe, "{}: {} bytes are too many for a recipe",
               path, size);
    text = read_file(path);
  } catch (const Error& e) {
    throw Error(ErrorKind::recipe, std::string("cannot read the recipe: ") + e.what());
  }
  return parse_recipe(text, path, overrides, extra);
}

}  // namespace hone
