// What changed between two resolved recipes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace hone {

struct RecipeChange {
  std::string key;                       // dotted, stages by name: "stages.rl.beta"
  std::optional<nlohmann::json> before;  // nothing: the key is new
  std::optional<nlohmann::json> after;   // nothing: the key is gone
};

/// Every leaf that differs between two results of recipe_to_json, in key order. `prefix` keeps one subtree:
/// "stages.rl". Lists are compared as a whole, except those of records with unique names (stages, rewards), which are
/// matched by name.
std::vector<RecipeChange> recipe_diff(const nlohmann::json& before, const nlohmann::json& after,
                                      std::string_view prefix = "");

/// "stages.rl.beta: 0.0 -> 0.1", in one line.
std::string to_string(const RecipeChange& change);

}  // namespace hone
