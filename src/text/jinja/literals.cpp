#include "text/jinja/literals.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "text/jinja/unicode.h"

namespace hone::jinja {
namespace {

bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }

int digit_value(char c) {
  if (is_ascii_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 99;
}

// Length of `(_?digit)*` at `from`.
size_t scan_digits(std::string_view text, size_t from, int base) {
  size_t at = from;
  while (at < text.size()) {
    const size_t digit = at + (text[at] == '_');
    if (digit >= text.size() || digit_value(text[digit]) >= base) break;
    at = digit + 1;
  }
  return at - from;
}

std::string without_underscores(std::string_view text) {
  std::string out(text);
  std::erase(out, '_');
  return out;
}

// Length of `(\d+_)*\d+` at `from`, 0 if there is none.
size_t scan_decimal(std::string_view text, size_t from) {
  return from < text.size() && is_ascii_digit(text[from]) ? scan_digits(text, from, 10) : 0;
}

// Length of a float at the start, 0 if what stands there is none.
size_t scan_real(std::string_view text) {
  const size_t whole = scan_decimal(text, 0);
  size_t end = whole;
  if (end < text.size() && text[end] == '.') {
    const size_t fraction = scan_decimal(text, end + 1);
    if (fraction > 0) end += 1 + fraction;
  }
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    const size_t sign = end + 1 < text.size() && (text[end + 1] == '+' || text[end + 1] == '-');
    const size_t exponent = scan_decimal(text, end + 1 + sign);
    if (exponent > 0) return end + 1 + sign + exponent;
  }
  return end > whole ? end : 0;
}

double to_real(std::string_view digits) {
  double value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec == std::errc::result_out_of_range) value = std::strtod(std::string(digits).c_str(), nullptr);
  return value;
}

struct Digits {
  int64_t value = 0;
  bool overflow = false;
};
Digits read_digits(std::string_view digits, int base, bool negative) {
  Digits out;
  for (char c : digits) {
    if (c == '_') continue;
    const int digit = negative ? -digit_value(c) : digit_value(c);
    if (__builtin_mul_overflow(out.value, static_cast<int64_t>(base), &out.value) ||
        __builtin_add_overflow(out.value, static_cast<int64_t>(digit), &out.value)) {
      out.overflow = true;
      return out;
    }
  }
  return out;
}

// Prefix 0x, 0o or 0b.
int base_of_prefix(std::string_view text) {
  if (text.size() < 2 || text[0] != '0') return 0;
  switch (text[1] | 0x20) {
    case 'x':
      return 16;
    case 'o':
      return 8;
    case 'b':
      return 2;
    default:
      return 0;
  }
}

}  // namespace

NumberLiteral scan_number(std::string_view text, bool allow_real) {
  NumberLiteral out;
  if (allow_real) {
    if (const size_t length = scan_real(text); length > 0) {
      out.length = length;
      out.is_real = true;
      out.real = to_real(without_underscores(text.substr(0, length)));
      return out;
    }
  }
  const int prefix = base_of_prefix(text);
  const size_t prefixed = prefix == 0 ? 0 : scan_digits(text, 2, prefix);
  Digits digits;
  if (prefixed > 0) {
    out.length = 2 + prefixed;
    digits = read_digits(text.substr(2, prefixed), prefix, false);
  } else {
    const int base = text[0] == '0' ? 1 : 10;  // a decimal does not begin with 0: 007 is 00 and 7
    out.length = 1 + scan_digits(text, 1, base);
    digits = read_digits(text.substr(0, out.length), 10, false);
  }
  out.integer = digits.value;
  out.overflow = digits.overflow;
  return out;
}

std::string unescape(std::string_view literal, std::string& problem) {
  static constexpr std::string_view kNames = "\\'\"abfnrtv", kValues = "\\'\"\a\b\f\n\r\t\v";
  std::string out;
  out.reserve(literal.size());
  const auto append_code = [&](char32_t code) {
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
      problem = "escape of a character that UTF-8 cannot hold";
    else
      append_utf8(out, code);
  };
  for (size_t i = 0; i < literal.size(); ++i) {
    if (literal[i] != '\\') {
      out.push_back(literal[i]);
      continue;
    }
    const char c = literal[++i];  // the lexer let no lone backslash end a literal
    if (const size_t known = kNames.find(c); known != std::string_view::npos) {
      out.push_back(kValues[known]);
    } else if (c == '\n') {
      continue;
    } else if (c >= '0' && c <= '7') {
      size_t end = i;
      while (end < literal.size() && end < i + 3 && literal[end] >= '0' && literal[end] <= '7') ++end;
      append_code(static_cast<char32_t>(read_digits(literal.substr(i, end - i), 8, false).value));
      i = end - 1;
    } else if (c == 'x' || c == 'u' || c == 'U') {
      const size_t count = c == 'x' ? 2 : c == 'u' ? 4 : 8;
      const std::string_view digits = literal.substr(i + 1, count);
      if (digits.size() < count ||
          std::any_of(digits.begin(), digits.end(), [](char d) { return digit_value(d) >= 16; })) {
        problem = fmt::format("truncated \\{} escape", c);
        return out;
      }
      append_code(static_cast<char32_t>(read_digits(digits, 16, false).value));
      i += count;
    } else if (c == 'N') {
      problem = "\\N escapes (characters by name) are not supported";
      return out;
    } else {
      out.push_back('\\');
      out.push_back(c);
    }
  }
  return out;
}

std::optional<int64_t> parse_integer(std::string_view text, int base) {
  text = strip_right(strip_left(text, nullptr), nullptr);
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) negative = text[0] == '-', text.remove_prefix(1);
  const int prefix = base_of_prefix(text);
  const bool prefixed = prefix != 0 && (base == 0 || base == prefix);
  if (prefixed) {
    text.remove_prefix(2);
    if (text.starts_with('_')) text.remove_prefix(1);
  }
  const int radix = base != 0 ? base : prefixed ? prefix : 10;
  if (text.empty() || text[0] == '_' || scan_digits(text, 0, radix) != text.size()) return std::nullopt;
  if (base == 0 && !prefixed && text.size() > 1 && text[0] == '0' &&
      text.find_first_not_of("0_") != std::string_view::npos) {
    return std::nullopt;
  }
  const Digits digits = read_digits(text, radix, negative);
  HONE_CHECK(!digits.overflow, ErrorKind::data, "integer beyond 64 bits");
  return digits.value;
}

std::optional<double> parse_real(std::string_view text) {
  text = strip_right(strip_left(text, nullptr), nullptr);
  double sign = 1;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) sign = text[0] == '-' ? -1 : 1, text.remove_prefix(1);
  const std::string word = lower(text);
  if (word == "inf" || word == "infinity") return sign * std::numeric_limits<double>::infinity();
  if (word == "nan") return sign * std::numeric_limits<double>::quiet_NaN();
  const size_t whole = scan_decimal(text, 0);
  size_t end = whole;
  size_t fraction = 0;
  if (end < text.size() && text[end] == '.') {
    fraction = scan_decimal(text, end + 1);
    end += 1 + fraction;
  }
  if (whole + fraction == 0) return std::nullopt;
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    const size_t signed_by = end + 1 < text.size() && (text[end + 1] == '+' || text[end + 1] == '-');
    const size_t exponent = scan_decimal(text, end + 1 + signed_by);
    if (exponent == 0) return std::nullopt;
    end += 1 + signed_by + exponent;
  }
  if (end != text.size()) return std::nullopt;
  return sign * to_real(without_underscores(text));
}

}  // namespace hone::jinja
