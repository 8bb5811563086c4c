#include "text/jinja/token_stream.h"

#include "base/check.h"
#include "base/text.h"

namespace hone::jinja {

const Token& TokenStream::expect(TokenKind kind) {
  if (!is(kind)) fail_expecting(describe(kind));
  return next();
}

void TokenStream::expect_op(std::string_view op) {
  if (!skip_op(op)) fail_expecting(fmt::format("'{}'", op));
}

void TokenStream::expect_name(std::string_view name) {
  if (!skip_name(name)) fail_expecting(fmt::format("'{}'", name));
}

void TokenStream::fail_expecting(const std::string& what) const {
  syntax_error(at(), fmt::format("expected {}, got {}", what, describe(current())));
}

std::string describe(TokenKind kind) {
  switch (kind) {
    case TokenKind::data:
      return "text";
    case TokenKind::print_begin:
      return "'{{'";
    case TokenKind::print_end:
      return "'}}'";
    case TokenKind::block_begin:
      return "'{%'";
    case TokenKind::block_end:
      return "'%}'";
    case TokenKind::name:
      return "a name";
    case TokenKind::text:
      return "a string";
    case TokenKind::integer:
      return "an integer";
    case TokenKind::real:
      return "a float";
    case TokenKind::op:
      return "an operator";
    case TokenKind::end:
      return "the end of the template";
  }
  return "?";
}

std::string describe(const Token& token) {
  if (token.kind == TokenKind::name || token.kind == TokenKind::op) {
    return fmt::format("{}", quote_for_message(token.text, 40));
  }
  return describe(token.kind);
}

}  // namespace hone::jinja
