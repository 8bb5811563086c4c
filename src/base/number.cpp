#include "base/number.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace hone {
namespace {

constexpr size_t kMaxFractionDigits = 1000;  // bounds the one product that is not linear
constexpr std::array<std::string_view, 6> kCurrency = {"\\$", "$", "£", "€", "¥", "₹"};
constexpr std::array<std::string_view, 3> kMinus = {"-", "\u2212", "\u2013"};
constexpr std::array<std::string_view, 2> kTexSeparators = {"{,}", "\\,"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

template <size_t N>
size_t starts_with_any(std::string_view text, const std::array<std::string_view, N>& candidates) {
  for (const std::string_view c : candidates) {
    if (text.starts_with(c)) return c.size();
  }
  return 0;
}

/// A cursor over the text of one number.
struct Scanner {
  std::string_view text;
  size_t at = 0;

  std::string_view rest() const { return text.substr(at); }
  bool take(std::string_view expected) {
    if (!rest().starts_with(expected)) return false;
    at += expected.size();
    return true;
  }
  char peek(size_t ahead = 0) const { return at + ahead < text.size() ? text[at + ahead] : '\0'; }
  void skip_spaces() {
    while (peek() == ' ') ++at;
  }
  size_t count_digits(size_t from) const {
    size_t n = 0;
    while (from + n < text.size() && is_digit(text[from + n])) ++n;
    return n;
  }

  /// Digits with optional groups of three: 1234 or 1,234,567. A comma that groups badly is left standing.
  std::string take_whole() {
    std::string digits;
    size_t run = count_digits(at);
    digits.append(rest().substr(0, run));
    at += run;
    if (run == 0 || run > 3 || digits[0] == '0') return digits;  // 0,123 is a decimal comma
    while (true) {
      const size_t separator = peek() == ',' ? 1 : starts_with_any(rest(), kTexSeparators);
      if (separator == 0 || count_digits(at + separator) != 3) return digits;
      digits.append(text.substr(at + separator, 3));
      at += separator + 3;
    }
  }

  /// [whole][.fraction][e[sign]digits]
  std::optional<Decimal> take_decimal(bool allow_exponent) {
    const size_t start = at;
    std::string digits = take_whole();
    const bool has_whole = !digits.empty();
    int64_t exponent = 0;
    if (peek() == '.') {
      const size_t run = count_digits(at + 1);
      // "5." is a number at the end of a sentence; the point is taken only where the caller expects nothing more.
      if (run > 0) {
        digits.append(text.substr(at + 1, run));
        exponent = -static_cast<int64_t>(run);
        at += 1 + run;
      } else if (!has_whole) {
        return at = start, std::nullopt;
      }
    }
    if (digits.empty()) return at = start, std::nullopt;
    if (allow_exponent && (peek() == 'e' || peek() == 'E')) {
      const size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      const size_t run = count_digits(at + 1 + sign);
      if (run > 0 && run <= 9 && !is_letter(peek(1 + sign + run))) {
        int64_t value = 0;
        for (size_t i = 0; i < run; ++i) value = value * 10 + (text[at + 1 + sign + i] - '0');
        exponent += peek(1) == '-' ? -value : value;
        at += 1 + sign + run;
      }
    }
    const size_t last = digits.find_last_not_of('0');
    if (last == std::string::npos) return Decimal{};
    exponent += static_cast<int64_t>(digits.size() - 1 - last);
    digits.resize(last + 1);
    digits.erase(0, digits.find_first_not_of('0'));
    return Decimal{std::move(digits), exponent};
  }

  /// {digits}, or one bare digit as in \frac12
  std::optional<Decimal> take_tex_argument() {
    if (is_digit(peek())) {
      Scanner one{text.substr(0, at + 1), at};
      ++at;
      return one.take_decimal(false);
    }
    if (!take("{")) return std::nullopt;
    const auto value = take_decimal(false);
    return value && take("}") ? value : std::nullopt;
  }

  /// An unsigned number: decimal, a/b or \frac{a}{b}.
  std::optional<Number> take_unsigned() {
    Number number;
    const auto set_fraction = [&](const std::optional<Decimal>& above, const std::optional<Decimal>& below) {
      if (!above || !below || below->digits.empty()) return false;
      if (std::max(above->digits.size(), below->digits.size()) > kMaxFractionDigits) return false;
      number.numerator = *above, number.denominator = *below;
      return true;
    };
    if (take("\\frac") || take("\\dfrac") || take("\\tfrac")) {
      const auto above = take_tex_argument();
      const auto below = take_tex_argument();
      if (!set_fraction(above, below)) return std::nullopt;
      return number;
    }
    const auto value = take_decimal(true);
    if (!value) return std::nullopt;
    number.numerator = *value;
    const size_t before_slash = at;
    if (take("/")) {
      if (!set_fraction(value, take_decimal(false))) at = before_slash;
    }
    return number;
  }

  /// [sign][currency][sign] unsigned [percent]
  std::optional<Number> take_number() {
    const size_t start = at;
    bool negative = false;
    const auto take_sign = [&] {
      const size_t minus = starts_with_any(rest(), kMinus);
      const size_t size = minus > 0 ? minus : (peek() == '+' ? 1 : 0);
      at += size;
      negative = minus > 0;
      return size > 0;
    };
    const bool has_sign = take_sign();
    if (const size_t currency = starts_with_any(rest(), kCurrency); currency > 0) {
      at += currency;
      skip_spaces();
      if (!has_sign) take_sign();
    }
    auto number = take_unsigned();
    if (!number) return at = start, std::nullopt;
    number->negative = negative && !number->numerator.digits.empty();
    const size_t before_percent = at;
    skip_spaces();
    number->percent = take("\\%") || take("%");
    if (!number->percent) at = before_percent;
    return number;
  }
};

/// Schoolbook product, digit by digit; kMaxFractionDigits bounds the operands.
Decimal multiply(const Decimal& a, const Decimal& b) {
  if (a.digits.empty() || b.digits.empty()) return {};
  if (b.digits == "1") return {a.digits, a.exponent + b.exponent};
  if (a.digits == "1") return {b.digits, a.exponent + b.exponent};
  std::vector<uint32_t> sum(a.digits.size() + b.digits.size(), 0);  // least significant first
  for (size_t i = 0; i < a.digits.size(); ++i) {
    const auto x = static_cast<uint32_t>(a.digits[a.digits.size() - 1 - i] - '0');
    for (size_t j = 0; j < b.digits.size(); ++j) {
      sum[i + j] += x * static_cast<uint32_t>(b.digits[b.digits.size() - 1 - j] - '0');
    }
  }
  for (size_t i = 0; i + 1 < sum.size(); ++i) sum[i + 1] += sum[i] / 10, sum[i] %= 10;
  size_t low = 0, high = sum.size();
  while (sum[low] == 0) ++low;
  while (sum[high - 1] == 0) --high;
  Decimal product{"", a.exponent + b.exponent + static_cast<int64_t>(low)};
  for (size_t i = high; i > low; --i) product.digits += static_cast<char>('0' + sum[i - 1]);
  return product;
}

bool short_enough(const Number& n) {
  return std::max(n.numerator.digits.size(), n.denominator.digits.size()) <= kMaxFractionDigits;
}

}  // namespace

std::optional<Number> parse_number(std::string_view text) {
  Scanner scanner{trim(text)};
  const auto number = scanner.take_number();
  if (number && scanner.peek() == '.') ++scanner.at;  // full stop
  return number && scanner.at == scanner.text.size() ? number : std::nullopt;
}

bool equal_value(const Number& a, const Number& b) {
  if (a.negative != b.negative) return false;
  if (a.denominator == b.denominator) return a.numerator == b.numerator;
  if (!short_enough(a) || !short_enough(b)) return false;
  return multiply(a.numerator, b.denominator) == multiply(b.numerator, a.denominator);
}

bool equal_answer(const Number& a, const Number& b) {
  if (equal_value(a, b)) return true;
  if (a.percent == b.percent) return false;
  Number hundredth = a.percent ? a : b;
  if (!hundredth.numerator.digits.empty()) hundredth.numerator.exponent -= 2;
  return equal_value(hundredth, a.percent ? b : a);
}

std::optional<FoundNumber> find_number(std::string_view text, size_t from) {
  const auto before = [&](size_t i) { return i > 0 ? text[i - 1] : ' '; };
  size_t i = from;
  while (i < text.size()) {
    const char c = text[i];
    if (is_letter(c)) {  // a word with the digits inside it, or a TeX command, whose name holds none
      const bool tex = before(i) == '\\';
      while (i < text.size() && (is_letter(text[i]) || (!tex && is_digit(text[i])))) ++i;
      continue;
    }
    if (c == '.' && is_digit(before(i))) {  // 1.2.3
      ++i;
      continue;
    }
    const size_t minus = starts_with_any(text.substr(i), kMinus);
    const bool sign = minus > 0 || c == '+';
    const char previous = before(i);
    const bool binary = sign && (is_letter(previous) || is_digit(previous) || previous == ')' || previous == ']' ||
                                 previous == '}' || previous == '%');
    Scanner scanner{text, i};
    if (const auto number = binary ? std::nullopt : scanner.take_number()) return FoundNumber{*number, i, scanner.at};
    i += c == '\\' && i + 1 < text.size() && !is_letter(text[i + 1]) ? 2 : std::max<size_t>(minus, 1);
  }
  return std::nullopt;
}

}  // namespace hone
