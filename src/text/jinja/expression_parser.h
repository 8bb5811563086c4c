// The expression half of the parser: jinja2's precedence, from `x if y else z` down to literals.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

#include "text/jinja/ast.h"
#include "text/jinja/token_stream.h"

namespace hone::jinja {

class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& tokens) : tokens_(tokens) {}

  ExprPtr expression();
  ExprPtr expression_without_condition();  // no inline if at the top: `for x in y if z`
  /// One expression, or a tuple without parentheses.
  ExprPtr tuple(bool with_condition);
  /// A chain of filters behind a block's tag; its innermost input is null.
  ExprPtr block_filters(bool first_pipe_written);

  /// Counts nesting while alive; Error(format) past the limit, long before the C++ stack ends.
  class Nesting {
   public:
    explicit Nesting(ExpressionParser& parser);
    ~Nesting() { --parser_.nesting_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    ExpressionParser& parser_;
  };

 private:
  template <class Node>
  ExprPtr make(Position at, Node node, std::initializer_list<const Expr*> children);
  void deepen(Expr& parent, const Expr* child);

  ExprPtr conditional();
  ExprPtr disjunction();
  ExprPtr conjunction();
  ExprPtr negation();
  ExprPtr comparison();
  ExprPtr sum();
  ExprPtr concatenation();
  ExprPtr product();
  ExprPtr power();
  ExprPtr unary(bool with_filters);
  ExprPtr primary();
  ExprPtr parenthesized();
  ExprPtr list();
  ExprPtr dict();
  ExprPtr postfix(ExprPtr expr);
  ExprPtr filters_and_tests(ExprPtr expr);
  ExprPtr subscript(ExprPtr object);
  ExprPtr slice(Position at, ExprPtr object, ExprPtr start);
  ExprPtr call(ExprPtr callee);
  ExprPtr filter(ExprPtr input);
  ExprPtr test(ExprPtr input);
  CallArgs call_args(Expr& parent);
  std::string dotted_name();

  TokenStream& tokens_;
  int nesting_ = 0;
};

}  // namespace hone::jinja
