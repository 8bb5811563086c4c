#include "text/jinja/expression_parser.h"

#include <algorithm>
#include <optional>

#include "base/check.h"

namespace hone::jinja {
namespace {

constexpr int kMaxNesting = 120;  // open brackets and blocks around a token
constexpr int kMaxDepth = 300;    // of an expression tree, such as a + b + c + ...

struct OpName {
  std::string_view text;
  BinaryOp op;
};
constexpr OpName kSums[] = {{"+", BinaryOp::add}, {"-", BinaryOp::subtract}};
constexpr OpName kProducts[] = {
    {"*", BinaryOp::multiply}, {"/", BinaryOp::divide}, {"//", BinaryOp::floor_divide}, {"%", BinaryOp::modulo}};
constexpr std::pair<std::string_view, CompareOp> kComparisons[] = {{"==", CompareOp::eq}, {"!=", CompareOp::ne},
                                                                   {"<", CompareOp::lt},  {"<=", CompareOp::le},
                                                                   {">", CompareOp::gt},  {">=", CompareOp::ge}};

template <class Table>
std::optional<BinaryOp> operator_at(const TokenStream& tokens, const Table& table) {
  for (const OpName& row : table) {
    if (tokens.is_op(row.text)) return row.op;
  }
  return std::nullopt;
}

std::optional<CompareOp> take_comparison(TokenStream& tokens) {
  for (const auto& [text, op] : kComparisons) {
    if (tokens.skip_op(text)) return op;
  }
  if (tokens.skip_name("in")) return CompareOp::in;
  if (tokens.is_name("not") && tokens.look().kind == TokenKind::name && tokens.look().text == "in") {
    tokens.next();
    tokens.next();
    return CompareOp::not_in;
  }
  return std::nullopt;
}

}  // namespace

ExpressionParser::Nesting::Nesting(ExpressionParser& parser) : parser_(parser) {
  if (parser_.nesting_ >= kMaxNesting) {
    syntax_error(parser_.tokens_.at(), fmt::format("nested more than {} deep", kMaxNesting));
  }
  ++parser_.nesting_;
}

void ExpressionParser::deepen(Expr& parent, const Expr* child) {
  if (child == nullptr) return;
  parent.depth = std::max(parent.depth, child->depth + 1);
  if (parent.depth > kMaxDepth) {
    syntax_error(parent.at, fmt::format("expression of more than {} operations in a chain", kMaxDepth));
  }
}

template <class Node>
ExprPtr ExpressionParser::make(Position at, Node node, std::initializer_list<const Expr*> children) {
  auto expr = std::make_unique<Expr>();
  expr->at = at;
  for (const Expr* child : children) deepen(*expr, child);
  expr->node = std::move(node);
  return expr;
}

ExprPtr ExpressionParser::expression() { return conditional(); }

ExprPtr ExpressionParser::expression_without_condition() { return disjunction(); }

ExprPtr ExpressionParser::tuple(bool with_condition) {
  const Position at = tokens_.at();
  ExprList items;
  bool is_tuple = false;
  while (true) {
    if (!items.empty()) tokens_.expect_op(",");
    if (tokens_.is(TokenKind::print_end) || tokens_.is(TokenKind::block_end) || tokens_.is_op(")")) break;
    items.push_back(with_condition ? expression() : expression_without_condition());
    if (!tokens_.is_op(",")) break;
    is_tuple = true;
  }
  if (!is_tuple) {
    if (items.empty()) tokens_.fail_expecting("an expression");
    return std::move(items.front());
  }
  auto made = make(at, Literal{}, {});
  for (const ExprPtr& item : items) deepen(*made, item.get());
  made->node = SequenceLiteral{std::move(items), true};
  return made;
}

ExprPtr ExpressionParser::conditional() {
  const Nesting nesting(*this);
  const Position at = tokens_.at();
  ExprPtr value = disjunction();
  while (tokens_.skip_name("if")) {
    ExprPtr test = disjunction();
    ExprPtr no = tokens_.skip_name("else") ? conditional() : nullptr;
    const Expr *t = test.get(), *y = value.get(), *n = no.get();
    value = make(at, Conditional{std::move(test), std::move(value), std::move(no)}, {t, y, n});
  }
  return value;
}

ExprPtr ExpressionParser::disjunction() {
  const Position at = tokens_.at();
  ExprPtr left = conjunction();
  while (tokens_.skip_name("or")) {
    ExprPtr right = conjunction();
    const Expr *l = left.get(), *r = right.get();
    left = make(at, Logical{false, std::move(left), std::move(right)}, {l, r});
  }
  return left;
}

ExprPtr ExpressionParser::conjunction() {
  const Position at = tokens_.at();
  ExprPtr left = negation();
  while (tokens_.skip_name("and")) {
    ExprPtr right = negation();
    const Expr *l = left.get(), *r = right.get();
    left = make(at, Logical{true, std::move(left), std::move(right)}, {l, r});
  }
  return left;
}

ExprPtr ExpressionParser::negation() {
  if (!tokens_.is_name("not")) return comparison();
  const Nesting nesting(*this);
  const Position at = tokens_.next().at;
  ExprPtr operand = negation();
  const Expr* child = operand.get();
  return make(at, Unary{UnaryOp::logical_not, std::move(operand)}, {child});
}

ExprPtr ExpressionParser::comparison() {
  const Position at = tokens_.at();
  ExprPtr first = sum();
  std::vector<std::pair<CompareOp, ExprPtr>> rest;
  while (const auto op = take_comparison(tokens_)) rest.emplace_back(*op, sum());
  if (rest.empty()) return first;
  auto made = make(at, Literal{}, {first.get()});
  for (const auto& [op, operand] : rest) deepen(*made, operand.get());
  made->node = Compare{std::move(first), std::move(rest)};
  return made;
}

ExprPtr ExpressionParser::sum() {
  const Position at = tokens_.at();
  ExprPtr left = concatenation();
  while (const auto op = operator_at(tokens_, kSums)) {
    tokens_.next();
    ExprPtr right = concatenation();
    const Expr *l = left.get(), *r = right.get();
    left = make(at, Binary{*op, std::move(left), std::move(right)}, {l, r});
  }
  return left;
}

ExprPtr ExpressionParser::concatenation() {
  const Position at = tokens_.at();
  ExprPtr first = product();
  if (!tokens_.is_op("~")) return first;
  auto made = make(at, Literal{}, {first.get()});
  Concat concat;
  concat.parts.push_back(std::move(first));
  while (tokens_.skip_op("~")) {
    concat.parts.push_back(product());
    deepen(*made, concat.parts.back().get());
  }
  made->node = std::move(concat);
  return made;
}

ExprPtr ExpressionParser::product() {
  const Position at = tokens_.at();
  ExprPtr left = power();
  while (const auto op = operator_at(tokens_, kProducts)) {
    tokens_.next();
    ExprPtr right = power();
    const Expr *l = left.get(), *r = right.get();
    left = make(at, Binary{*op, std::move(left), std::move(right)}, {l, r});
  }
  return left;
}

ExprPtr ExpressionParser::power() {  // left-associative in jinja2, unlike Python
  const Position at = tokens_.at();
  ExprPtr left = unary(true);
  while (tokens_.skip_op("**")) {
    ExprPtr right = unary(true);
    const Expr *l = left.get(), *r = right.get();
    left = make(at, Binary{BinaryOp::power, std::move(left), std::move(right)}, {l, r});
  }
  return left;
}

ExprPtr ExpressionParser::unary(bool with_filters) {
  const Nesting nesting(*this);
  const Position at = tokens_.at();
  ExprPtr expr;
  if (tokens_.is_op("-") || tokens_.is_op("+")) {
    const UnaryOp op = tokens_.next().text == "-" ? UnaryOp::negate : UnaryOp::plus;
    ExprPtr operand = unary(false);
    const Expr* child = operand.get();
    expr = make(at, Unary{op, std::move(operand)}, {child});
  } else {
    expr = primary();
  }
  expr = postfix(std::move(expr));
  return with_filters ? filters_and_tests(std::move(expr)) : std::move(expr);
}

ExprPtr ExpressionParser::primary() {
  const Token& token = tokens_.current();
  const Position at = token.at;
  switch (token.kind) {
    case TokenKind::name: {
      const std::string& name = tokens_.next().text;
      if (name == "true" || name == "True") return make(at, Literal{Value(true)}, {});
      if (name == "false" || name == "False") return make(at, Literal{Value(false)}, {});
      if (name == "none" || name == "None") return make(at, Literal{Value(None{})}, {});
      return make(at, Name{name}, {});
    }
    case TokenKind::text: {
      std::string text;
      while (tokens_.is(TokenKind::text)) text += tokens_.next().text;  // adjacent literals join
      return make(at, Literal{Value::text(std::move(text))}, {});
    }
    case TokenKind::integer:
      return make(at, Literal{Value(tokens_.next().integer)}, {});
    case TokenKind::real:
      return make(at, Literal{Value(tokens_.next().real)}, {});
    default:
      break;
  }
  if (tokens_.is_op("(")) return parenthesized();
  if (tokens_.is_op("[")) return list();
  if (tokens_.is_op("{")) return dict();
  tokens_.fail_expecting("an expression");
}

ExprPtr ExpressionParser::parenthesized() {
  const Position at = tokens_.next().at;
  ExprPtr inner = tokens_.is_op(")") ? make(at, SequenceLiteral{{}, true}, {}) : tuple(true);
  tokens_.expect_op(")");
  return inner;
}

ExprPtr ExpressionParser::list() {
  auto made = make(tokens_.next().at, Literal{}, {});
  ExprList items;
  while (!tokens_.is_op("]")) {
    if (!items.empty()) tokens_.expect_op(",");
    if (tokens_.is_op("]")) break;
    items.push_back(expression());
    deepen(*made, items.back().get());
  }
  tokens_.expect_op("]");
  made->node = SequenceLiteral{std::move(items), false};
  return made;
}

ExprPtr ExpressionParser::dict() {
  auto made = make(tokens_.next().at, Literal{}, {});
  DictLiteral literal;
  while (!tokens_.is_op("}")) {
    if (!literal.items.empty()) tokens_.expect_op(",");
    if (tokens_.is_op("}")) break;
    ExprPtr key = expression();
    tokens_.expect_op(":");
    ExprPtr value = expression();
    deepen(*made, key.get());
    deepen(*made, value.get());
    literal.items.emplace_back(std::move(key), std::move(value));
  }
  tokens_.expect_op("}");
  made->node = std::move(literal);
  return made;
}

ExprPtr ExpressionParser::postfix(ExprPtr expr) {
  while (true) {
    if (tokens_.is_op(".") || tokens_.is_op("[")) {
      expr = subscript(std::move(expr));
    } else if (tokens_.is_op("(")) {
      expr = call(std::move(expr));
    } else {
      return expr;
    }
  }
}

ExprPtr ExpressionParser::filters_and_tests(ExprPtr expr) {
  while (true) {
    if (tokens_.skip_op("|")) {
      expr = filter(std::move(expr));
    } else if (tokens_.is_name("is")) {
      expr = test(std::move(expr));
    } else if (tokens_.is_op("(")) {
      expr = call(std::move(expr));
    } else {
      return expr;
    }
  }
}

ExprPtr ExpressionParser::subscript(ExprPtr object) {
  const Expr* child = object.get();
  const Position at = tokens_.at();
  if (tokens_.skip_op(".")) {
    if (tokens_.is(TokenKind::name)) return make(at, Attribute{std::move(object), tokens_.next().text}, {child});
    if (!tokens_.is(TokenKind::integer)) tokens_.fail_expecting("a name or a number after '.'");
    ExprPtr index = make(tokens_.at(), Literal{Value(tokens_.current().integer)}, {});
    tokens_.next();
    return make(at, Item{std::move(object), std::move(index)}, {child});
  }
  tokens_.expect_op("[");
  if (tokens_.is_op(":")) return slice(at, std::move(object), nullptr);
  ExprPtr index = expression();
  if (tokens_.is_op(":")) return slice(at, std::move(object), std::move(index));
  if (tokens_.is_op(",")) {  // a[1, 2] is a[(1, 2)]
    auto key = make(at, Literal{}, {index.get()});
    ExprList items;
    items.push_back(std::move(index));
    while (tokens_.skip_op(",")) {
      items.push_back(expression());
      deepen(*key, items.back().get());
    }
    key->node = SequenceLiteral{std::move(items), true};
    index = std::move(key);
  }
  tokens_.expect_op("]");
  const Expr* key = index.get();
  return make(at, Item{std::move(object), std::move(index)}, {child, key});
}

ExprPtr ExpressionParser::slice(Position at, ExprPtr object, ExprPtr start) {
  const auto at_end = [&] { return tokens_.is_op("]") || tokens_.is_op(":"); };
  tokens_.expect_op(":");
  ExprPtr stop = at_end() ? nullptr : expression();
  ExprPtr step = tokens_.skip_op(":") && !at_end() ? expression() : nullptr;
  tokens_.expect_op("]");
  const Expr *o = object.get(), *a = start.get(), *b = stop.get(), *c = step.get();
  return make(at, Slice{std::move(object), std::move(start), std::move(stop), std::move(step)}, {o, a, b, c});
}

ExprPtr ExpressionParser::call(ExprPtr callee) {
  auto made = make(tokens_.at(), Literal{}, {callee.get()});
  made->node = Call{std::move(callee), call_args(*made)};
  return made;
}

ExprPtr ExpressionParser::filter(ExprPtr input) {
  auto made = make(tokens_.at(), Literal{}, {input.get()});
  std::string name = dotted_name();
  CallArgs args = tokens_.is_op("(") ? call_args(*made) : CallArgs{};
  made->node = Filter{std::move(input), std::move(name), std::move(args)};
  return made;
}

ExprPtr ExpressionParser::block_filters(bool first_pipe_written) {
  ExprPtr expr;
  while (tokens_.skip_op("|") || (expr == nullptr && !first_pipe_written)) expr = filter(std::move(expr));
  return expr;
}

ExprPtr ExpressionParser::test(ExprPtr input) {
  auto made = make(tokens_.at(), Literal{}, {input.get()});
  tokens_.expect_name("is");
  const bool negated = tokens_.skip_name("not");
  std::string name = dotted_name();
  CallArgs args;
  const TokenKind kind = tokens_.current().kind;
  const bool literal_follows = kind == TokenKind::text || kind == TokenKind::integer || kind == TokenKind::real ||
                               tokens_.is_op("[") || tokens_.is_op("{");
  const bool name_follows =
      kind == TokenKind::name && !tokens_.is_name("else") && !tokens_.is_name("or") && !tokens_.is_name("and");
  if (tokens_.is_op("(")) {
    args = call_args(*made);
  } else if (literal_follows || name_follows) {  // x is divisibleby 3
    if (tokens_.is_name("is")) syntax_error(tokens_.at(), "tests cannot be chained: a is b is c");
    const Nesting nesting(*this);
    args.positional.push_back(postfix(primary()));
    deepen(*made, args.positional.back().get());
  }
  made->node = Test{std::move(input), std::move(name), std::move(args)};
  if (!negated) return made;
  const Expr* child = made.get();
  const Position at = made->at;
  return make(at, Unary{UnaryOp::logical_not, std::move(made)}, {child});
}

std::string ExpressionParser::dotted_name() {
  std::string name = tokens_.expect(TokenKind::name).text;
  while (tokens_.skip_op(".")) name += "." + tokens_.expect(TokenKind::name).text;
  return name;
}

CallArgs ExpressionParser::call_args(Expr& parent) {
  const Position at = tokens_.at();
  const auto ensure = [&](bool in_order) {
    if (!in_order) syntax_error(at, "arguments out of order: positional, named, *list, **dict");
  };
  const auto argument = [&] {
    ExprPtr value = expression();
    deepen(parent, value.get());
    return value;
  };
  CallArgs args;
  tokens_.expect_op("(");
  for (bool first = true; !tokens_.is_op(")"); first = false) {
    if (!first) tokens_.expect_op(",");
    if (tokens_.is_op(")")) break;
    if (tokens_.skip_op("*")) {
      ensure(!args.star && !args.star_star);
      args.star = argument();
    } else if (tokens_.skip_op("**")) {
      ensure(!args.star_star);
      args.star_star = argument();
    } else if (tokens_.is(TokenKind::name) && tokens_.look().kind == TokenKind::op && tokens_.look().text == "=") {
      ensure(!args.star_star);
      std::string name = tokens_.next().text;
      tokens_.next();
      for (const auto& [earlier, value] : args.named) {
        if (earlier == name) syntax_error(at, fmt::format("argument '{}' is given twice", name));
      }
      args.named.emplace_back(std::move(name), argument());
    } else {
      ensure(!args.star && !args.star_star && args.named.empty());
      args.positional.push_back(argument());
    }
  }
  tokens_.expect_op(")");
  return args;
}

}  // namespace hone::jinja
