// The value of an expression at a point, as a box that surely holds it.
#pragma once

#include <map>
#include <string>

#include "reward/math/budget.h"
#include "reward/math/expression.h"
#include "reward/math/interval.h"

namespace hone::math {

struct Point {
  std::map<std::string, mpq_class> values;  // of every variable
  mpfr_prec_t precision = 128;              // bits
  bool real = false;                        // a part that is not real makes the whole undefined
};

/// Throws Undefined where there is no value, or none that can be computed.
Box evaluate(const Node& node, const Point& point, Budget& budget);

}  // namespace hone::math
