#include "reward/math/evaluate.h"

#include <optional>

namespace hone::math {
namespace {

constexpr long kMaxIntegerPower = 1'000'000;
constexpr long kMaxFactorial = 2500, kMaxBinomial = 4000;

Box whole(const mpq_class& value, const Point& point) { return Box(Interval(value, point.precision)); }

/// The integer in [0, limit] that the box is, if it is one without doubt.
std::optional<unsigned long> small_integer(const Box& box, long limit) {
  const Interval& x = box.re;
  if (!box.is_real() || !mpfr_equal_p(x.low.get(), x.high.get()) || !mpfr_integer_p(x.low.get())) return std::nullopt;
  if (mpfr_cmp_si(x.low.get(), 0) < 0 || mpfr_cmp_si(x.low.get(), limit) > 0) return std::nullopt;
  return mpfr_get_ui(x.low.get(), MPFR_RNDN);
}

Box rounded(const Box& box, int (*round)(mpfr_ptr, mpfr_srcptr)) {
  if (!box.is_real()) throw Undefined{};
  Interval out(box.precision());
  round(out.low.get(), box.re.low.get());
  round(out.high.get(), box.re.high.get());
  if (!mpfr_equal_p(out.low.get(), out.high.get())) throw Undefined{};
  return Box(out);
}

Box evaluate_call(const Node& node, const Point& point, Budget& budget) {
  std::vector<Box> args;
  for (const Node& arg : node.args) args.push_back(evaluate(arg, point, budget));
  if (args.size() == 2 && node.name == "log") return log(args[0]) / log(args[1]);
  if (args.size() == 2 && node.name == "binomial") {
    const auto n = small_integer(args[0], kMaxBinomial), k = small_integer(args[1], kMaxBinomial);
    if (!n || !k) throw Undefined{};
    budget.spend(static_cast<int64_t>(*n) / 16);
    mpz_class value;
    mpz_bin_uiui(value.get_mpz_t(), *n, *k);
    return whole(value, point);
  }
  if (args.size() != 1) throw Undefined{};
  if (node.name == "factorial") {
    const auto n = small_integer(args[0], kMaxFactorial);
    if (!n) throw Undefined{};
    budget.spend(static_cast<int64_t>(*n) / 16);
    mpz_class value;
    mpz_fac_ui(value.get_mpz_t(), *n);
    return whole(value, point);
  }
  if (node.name == "log") return log(args[0]) / log(whole(10, point));
  if (node.name == "floor") return rounded(args[0], mpfr_floor);
  if (node.name == "ceil") return rounded(args[0], mpfr_ceil);
  return function(node.name, args[0]);
}

Box evaluate_power(const Node& node, const Point& point, Budget& budget) {
  const Node& exponent = node.args[1];
  if (node.args[0].is(Kind::symbol, "e")) return exp(evaluate(exponent, point, budget));
  const Box base = evaluate(node.args[0], point, budget);
  if (const auto value = rational_value(exponent, budget)) {
    const mpz_class &p = value->get_num(), &q = value->get_den();
    if (abs(p) <= kMaxIntegerPower && q <= 1000) {
      const Box rooted = q == 1 ? base : root(base, static_cast<unsigned>(q.get_ui()));
      return power(rooted, p.get_si());
    }
  }
  return power(base, evaluate(exponent, point, budget));
}

Box evaluate_kind(const Node& node, const Point& point, Budget& budget) {
  switch (node.kind) {
    case Kind::number:
      return whole(node.value, point);
    case Kind::symbol: {
      if (node.name == "pi") return Box(pi_interval(point.precision));
      if (node.name == "e") return exp(whole(1, point));
      if (node.name == "i") return {Interval(point.precision), Interval(mpq_class(1), point.precision)};
      const auto found = point.values.find(node.name);
      if (found == point.values.end()) throw Undefined{};
      return whole(found->second, point);
    }
    case Kind::sum:
    case Kind::product: {
      const bool is_sum = node.is(Kind::sum);
      Box result = whole(is_sum ? 0 : 1, point);
      for (const Node& arg : node.args) {
        const Box value = evaluate(arg, point, budget);
        result = is_sum ? result + value : result * value;
      }
      return result;
    }
    case Kind::power:
      return evaluate_power(node, point, budget);
    case Kind::call:
      return evaluate_call(node, point, budget);
    case Kind::percent:
      return evaluate(node.args[0], point, budget) / whole(100, point);
    default:
      throw Undefined{};
  }
}

int64_t cost(const Node& node, const Point& point) {
  const bool simple = node.is(Kind::number) || node.is(Kind::symbol) || node.is(Kind::sum) || node.is(Kind::product);
  return (simple ? 2 : 20) * point.precision / 128;
}

}  // namespace

Box evaluate(const Node& node, const Point& point, Budget& budget) {
  budget.spend(cost(node, point));
  Box value = evaluate_kind(node, point, budget);
  if (point.real && !value.is_real()) throw Undefined{};
  return value;
}

}  // namespace hone::math
