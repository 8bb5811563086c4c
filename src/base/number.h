// Numbers as people and models write them, held exactly: no binary fraction ever decides whether an answer is right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hone {

/// digits * 10^exponent, with no zero at either end of `digits`; zero is "" * 10^0.
struct Decimal {
  std::string digits;
  int64_t exponent = 0;
  bool operator==(const Decimal&) const = default;
};

/// numerator / denominator, as written. `percent` records a trailing percent sign, which is not divided out.
struct Number {
  bool negative = false;
  Decimal numerator;
  Decimal denominator{"1", 0};  // never zero
  bool percent = false;
};

/// Reads the whole text as one number, white space around it ignored: 12  -12  +12  1,234  1,234.50  .5  5.  1.2e-3
/// 3/4  \frac{3}{4}  with a currency sign before ($ £ € ¥ ₹, also \$) or a percent sign (% or \%) after, Unicode minus,
/// and TeX spacing between digit groups (1{,}234 and 1\,234). Commas must group by threes; a part of a fraction has at
/// most 1000 digits, an exponent at most 9. Linear in the text. Nothing for words, units, mixed numbers, nan, inf.
std::optional<Number> parse_number(std::string_view text);

/// Equal as numbers: 1/2 = 0.50 = 5e-1 = 50/100. `percent` is not looked at.
bool equal_value(const Number& a, const Number& b);

/// equal_value, or equal after reading the percent sign of one side as a division by 100 where the other side has none.
bool equal_answer(const Number& a, const Number& b);

/// A number inside running text and where it stands.
struct FoundNumber {
  Number value;
  size_t begin = 0, end = 0;
};

/// The next number at or after byte `from`. A sign belongs to it unless it follows a word, a digit or a closing bracket
/// (5-3 holds 5 and 3); digits inside a word (x2, H2O) are no number, letters after one (5km) are a unit.
std::optional<FoundNumber> find_number(std::string_view text, size_t from = 0);

}  // namespace hone
