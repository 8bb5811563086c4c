// Are two scalar expressions the same? Exact normal forms decide where they can; else intervals at several points: a
// box that excludes zero proves a difference, and only boxes that shrink onto zero at high precision count as equal.
#pragma once

#include <optional>

#include "reward/math/budget.h"
#include "reward/math/expression.h"

namespace hone::math {

bool equal(const Node& a, const Node& b, Budget& budget);

/// The sign of the constant c in a = c * b (everywhere); 0 if there is none. `up_to_factors`: as equations a = 0 and
/// b = 0 go, denominators may be cleared first.
int proportional(const Node& a, const Node& b, bool up_to_factors, Budget& budget);

/// -1, 0, 1 for real constants without variables; nothing if either is none.
std::optional<int> compare_constants(const Node& a, const Node& b, Budget& budget);

/// |a - b| <= tolerance * |b|, surely.
bool within(const Node& a, const Node& b, const mpq_class& tolerance, Budget& budget);

}  // namespace hone::math
