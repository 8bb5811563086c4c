// Node tree -> Recipe: types, unknown keys, aliases. Bounds and rules between options are check_recipe's.
#pragma once

#include "config/node.h"
#include "config/problems.h"
#include "hone/recipe.h"

namespace hone::config {

/// Fills `recipe` and its origins; everything that does not fit is a problem, and its option keeps the default.
void read_recipe(const Node& root, Recipe& recipe, Problems& problems);

}  // namespace hone::config
