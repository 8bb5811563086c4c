// Sets of real numbers as disjoint segments in ascending order, so that (0,9) with (9,36), x < 2 or x > 3, and unions
// in any order compare as sets.
#pragma once

#include <optional>
#include <vector>

#include "reward/math/budget.h"
#include "reward/math/expression.h"

namespace hone::math {

struct Endpoint {
  int infinite = 0;  // -1, 1: the infinities
  Node value;
};

struct Segment {
  Endpoint low, high;
  bool low_open = false, high_open = false;
};

using RealSet = std::vector<Segment>;

/// From intervals, finite sets, unions, intersections, differences, R and inequalities whose one side is the variable.
/// Nothing for anything else, or where ends cannot be ordered.
std::optional<RealSet> real_set(const Node& node, Budget& budget);

bool same_set(const RealSet& a, const RealSet& b, Budget& budget);

}  // namespace hone::math
