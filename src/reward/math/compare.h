// Are two answers the same? docs/rewards.md states the rules.
#pragma once

#include "reward/math/budget.h"
#include "reward/math/expression.h"

namespace hone::math {

/// `tolerance`: relative error that is let pass where one of the two is written as a decimal number; 0: none. Throws
/// OutOfSteps.
bool same_answer(const Node& gold, const Node& answer, const mpq_class& tolerance, Budget& budget);

}  // namespace hone::math
