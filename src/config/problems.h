// Everything found wrong with a recipe, collected so that a person fixes it in one go.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hone/recipe.h"

namespace hone::config {

class Problems {
 public:
  void add(const SourcePosition& position, std::string message);
  bool empty() const { return list_.empty(); }

  /// Notes that what `key` should hold is not known, so that nothing is concluded from its default.
  void mark_unknown(std::string key) { unknown_.insert(std::move(key)); }
  /// Whether `key`, something in it or something around it is not known.
  bool is_unknown(std::string_view key) const;

  /// Adds what a check found, at the places that the recipe's keys were written at.
  void add_checked(const Recipe& recipe, const RecipeProblems& found);

  /// Throws Error(recipe), one line a problem in the order of the file, if there is any.
  void throw_if_any() const;

 private:
  struct Item {
    SourcePosition position;
    std::string message;
  };
  std::vector<Item> list_;
  std::set<std::string, std::less<>> unknown_;
};

}  // namespace hone::config
