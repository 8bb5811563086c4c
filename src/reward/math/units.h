// Units that are stated on both sides.
#pragma once

#include <optional>

#include "reward/math/expression.h"

namespace hone::math {

/// What to multiply the answer by to have it in the gold answer's unit, where both name units of one kind, but
/// different ones: 5 cm and 5 m, 50 cents and 0.5 dollars.
std::optional<mpq_class> unit_ratio(const Node& gold, const Node& answer);

}  // namespace hone::math
