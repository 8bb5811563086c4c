// Visits the direct parts of a syntax tree's nodes.
#pragma once

#include "text/jinja/ast.h"

namespace hone::jinja {

template <class... Cases>
struct Overload : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overload(Cases...) -> Overload<Cases...>;

/// Calls visit(Expr&) for the arguments of a call.
template <class Visit>
void for_each_argument(CallArgs& args, const Visit& visit) {
  for (ExprPtr& value : args.positional) visit(*value);
  for (auto& [name, value] : args.named) visit(*value);
  if (args.star) visit(*args.star);
  if (args.star_star) visit(*args.star_star);
}

/// Calls visit(Expr&) for every operand of an expression, in the order of evaluation.
template <class Visit>
void for_each_operand(Expr& expr, const Visit& visit) {
  const auto maybe = [&](ExprPtr& e) {
    if (e) visit(*e);
  };
  std::visit(Overload{[](Name&) {}, [](Literal&) {},
                      [&](SequenceLiteral& n) {
                        for (ExprPtr& item : n.items) visit(*item);
                      },
                      [&](DictLiteral& n) {
                        for (auto& [key, value] : n.items) visit(*key), visit(*value);
                      },
                      [&](Unary& n) { visit(*n.operand); }, [&](Binary& n) { visit(*n.left), visit(*n.right); },
                      [&](Logical& n) { visit(*n.left), visit(*n.right); },
                      [&](Compare& n) {
                        visit(*n.first);
                        for (auto& [op, operand] : n.rest) visit(*operand);
                      },
                      [&](Concat& n) {
                        for (ExprPtr& part : n.parts) visit(*part);
                      },
                      [&](Conditional& n) { visit(*n.test), visit(*n.yes), maybe(n.no); },
                      [&](Attribute& n) { visit(*n.object); }, [&](Item& n) { visit(*n.object), visit(*n.index); },
                      [&](Slice& n) { visit(*n.object), maybe(n.start), maybe(n.stop), maybe(n.step); },
                      [&](Call& n) { visit(*n.callee), for_each_argument(n.args, visit); },
                      [&](Filter& n) { maybe(n.input), for_each_argument(n.args, visit); },
                      [&](Test& n) { visit(*n.input), for_each_argument(n.args, visit); }},
             expr.node);
}

}  // namespace hone::jinja
