// Digits of numbers in the forms that % and str.format share.
#pragma once

#include <cstdint>
#include <string>

namespace hone::jinja {

/// |number| in the style of 'e', 'f', 'g' or an upper-case one, without its sign. `alternate` keeps the point and, for
/// g, trailing zeros. Error(data) for a precision above 400.
std::string format_real(double number, char type, int64_t precision, bool alternate);

/// |number| in base 2, 8, 10 or 16.
std::string format_integer(uint64_t magnitude, int base, bool upper_case);

/// `digits` with `separator` between groups of `size` in its whole part.
std::string group_digits(const std::string& digits, char separator, size_t size);

}  // namespace hone::jinja
