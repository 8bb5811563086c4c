#include "data/tasks/expression.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"

namespace hone {
namespace {

__int128 gcd(__int128 a, __int128 b) {
  if (a < 0) a = -a;
  while (b != 0) a = std::exchange(b, a % b);
  return a;
}

/// a op b, or nothing on division by zero and overflow.
std::optional<Rational> apply(char op, const Rational& a, const Rational& b) {
  __int128 top = 0, bottom = 0, left = 0, right = 0;
  bool broken = false;
  const auto times = [&](__int128 x, __int128 y, __int128* out) { broken |= __builtin_mul_overflow(x, y, out); };
  switch (op) {
    case '*':
      times(a.numerator, b.numerator, &top), times(a.denominator, b.denominator, &bottom);
      break;
    case '/':
      times(a.numerator, b.denominator, &top), times(a.denominator, b.numerator, &bottom);
      break;
    default:
      times(a.numerator, b.denominator, &left), times(b.numerator, a.denominator, &right);
      times(a.denominator, b.denominator, &bottom);
      broken |= op == '+' ? __builtin_add_overflow(left, right, &top) : __builtin_sub_overflow(left, right, &top);
  }
  constexpr __int128 kLowest = static_cast<__int128>(1) << 127;  // the one value without a negative
  if (broken || bottom == 0 || top == kLowest || bottom == kLowest) return std::nullopt;
  const __int128 divisor = gcd(bottom, top) * (bottom < 0 ? -1 : 1);
  return Rational{top / divisor, bottom / divisor};
}

constexpr std::pair<std::string_view, char> kOperators[] = {
    {"+", '+'}, {"-", '-'}, {"\u2212", '-'}, {"*", '*'}, {"x", '*'},       {"X", '*'},      {"\u00d7", '*'},
    {"/", '/'}, {"·", '*'}, {"\u00f7", '/'}, {":", '/'}, {"\\times", '*'}, {"\\cdot", '*'}, {"\\div", '/'},
};

/// Recursive descent. A syntax error sets `ok` to false and unwinds; a value that does not exist does not.
struct Parser {
  using Value = std::optional<Rational>;
  std::string_view text;
  std::vector<int64_t> numbers = {};
  size_t at = 0;
  int depth = 0;
  bool ok = true;

  /// White space, and what TeX sets as space or as the size of a parenthesis.
  void skip_spaces() {
    static constexpr std::string_view kSpaces[] = {" ",   "\t",  "\n",  "\r",     "\\,",
                                                   "\\;", "\\!", "\\ ", "\\left", "\\right"};
    const auto skip = [&](std::string_view space) {
      if (!text.substr(at).starts_with(space)) return false;
      at += space.size();
      return true;
    };
    while (std::any_of(std::begin(kSpaces), std::end(kSpaces), skip)) {
    }
  }
  Value give_up() {
    ok = false;
    return std::nullopt;
  }
  bool take(char c) {
    skip_spaces();
    if (at >= text.size() || text[at] != c) return false;
    ++at;
    return true;
  }
  char take_operator(std::string_view allowed) {
    skip_spaces();
    for (const auto& [spelling, op] : kOperators) {
      if (allowed.find(op) == std::string_view::npos || !text.substr(at).starts_with(spelling)) continue;
      at += spelling.size();
      return op;
    }
    return '\0';
  }
  std::optional<int64_t> take_digits() {
    skip_spaces();
    const size_t start = at;
    int64_t value = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at - start < 18) {
      value = value * 10 + (text[at++] - '0');
    }
    const bool too_long = at < text.size() && text[at] >= '0' && text[at] <= '9';
    return at == start || too_long ? std::nullopt : std::optional(value);
  }

  Value operand() {
    if (const char sign = take_operator("+-")) {
      if (++depth > 64) return give_up();
      const Value value = operand();
      --depth;
      return sign == '-' && value ? apply('-', {}, *value) : value;
    }
    if (take('(')) {
      if (++depth > 64) return give_up();
      const Value value = sum();
      --depth;
      return ok && take(')') ? value : give_up();
    }
    for (const std::string_view fraction : {"\\frac", "\\dfrac", "\\tfrac"}) {
      if (!text.substr(at).starts_with(fraction)) continue;
      at += fraction.size();
      const Value top = group(), bottom = group();
      return top && bottom ? apply('/', *top, *bottom) : std::nullopt;
    }
    const auto number = take_digits();
    if (!number) return give_up();
    numbers.push_back(*number);
    return Rational{*number, 1};
  }
  /// {...}, an argument of \frac.
  Value group() {
    if (!ok || !take('{') || ++depth > 64) return give_up();
    const Value value = sum();
    --depth;
    return ok && take('}') ? value : give_up();
  }
  Value chain(std::string_view operators, Value (Parser::*next)()) {
    Value value = (this->*next)();
    while (ok) {
      const char op = take_operator(operators);
      if (op == '\0') break;
      const Value right = (this->*next)();
      value = value && right ? apply(op, *value, *right) : std::nullopt;
    }
    return value;
  }
  Value product() { return chain("*/", &Parser::operand); }
  Value sum() { return chain("+-", &Parser::product); }
};

}  // namespace

std::optional<Expression> parse_expression(std::string_view text) {
  if (text.size() > 1000) return std::nullopt;
  Parser parser{trim(text)};
  Expression expression;
  expression.value = parser.sum();
  if (parser.ok && parser.take('=')) {
    expression.claimed = parser.take_digits();
    if (!expression.claimed) return std::nullopt;
  }
  parser.skip_spaces();
  if (!parser.ok || parser.at != parser.text.size()) return std::nullopt;
  expression.numbers = std::move(parser.numbers);
  return expression;
}

}  // namespace hone
