// Splits a template into tokens as jinja2 does with trim_blocks and lstrip_blocks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hone::jinja {

/// Where in the source, both from 1; columns count bytes.
struct Position {
  int line = 1;
  int column = 1;
};

enum class TokenKind { data, print_begin, print_end, block_begin, block_end, name, text, integer, real, op, end };

struct Token {
  TokenKind kind = TokenKind::end;
  Position at;
  std::string text;  // data, a name, an operator, or a string literal's value
  int64_t integer = 0;
  double real = 0;
};

/// The tokens of `source` with white space control applied and comments dropped; the last one is `end`.
/// Error(format) with line:column for what is no token.
std::vector<Token> tokenize(std::string_view source);

/// Throws Error(format) `line:column: message`.
[[noreturn]] void syntax_error(Position at, const std::string& message);

}  // namespace hone::jinja
