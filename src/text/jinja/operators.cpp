#include "text/jinja/operators.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "text/jinja/format.h"
#include "text/jinja/interpreter.h"

namespace hone::jinja {
namespace {

const char* symbol(BinaryOp op) {
  switch (op) {
    case BinaryOp::add:
      return "+";
    case BinaryOp::subtract:
      return "-";
    case BinaryOp::multiply:
      return "*";
    case BinaryOp::divide:
      return "/";
    case BinaryOp::floor_divide:
      return "//";
    case BinaryOp::modulo:
      return "%";
    case BinaryOp::power:
      return "**";
  }
  return "?";
}

[[noreturn]] void fail_operands(const char* op, const Value& a, const Value& b) {
  if (a.is_undefined()) fail_undefined(a);
  if (b.is_undefined()) fail_undefined(b);
  fail(ErrorKind::data, "unsupported operand types for {}: '{}' and '{}'", op, type_name(a), type_name(b));
}

[[noreturn]] void fail_big_integer() {
  fail(ErrorKind::data, "integer result beyond 64 bits, which templates here cannot hold");
}

void check_divisor(bool nonzero) { HONE_CHECK(nonzero, ErrorKind::data, "division by zero"); }

int64_t floor_div(int64_t a, int64_t b) {
  check_divisor(b != 0);
  if (a == INT64_MIN && b == -1) fail_big_integer();
  const int64_t q = a / b;
  return q - ((a % b != 0) && ((a < 0) != (b < 0)));
}

int64_t floor_mod(int64_t a, int64_t b) {
  check_divisor(b != 0);
  if (b == -1) return 0;
  const int64_t r = a % b;
  return r != 0 && ((r < 0) != (b < 0)) ? r + b : r;
}

// CPython's float_divmod: the remainder has the sign of b, and a == floor * b + remainder as nearly as can be.
std::pair<double, double> float_divmod(double a, double b) {
  check_divisor(b != 0);
  double mod = std::fmod(a, b);
  double div = (a - mod) / b;
  if (mod != 0) {
    if ((b < 0) != (mod < 0)) mod += b, div -= 1;
  } else {
    mod = std::copysign(0.0, b);
  }
  if (div == 0) return {std::copysign(0.0, a / b), mod};
  const double whole = std::floor(div);
  return {div - whole > 0.5 ? whole + 1 : whole, mod};
}

int64_t integer_power(int64_t base, int64_t exponent) {
  int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) fail_big_integer();
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) fail_big_integer();
  }
  return result;
}

double float_power(double a, double b) {
  HONE_CHECK(a != 0 || b >= 0, ErrorKind::data, "0.0 cannot be raised to a negative power");
  HONE_CHECK(a >= 0 || std::isinf(a) || std::isinf(b) || b == std::floor(b), ErrorKind::data,
             "a negative number to a fraction is complex, which templates here cannot hold");
  const double result = std::pow(a, b);
  HONE_CHECK(!std::isinf(result) || std::isinf(a) || std::isinf(b), ErrorKind::data, "float result out of range");
  return result;
}

Value integer_binary(BinaryOp op, int64_t a, int64_t b) {
  int64_t result = 0;
  switch (op) {
    case BinaryOp::add:
      if (__builtin_add_overflow(a, b, &result)) fail_big_integer();
      return result;
    case BinaryOp::subtract:
      if (__builtin_sub_overflow(a, b, &result)) fail_big_integer();
      return result;
    case BinaryOp::multiply:
      if (__builtin_mul_overflow(a, b, &result)) fail_big_integer();
      return result;
    case BinaryOp::divide:
      check_divisor(b != 0);
      return static_cast<double>(static_cast<long double>(a) / static_cast<long double>(b));
    case BinaryOp::floor_divide:
      return floor_div(a, b);
    case BinaryOp::modulo:
      return floor_mod(a, b);
    case BinaryOp::power:
      if (b >= 0) return integer_power(a, b);
      return float_power(static_cast<double>(a), static_cast<double>(b));
  }
  return Value();
}

Value float_binary(BinaryOp op, double a, double b) {
  switch (op) {
    case BinaryOp::add:
      return a + b;
    case BinaryOp::subtract:
      return a - b;
    case BinaryOp::multiply:
      return a * b;
    case BinaryOp::divide:
      check_divisor(b != 0);
      return a / b;
    case BinaryOp::floor_divide:
      return float_divmod(a, b).first;
    case BinaryOp::modulo:
      return float_divmod(a, b).second;
    case BinaryOp::power:
      return float_power(a, b);
  }
  return Value();
}

Value add_texts(const Value& a, const Value& b) {
  const bool safe = a.is_safe() || b.is_safe();
  const auto part = [&](const Value& v) { return safe && !v.is_safe() ? escape_html(v.text()) : v.text(); };
  return Value::text(part(a) + part(b), safe);
}

Value add_sequences(Interpreter& interpreter, const Sequence& a, const Sequence& b) {
  interpreter.budget().charge(static_cast<int64_t>(a.items.size() + b.items.size()));
  std::vector<Value> items = a.items;
  items.insert(items.end(), b.items.begin(), b.items.end());
  return a.tuple ? Value::tuple(std::move(items)) : Value::list(std::move(items));
}

