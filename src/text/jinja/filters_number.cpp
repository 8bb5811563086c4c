// Filters on numbers.
#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "text/jinja/builtins.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/literals.h"
#include "text/jinja/number_format.h"
#include "text/jinja/operators.h"
#include "text/jinja/params.h"

namespace hone::jinja {
namespace {

Value abs_filter(Interpreter&, const Value& input, Args args) {
  const Params params("abs", std::move(args), {});
  if (input.kind() == Kind::real) return std::fabs(input.real());
  if (input.is_undefined()) fail_undefined(input);
  const auto i = as_integer(input);
  HONE_CHECK(i, ErrorKind::data, "abs: expected a number, got {}", type_name(input));
  return *i < 0 ? negate(Value(*i)) : Value(*i);
}

// int(float): towards zero. nullopt for NaN and infinities.
std::optional<int64_t> truncated(double real) {
  if (!std::isfinite(real)) return std::nullopt;
  HONE_CHECK(std::fabs(real) < 0x1p63, ErrorKind::data, "int: {} does not fit in 64 bits", repr(real));
  return static_cast<int64_t>(real);
}

Value int_filter(Interpreter&, const Value& input, Args args) {
  const Params params("int", std::move(args), {"default", "base"});
  const Value fallback = params.has(0) ? params[0] : Value(0);
  if (input.is_undefined()) fail_undefined(input);
  if (const auto i = as_integer(input)) return *i;
  if (input.kind() == Kind::real) {
    HONE_CHECK(!std::isinf(input.real()), ErrorKind::data, "int: cannot convert float infinity to integer");
    const auto i = truncated(input.real());
    return i ? Value(*i) : fallback;
  }
  if (!input.is_text()) return fallback;
  const int64_t base = params.integer(1, 10);
  if (base == 0 || (base >= 2 && base <= 36)) {
    if (const auto i = parse_integer(input.text(), static_cast<int>(base))) return *i;
  }
  const auto real = parse_real(input.text());  // "42.23" is 42
  const auto i = real ? truncated(*real) : std::nullopt;
  return i ? Value(*i) : fallback;
}

Value float_filter(Interpreter&, const Value& input, Args args) {
  const Params params("float", std::move(args), {"default"});
  const Value fallback = params.has(0) ? params[0] : Value(0.0);
  if (input.is_undefined()) fail_undefined(input);
  if (const auto number = as_number(input)) return *number;
  if (!input.is_text()) return fallback;
  const auto real = parse_real(input.text());
  return real ? Value(*real) : fallback;
}

// CPython's round(float, digits): correctly rounded decimal, ties to even.
double round_real(double number, int64_t digits) {
  if (!std::isfinite(number) || digits > 323) return number;
  if (digits < -308) return 0.0 * number;
  if (digits < 0) {
    const double unit = std::pow(10.0, static_cast<double>(-digits));
    double whole = std::round(number / unit);
    if (std::fabs(number / unit - whole) == 0.5) whole = 2.0 * std::round(number / unit / 2.0);
    return whole * unit;
  }
  const std::string text = format_real(number, 'f', digits, false);
  return std::copysign(*parse_real(text), number);
}

int64_t round_integer(int64_t number, int64_t digits) {
  if (digits >= 0) return number;
  if (digits < -18) return 0;
  int64_t unit = 1;
  for (int64_t i = digits; i < 0; ++i) unit *= 10;
  const int64_t rest = ((number % unit) + unit) % unit, below = number - rest;
  const bool up = rest * 2 > unit || (rest * 2 == unit && (below / unit) % 2 != 0);
  return up ? below + unit : below;
}

Value round_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("round", std::move(args), {"precision", "method"});
  const std::string method = params.has(1) ? params.text(1) : "common";
  HONE_CHECK(method == "common" || method == "ceil" || method == "floor", ErrorKind::data,
             "round: method must be common, ceil or floor");
  if (input.is_undefined()) fail_undefined(input);
  HONE_CHECK(as_number(input), ErrorKind::data, "round: expected a number, got {}", type_name(input));
  if (method == "common") {
    // round(x, none) is an int
    if (params.has(0) && params[0].is_none()) {
      if (const auto n = as_integer(input)) return *n;
      const auto n = truncated(round_real(input.real(), 0));
      HONE_CHECK(n, ErrorKind::data, "round: cannot convert {} to integer", repr(input.real()));
      return *n;
    }
    const int64_t digits = params.integer(0, 0);
    if (const auto n = as_integer(input)) return round_integer(*n, digits);
    return round_real(input.real(), digits);
  }
  const Value unit = binary(i, BinaryOp::power, Value(10), Value(params.integer(0, 0)));
  const Value scaled = binary(i, BinaryOp::multiply, input, unit);
  if (const auto n = as_integer(scaled)) return binary(i, BinaryOp::divide, Value(*n), unit);
  const double real = scaled.real();
  HONE_CHECK(std::isfinite(real), ErrorKind::data, "round: cannot convert {} to integer", repr(real));
  const double whole = method == "ceil" ? std::ceil(real) : std::floor(real);
  return binary(i, BinaryOp::divide, Value(*truncated(whole)), unit);
}

Value filesizeformat_filter(Interpreter&, const Value& input, Args args) {
  const Params params("filesizeformat", std::move(args), {"binary"});
  const bool binary_units = params.flag(0, false);
  const auto number = input.is_text() ? parse_real(input.text()) : as_number(input);
  HONE_CHECK(number && std::isfinite(*number), ErrorKind::data, "filesizeformat: expected a number");
  const double base = binary_units ? 1024 : 1000;
  if (*number == 1) return Value::text("1 Byte");
  if (*number < base) return Value::text(fmt::format("{} Bytes", static_cast<int64_t>(*number)));
  double unit = base * base;
  size_t prefix = 0;
  constexpr std::string_view kPrefixes = "kMGTPEZY";
  for (; prefix + 1 < kPrefixes.size() && *number >= unit; ++prefix) unit *= base;
  const char letter = binary_units && prefix == 0 ? 'K' : kPrefixes[prefix];
  return Value::text(format_real(base * *number / unit, 'f', 1, false) + " " + letter + (binary_units ? "iB" : "B"));
}

}  // namespace

const Table<FilterFunction>& number_filters() {
  static const Table<FilterFunction> table = {
      {"abs", abs_filter},     {"filesizeformat", filesizeformat_filter}, {"float", float_filter}, {"int", int_filter},
      {"round", round_filter},
  };
  return table;
}

}  // namespace hone::jinja
