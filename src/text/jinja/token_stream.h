// The parser's view of the tokens.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/lexer.h"

namespace hone::jinja {

class TokenStream {
 public:
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& current() const { return tokens_[at_]; }
  const Token& look() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  Position at() const { return current().at; }
  bool is(TokenKind kind) const { return current().kind == kind; }
  bool is_op(std::string_view op) const { return is(TokenKind::op) && current().text == op; }
  bool is_name(std::string_view name) const { return is(TokenKind::name) && current().text == name; }

  /// Moves on and returns what stood here. The end token stays.
  const Token& next() {
    const Token& token = tokens_[at_];
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool skip_op(std::string_view op) { return is_op(op) && (next(), true); }
  bool skip_name(std::string_view name) { return is_name(name) && (next(), true); }

  const Token& expect(TokenKind kind);
  void expect_op(std::string_view op);
  void expect_name(std::string_view name);

  /// Error(format): expected X, got what stands here.
  [[noreturn]] void fail_expecting(const std::string& what) const;

 private:
  std::vector<Token> tokens_;
  size_t at_ = 0;
};

/// What a token is called in messages.
std::string describe(TokenKind kind);
std::string describe(const Token& token);

}  // namespace hone::jinja
