// Numbers as the lexer writes them, and names of number bases.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reward/math/expression.h"

namespace hone::math {

struct Unreadable {};  // thrown where text is no mathematics

/// 12  1.5  0.1(6)  1.2e-3 as an exact value. Unreadable for more than 1000 digits or an exponent beyond 2000.
Node number_of(const std::string& text);

/// A base written as a number, a word or "base 8".
std::optional<long> base_of(std::string_view text);

}  // namespace hone::math
