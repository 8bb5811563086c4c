// check_recipe: bounds of every option, the order and names of stages, then each stage's own rules.
#include <algorithm>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "config/check_bounds.h"
#include "config/check_stage.h"
#include "config/stages.h"
#include "hone/recipe.h"

namespace hone {
namespace {

using config::is_name_character;

void check_run_name(const Recipe& recipe, RecipeProblems& problems) {
  const std::string& name = recipe.name;
  const auto allowed = [](char c) { return is_name_character(c) || c == '.'; };
  if (name.empty() || name.size() > 128 || name.front() == '.' || !std::all_of(name.begin(), name.end(), allowed))
    problems.push_back(
        {"name", "names a folder: 1 to 128 letters, digits, '_', '-' or '.', not beginning with a dot; got " +
                     quote_for_message(name)});
}

void check_stage_names(const Recipe& recipe, const std::vector<std::string>& keys, RecipeProblems& problems) {
  std::set<std::string> seen;
  for (size_t i = 0; i < keys.size(); ++i) {
    const StageConfig& stage = recipe.stages[i];
    if (stage.name.empty()) continue;  // of a stage without a type, which is reported
    const bool is_default = stage.name == stage.type;
    if (const std::string why = config::stage_name_problem(stage.name); !why.empty() && !is_default)
      problems.push_back({keys[i] + ".name", why + ", got " + quote_for_message(stage.name)});
    if (stage.name.ends_with("-eval"))
      problems.push_back({keys[i] + ".name",
                          "a stage's name must not end in -eval: samples of stage X's evaluations go "
                          "by the name X-eval"});
    if (!seen.insert(stage.name).second)
      problems.push_back({keys[i] + ".name", fmt::format("two stages are named {}; give each a name of its own",
                                                         quote_for_message(stage.name))});
  }
}

/// `from` must name the recipe's model or an earlier stage that makes one.
void check_from(const Recipe& recipe, const std::vector<std::string>& keys, RecipeProblems& problems) {
  std::vector<std::string> usable = {"base"};
  for (size_t i = 0; i < keys.size(); ++i) {
    const std::string& from = recipe.stages[i].from;
    if (!from.empty() && std::find(usable.begin(), usable.end(), from) == usable.end()) {
      const auto named = std::find_if(recipe.stages.begin(), recipe.stages.end(),
                                      [&](const StageConfig& s) { return s.name == from; });
      std::string why = "no stage is named " + quote_for_message(from) + did_you_mean(from, usable);
      if (named == recipe.stages.begin() + static_cast<std::ptrdiff_t>(i))
        why = "a stage cannot start from itself";
      else if (named != recipe.stages.end() && config::makes_model(*named))
        why = quote_for_message(from) + " is a later stage";
      else if (named != recipe.stages.end())
        why = quote_for_message(from) + " makes no language model";
      problems.push_back({keys[i] + ".from", why + "; it can be " + join(usable, ", ")});
    }
    if (config::makes_model(recipe.stages[i])) usable.push_back(recipe.stages[i].name);
  }
}

}  // namespace

RecipeProblems check_recipe(const Recipe& recipe) {
  RecipeProblems problems;
  config::BoundsChecker bounds("", problems);
  Recipe::fields(recipe, bounds);
  check_run_name(recipe, problems);
  if (recipe.model.empty()) problems.push_back({"model", "missing; expected a Hugging Face folder or a .gguf file"});
  if (recipe.output_dir.empty()) problems.push_back({"output_dir", "is empty; '.' is the current folder"});
  if (recipe.stages.empty()) problems.push_back({"stages", "missing; a recipe needs at least one stage"});

  const std::vector<std::string> keys = config::stage_keys(recipe.stages);
  check_stage_names(recipe, keys, problems);
  check_from(recipe, keys, problems);
  for (size_t i = 0; i < keys.size(); ++i) {
    config::BoundsChecker stage_bounds(keys[i], problems);
    StageConfig::fields(recipe.stages[i], stage_bounds);
    config::with_stage(recipe.stages[i], [&](const auto& stage) {
      stage_bounds.inline_struct(stage);
      config::check_stage(stage, keys[i], problems);
    });
  }
  return problems;
}

}  // namespace hone
