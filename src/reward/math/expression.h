// The tree that an answer is read into: scalars, and the shapes that answers are made of.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmpxx.h>

namespace hone::math {

enum class Kind {
  number,         // value
  symbol,         // name: a variable, or one of the constants pi, e, i, infinity
  sum,            // args
  product,        // args
  power,          // args: base, exponent
  call,           // name(args): sin, sqrt, abs, factorial, binomial, ...
  plus_minus,     // one argument, to be added with both signs; name "+" or "-" is the sign it takes first
  percent,        // one argument, not divided by 100
  degrees,        // one argument
  unit,           // one argument, measured in `name`
  based,          // name: digits as written, value: the base
  tuple,          // args between the two brackets in `name`: "()" "(]" "[)" "[]"; "::" for ratios of three and more
  list,           // args without brackets, in any order; name "," "and" "or"
  set,            // args between braces
  matrix,         // args are rows, themselves tuples
  relation,       // name: = != < <= > >= in equiv approx; args: both sides
  chain,          // args are relations that hold at once: a < b < c
  set_operation,  // name: union, intersection, difference; args: both sides
  words,          // name: prose, lower case
};

struct Node {
  Kind kind = Kind::number;
  std::string name;
  mpq_class value;
  std::vector<Node> args;
  bool decimal = false;  // of a number: written with a decimal point

  Node() = default;
  Node(const Node&) = default;
  Node(Node&&) noexcept = default;  // so that vectors move, though GMP does not promise it
  Node& operator=(const Node&) = default;
  Node& operator=(Node&&) noexcept = default;

  bool is(Kind k) const { return kind == k; }
  bool is(Kind k, std::string_view n) const { return kind == k && name == n; }
};

/// A vector of nodes that are moved in; an initializer list would copy whole trees.
template <class... Nodes>
std::vector<Node> nodes(Nodes&&... items) {
  std::vector<Node> out;
  out.reserve(sizeof...(items));
  (out.push_back(std::forward<Nodes>(items)), ...);
  return out;
}
inline Node make(Kind kind, std::string name, std::vector<Node> args) {
  Node node;
  node.kind = kind, node.name = std::move(name), node.args = std::move(args);
  return node;
}
inline Node number(mpq_class value) {
  Node node;
  node.value = std::move(value);
  return node;
}
inline Node symbol(std::string name) { return make(Kind::symbol, std::move(name), {}); }
inline Node sum(Node a, Node b) { return make(Kind::sum, "", nodes(std::move(a), std::move(b))); }
inline Node product(Node a, Node b) { return make(Kind::product, "", nodes(std::move(a), std::move(b))); }
inline Node power(Node base, Node exponent) {
  return make(Kind::power, "", nodes(std::move(base), std::move(exponent)));
}
inline Node negate(Node a) {
  if (a.is(Kind::number)) return a.value = -a.value, a;
  return product(number(-1), std::move(a));
}
inline Node divide(Node a, Node b) { return product(std::move(a), power(std::move(b), number(-1))); }
inline Node difference(Node a, Node b) { return sum(std::move(a), negate(std::move(b))); }

/// True if `test` holds for the node or for anything below it.
template <class Test>
bool any_node(const Node& node, const Test& test) {
  if (test(node)) return true;
  for (const Node& arg : node.args) {
    if (any_node(arg, test)) return true;
  }
  return false;
}

inline bool is_constant_name(std::string_view name) {
  return name == "pi" || name == "e" || name == "i" || name == "infinity";
}
inline bool is_variable(const Node& node) { return node.is(Kind::symbol) && !is_constant_name(node.name); }

}  // namespace hone::math
