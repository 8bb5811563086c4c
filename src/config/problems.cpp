#include "config/problems.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "config/node.h"

namespace hone {
namespace {

/// Where `key` or the nearest enclosing key was written.
SourcePosition find_position(const Recipe& recipe, std::string_view key) {
  for (;;) {
    if (const auto found = recipe.origins.find(key); found != recipe.origins.end()) return found->second;
    if (key.empty()) return {};
    const size_t dot = key.rfind('.');
    key = dot == std::string_view::npos ? std::string_view{} : key.substr(0, dot);
  }
}

/// The recipe itself has the key "".
bool is_inside(std::string_view key, std::string_view outer) {
  if (outer.empty()) return true;
  return key.size() >= outer.size() && key.substr(0, outer.size()) == outer &&
         (key.size() == outer.size() || key[outer.size()] == '.');
}

}  // namespace

std::string recipe_position(const Recipe& recipe, std::string_view key) {
  return config::to_string(find_position(recipe, key));
}

namespace config {

void Problems::add(const SourcePosition& position, std::string message) {
  list_.push_back({position, std::move(message)});
}

bool Problems::is_unknown(std::string_view key) const {
  return std::any_of(unknown_.begin(), unknown_.end(),
                     [&](const std::string& u) { return is_inside(key, u) || (!key.empty() && is_inside(u, key)); });
}

void Problems::add_checked(const Recipe& recipe, const RecipeProblems& found) {
  for (const RecipeProblem& problem : found) {
    const auto unknown = [&](const std::string& key) { return is_unknown(key); };
    if (unknown(problem.key) || std::any_of(problem.because.begin(), problem.because.end(), unknown)) continue;
    add(find_position(recipe, problem.key),
        problem.key.empty() ? problem.message : problem.key + ": " + problem.message);
  }
}

void Problems::throw_if_any() const {
  if (list_.empty()) return;
  constexpr size_t kShown = 50;
  std::vector<Item> sorted = list_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Item& a, const Item& b) {
    // Overrides have line 0 and come last: what stands in the file is fixed first.
    return std::tuple(a.position.line == 0, a.position.line, a.position.column) <
           std::tuple(b.position.line == 0, b.position.line, b.position.column);
  });
  std::string text;
  for (size_t i = 0; i < std::min(sorted.size(), kShown); ++i) {
    const std::string where = to_string(sorted[i].position);
    text += (i > 0 ? "\n" : "") + where + (where.empty() ? "" : ": ") + sorted[i].message;
  }
  if (sorted.size() > kShown) text += fmt::format("\nand {} more problems", sorted.size() - kShown);
  throw Error(ErrorKind::recipe, text);
}

}  // namespace config
}  // namespace hone
