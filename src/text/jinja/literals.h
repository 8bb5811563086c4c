// Number and string literals, shared by the lexer and by int() and float().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hone::jinja {

struct NumberLiteral {
  size_t length = 0;
  bool is_real = false;
  bool overflow = false;  // an integer beyond 64 bits
  int64_t integer = 0;
  double real = 0;
};

/// The number that `text`, which begins with a digit, starts with: decimal, 0x, 0o, 0b with single underscores, or a
/// float unless `allow_real` is false.
NumberLiteral scan_number(std::string_view text, bool allow_real);

/// A Python string literal's inside without its escapes. `problem` says what is wrong with a malformed one.
std::string unescape(std::string_view literal, std::string& problem);

/// int(text, base): white space around, a sign and single underscores allowed. nullopt where Python raises ValueError;
/// Error(data) for one beyond 64 bits.
std::optional<int64_t> parse_integer(std::string_view text, int base);

/// float(text): also inf and nan. nullopt where Python raises ValueError.
std::optional<double> parse_real(std::string_view text);

}  // namespace hone::jinja
