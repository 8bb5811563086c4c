// Evaluates a model's arithmetic expression exactly and safely: no eval, no floating point, bounded depth.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hone {

/// A reduced fraction; the denominator is positive.
struct Rational {
  __int128 numerator = 0;
  __int128 denominator = 1;
  bool is_integer(int64_t value) const { return denominator == 1 && numerator == value; }
};

struct Expression {
  std::optional<Rational> value;   // nothing on division by zero or past 128 bits
  std::vector<int64_t> numbers;    // every number written in it, in order
  std::optional<int64_t> claimed;  // what stands after "=", if anything does
};

/// Reads whole numbers, + - * / and parentheses, with the spellings x × · ÷ − \times \cdot \div, a sign before an
/// operand, \frac{}{}, TeX spaces and \left \right, and one "= number" at the end. Nothing if the text is anything
/// else, longer than 1000 bytes or nested more than 64 deep.
std::optional<Expression> parse_expression(std::string_view text);

}  // namespace hone