Value repeat(Interpreter& interpreter, const Value& value, int64_t count) {
  const auto size = static_cast<int64_t>(value.is_text() ? value.text().size() : value.sequence().items.size());
  count = std::max<int64_t>(count, 0);
  int64_t total = 0;
  HONE_CHECK(!__builtin_mul_overflow(size, count, &total), ErrorKind::data, "repetition makes too large a value");
  interpreter.budget().charge(value.is_text() ? total / 64 : total);
  if (value.is_text()) {
    std::string text;
    text.reserve(value.text().size() * static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) text += value.text();
    return Value::text(std::move(text), value.is_safe());
  }
  std::vector<Value> items;
  const auto& once = value.sequence().items;
  for (int64_t i = 0; i < count; ++i) items.insert(items.end(), once.begin(), once.end());
  return value.is_tuple() ? Value::tuple(std::move(items)) : Value::list(std::move(items));
}

bool repeatable(const Value& value) { return value.is_text() || value.kind() == Kind::sequence; }

}  // namespace

void fail_undefined(const Value& value) { fail(ErrorKind::data, "{}", value.why()); }

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

Value binary(Interpreter& interpreter, BinaryOp op, const Value& a, const Value& b) {
  if (a.is_text() && op == BinaryOp::modulo) return format_percent(interpreter, a, b);
  if (const auto x = as_integer(a), y = as_integer(b); x && y) return integer_binary(op, *x, *y);
  if (const auto x = as_number(a), y = as_number(b); x && y) return float_binary(op, *x, *y);
  if (op == BinaryOp::add) {
    if (a.is_text() && b.is_text()) {
      interpreter.budget().charge_bytes(a.text().size() + b.text().size());
      return add_texts(a, b);
    }
    if (a.kind() == Kind::sequence && b.kind() == Kind::sequence && a.is_tuple() == b.is_tuple()) {
      return add_sequences(interpreter, a.sequence(), b.sequence());
    }
  }
  if (op == BinaryOp::multiply) {
    if (const auto count = as_integer(b); count && repeatable(a)) return repeat(interpreter, a, *count);
    if (const auto count = as_integer(a); count && repeatable(b)) return repeat(interpreter, b, *count);
  }
  fail_operands(symbol(op), a, b);
}

Value negate(const Value& value) {
  if (const auto i = as_integer(value)) {
    if (*i == INT64_MIN) fail_big_integer();
    return -*i;
  }
  if (value.kind() == Kind::real) return -value.real();
  if (value.is_undefined()) fail_undefined(value);
  fail(ErrorKind::data, "bad operand type for unary -: '{}'", type_name(value));
}

Value unary_plus(const Value& value) {
  if (const auto i = as_integer(value)) return *i;
  if (value.kind() == Kind::real) return value;
  if (value.is_undefined()) fail_undefined(value);
  fail(ErrorKind::data, "bad operand type for unary +: '{}'", type_name(value));
}

std::optional<int> compare_numbers(const Value& a, const Value& b) {
  const auto order = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
  const auto i = as_integer(a), j = as_integer(b);
  if (i && j) return order(*i, *j);
  const double x = *as_number(a), y = *as_number(b);
  if (std::isnan(x) || std::isnan(y)) return std::nullopt;
  if (!i && !j) return order(x, y);
  // An int against a float: compare whole parts as integers where doubles are too coarse.
  const double real = i ? y : x;
  const int64_t whole = i ? *i : *j;
  int result = 0;
  if (real >= 0x1p63) {
    result = -1;
  } else if (real < -0x1p63) {
    result = 1;
  } else {
    const double floored = std::floor(real);
    result = order(whole, static_cast<int64_t>(floored));
    if (result == 0 && real > floored) result = -1;
  }
  return i ? result : -result;
}

bool equal_paid(Interpreter& interpreter, const Value& a, const Value& b) {
  interpreter.budget().charge(std::min(weight_of(a), weight_of(b)));
  return equal(a, b);
}

namespace {

// a < b or, with `or_equal`, a <= b.
bool ordered(Interpreter& interpreter, const Value& a, const Value& b, bool or_equal, const char* op) {
  interpreter.budget().charge(std::min(weight_of(a), weight_of(b)));
  if (as_number(a) && as_number(b)) {
    const auto order = compare_numbers(a, b);
    return order && (or_equal ? *order <= 0 : *order < 0);
  }
  if (a.is_text() && b.is_text()) return or_equal ? a.text() <= b.text() : a.text() < b.text();
  if (a.kind() == Kind::sequence && b.kind() == Kind::sequence && a.is_tuple() == b.is_tuple()) {
    const auto &x = a.sequence().items, &y = b.sequence().items;
    for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
      if (!equal(x[i], y[i])) return ordered(interpreter, x[i], y[i], or_equal, op);
    }
    return or_equal ? x.size() <= y.size() : x.size() < y.size();
  }
  if (a.is_undefined()) fail_undefined(a);
  if (b.is_undefined()) fail_undefined(b);
  fail(ErrorKind::data, "'{}' is not supported between '{}' and '{}'", op, type_name(a), type_name(b));
}

}  // namespace

bool less(Interpreter& interpreter, const Value& a, const Value& b) { return ordered(interpreter, a, b, false, "<"); }

bool compare(Interpreter& interpreter, CompareOp op, const Value& a, const Value& b) {
  switch (op) {
    case CompareOp::eq:
      return equal_paid(interpreter, a, b);
    case CompareOp::ne:
      return !equal_paid(interpreter, a, b);
    case CompareOp::lt:
      return ordered(interpreter, a, b, false, "<");
    case CompareOp::le:
      return ordered(interpreter, a, b, true, "<=");
    case CompareOp::gt:
      return ordered(interpreter, b, a, false, ">");
    case CompareOp::ge:
      return ordered(interpreter, b, a, true, ">=");
    case CompareOp::in:
      return contains(interpreter, b, a);
    case CompareOp::not_in:
      return !contains(interpreter, b, a);
  }
  return false;
}

}  // namespace hone::jinja
