#include "reward/math/literal.h"

#include <array>
#include <cstdlib>

namespace hone::math {
namespace {

constexpr size_t kMaxDigits = 1000;
constexpr long kMaxDecimalExponent = 2000;

}  // namespace

Node number_of(const std::string& text) {
  if (text.size() > kMaxDigits) throw Unreadable{};
  std::string digits, repeating;
  long exponent = 0, fraction_digits = 0;
  bool fraction = false, in_repeating = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.') {
      fraction = true;
    } else if (c == '(' || c == ')') {
      in_repeating = c == '(';
    } else if (c == 'e') {
      exponent = std::strtol(text.c_str() + i + 1, nullptr, 10);
      break;
    } else if (in_repeating) {
      repeating += c;
    } else {
      digits += c;
      fraction_digits += fraction;
    }
  }
  if (std::abs(exponent) > kMaxDecimalExponent) throw Unreadable{};
  Node node = number(mpq_class(digits.empty() ? "0" : digits, 10));
  if (!repeating.empty()) {  // 0.(6) is 6/9
    mpz_class nines;
    mpz_ui_pow_ui(nines.get_mpz_t(), 10, repeating.size());
    mpq_class part(mpz_class(repeating, 10), nines - 1);
    part.canonicalize();
    node.value += part;
  }
  mpz_class scale;
  const long shift = exponent - fraction_digits;
  mpz_ui_pow_ui(scale.get_mpz_t(), 10, static_cast<unsigned long>(std::abs(shift)));
  node.value = shift < 0 ? mpq_class(node.value / scale) : mpq_class(node.value * scale);
  node.decimal = fraction && repeating.empty();
  return node;
}

std::optional<long> base_of(std::string_view text) {
  constexpr std::array<std::string_view, 17> kNames = {"",       "",      "two",   "three", "four",   "five",
                                                       "six",    "seven", "eight", "nine",  "ten",    "eleven",
                                                       "twelve", "",      "",      "",      "sixteen"};
  if (text.starts_with("base")) text.remove_prefix(4);
  while (text.starts_with(' ')) text.remove_prefix(1);
  for (size_t i = 2; i < kNames.size(); ++i) {
    if (!kNames[i].empty() && text == kNames[i]) return static_cast<long>(i);
  }
  if (text.empty() || text.size() > 2 || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  const long base = std::strtol(std::string(text).c_str(), nullptr, 10);
  return base >= 2 && base <= 36 ? std::optional(base) : std::nullopt;
}

}  // namespace hone::math
