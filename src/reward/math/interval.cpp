#include "reward/math/interval.h"

#include <algorithm>
#include <array>

namespace hone::math {
namespace {

constexpr mpfr_exp_t kMaxArgumentExponent = 200;  // of arguments that exp and sin accept: bounds their cost

void check(const Interval& a) {
  if (!mpfr_number_p(a.low.get()) || !mpfr_number_p(a.high.get())) throw Undefined{};
}

void check_size(const Interval& a) {
  for (const Real* end : {&a.low, &a.high}) {
    if (mpfr_regular_p(end->get()) && mpfr_get_exp(end->get()) > kMaxArgumentExponent) throw Undefined{};
  }
}

using MpfrFunction = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);

Interval increasing(MpfrFunction f, const Interval& a) {
  Interval out(a.precision());
  f(out.low.get(), a.low.get(), MPFR_RNDD);
  f(out.high.get(), a.high.get(), MPFR_RNDU);
  check(out);
  return out;
}

Interval decreasing(MpfrFunction f, const Interval& a) {
  Interval out(a.precision());
  f(out.low.get(), a.high.get(), MPFR_RNDD);
  f(out.high.get(), a.low.get(), MPFR_RNDU);
  check(out);
  return out;
}

/// A function whose slope is at most 1 everywhere (sin, cos): its value at one end, give or take the width.
Interval lipschitz(MpfrFunction f, const Interval& a) {
  check_size(a);
  Real width(a.precision());
  mpfr_sub(width.get(), a.high.get(), a.low.get(), MPFR_RNDU);
  Interval out(a.precision());
  f(out.low.get(), a.low.get(), MPFR_RNDD);
  f(out.high.get(), a.low.get(), MPFR_RNDU);
  mpfr_sub(out.low.get(), out.low.get(), width.get(), MPFR_RNDD);
  mpfr_add(out.high.get(), out.high.get(), width.get(), MPFR_RNDU);
  check(out);
  return out;
}

Interval whole(long value, mpfr_prec_t precision) { return {mpq_class(value), precision}; }

Interval sin_of(const Interval& a) { return lipschitz(mpfr_sin, a); }
Interval cos_of(const Interval& a) { return lipschitz(mpfr_cos, a); }
Interval exp_of(const Interval& a) { return check_size(a), increasing(mpfr_exp, a); }
Interval sinh_of(const Interval& a) { return check_size(a), increasing(mpfr_sinh, a); }
Interval cosh_of(const Interval& a) { return (exp_of(a) + exp_of(-a)) / whole(2, a.precision()); }

Interval sqrt_of(const Interval& a) {
  if (a.low.sign() < 0) throw Undefined{};
  return increasing(mpfr_sqrt, a);
}

/// The angle of x + iy in (-pi, pi].
Interval angle(const Interval& x, const Interval& y) {
  const mpfr_prec_t precision = x.precision();
  if (x.positive()) return increasing(mpfr_atan, y / x);
  const Interval half_pi = pi_interval(precision) / whole(2, precision);
  if (y.positive()) return half_pi - increasing(mpfr_atan, x / y);
  if (y.negative()) return -half_pi - increasing(mpfr_atan, x / y);
  if (x.negative() && y.is_zero()) return pi_interval(precision);
  throw Undefined{};
}

Interval squared_size(const Box& a) { return a.re * a.re + a.im * a.im; }

void clamp_low_to_zero(Interval& a) {
  if (a.low.sign() < 0) mpfr_set_zero(a.low.get(), 1);
}

/// Arguments whose true value lies in [-1, 1] may stick out by rounding.
Interval within_unit(Interval a) {
  if (mpfr_cmp_si(a.low.get(), 1) > 0 || mpfr_cmp_si(a.high.get(), -1) < 0) throw Undefined{};
  if (mpfr_cmp_si(a.low.get(), -1) < 0) mpfr_set_si(a.low.get(), -1, MPFR_RNDN);
  if (mpfr_cmp_si(a.high.get(), 1) > 0) mpfr_set_si(a.high.get(), 1, MPFR_RNDN);
  return a;
}

Box sin_box(const Box& a) {
  if (a.is_real()) return Box(sin_of(a.re));
  return {sin_of(a.re) * cosh_of(a.im), cos_of(a.re) * sinh_of(a.im)};
}

Box cos_box(const Box& a) {
  if (a.is_real()) return Box(cos_of(a.re));
  return {cos_of(a.re) * cosh_of(a.im), -(sin_of(a.re) * sinh_of(a.im))};
}

Box real_only(const Box& a, Interval (*f)(const Interval&)) {
  if (!a.is_real()) throw Undefined{};
  return Box(f(a.re));
}

Box one_over(const Box& a) { return Box(whole(1, a.precision())) / a; }
Box half(const Box& a) { return a / Box(whole(2, a.precision())); }

Box arcsin(const Box& a) {
  return real_only(a, [](const Interval& x) { return increasing(mpfr_asin, within_unit(x)); });
}
Box arccos(const Box& a) {
  return real_only(a, [](const Interval& x) { return decreasing(mpfr_acos, within_unit(x)); });
}
Box arctan(const Box& a) {
  return real_only(a, [](const Interval& x) { return increasing(mpfr_atan, x); });
}
Box arccot(const Box& a) { return half(Box(pi_interval(a.precision()))) - arctan(a); }
Box sinh_box(const Box& a) { return half(exp(a) - one_over(exp(a))); }
Box cosh_box(const Box& a) { return half(exp(a) + one_over(exp(a))); }

struct NamedFunction {
  std::string_view name;
  Box (*evaluate)(const Box&);
};

constexpr auto kFunctions = std::to_array<NamedFunction>({
    {"sin", sin_box},
    {"cos", cos_box},
    {"tan", [](const Box& a) { return sin_box(a) / cos_box(a); }},
    {"cot", [](const Box& a) { return cos_box(a) / sin_box(a); }},
    {"sec", [](const Box& a) { return one_over(cos_box(a)); }},
    {"csc", [](const Box& a) { return one_over(sin_box(a)); }},
    {"arcsin", arcsin},
    {"arccos", arccos},
    {"arctan", arctan},
    {"arccot", arccot},
    {"arcsec", [](const Box& a) { return arccos(one_over(a)); }},
    {"arccsc", [](const Box& a) { return arcsin(one_over(a)); }},
    {"sinh", sinh_box},
    {"cosh", cosh_box},
    {"tanh", [](const Box& a) { return sinh_box(a) / cosh_box(a); }},
    {"coth", [](const Box& a) { return cosh_box(a) / sinh_box(a); }},
    {"ln", [](const Box& a) { return log(a); }},
    {"exp", [](const Box& a) { return exp(a); }},
    {"abs", [](const Box& a) { return abs(a); }},
});

const NamedFunction* find_function(std::string_view name) {
  const auto found = std::find_if(kFunctions.begin(), kFunctions.end(), [&](const auto& f) { return f.name == name; });
  return found == kFunctions.end() ? nullptr : &*found;
}

}  // namespace

Interval::Interval(const mpq_class& value, mpfr_prec_t precision) : Interval(precision) {
  mpfr_set_q(low.get(), value.get_mpq_t(), MPFR_RNDD);
  mpfr_set_q(high.get(), value.get_mpq_t(), MPFR_RNDU);
  check(*this);
}

Interval operator-(const Interval& a) {
  Interval out(a.precision());
  mpfr_neg(out.low.get(), a.high.get(), MPFR_RNDD);
  mpfr_neg(out.high.get(), a.low.get(), MPFR_RNDU);
  return out;
}

Interval operator+(const Interval& a, const Interval& b) {
  Interval out(a.precision());
  mpfr_add(out.low.get(), a.low.get(), b.low.get(), MPFR_RNDD);
  mpfr_add(out.high.get(), a.high.get(), b.high.get(), MPFR_RNDU);
  check(out);
  return out;
}

Interval operator-(const Interval& a, const Interval& b) { return a + -b; }

Interval operator*(const Interval& a, const Interval& b) {
  Interval out(a.precision());
  Real product(a.precision());
  bool first = true;
  for (const Real* x : {&a.low, &a.high}) {
    for (const Real* y : {&b.low, &b.high}) {
      mpfr_mul(product.get(), x->get(), y->get(), MPFR_RNDD);
      if (first || mpfr_less_p(product.get(), out.low.get())) mpfr_set(out.low.get(), product.get(), MPFR_RNDD);
      mpfr_mul(product.get(), x->get(), y->get(), MPFR_RNDU);
      if (first || mpfr_greater_p(product.get(), out.high.get())) mpfr_set(out.high.get(), product.get(), MPFR_RNDU);
      first = false;
    }
  }
  check(out);
  return out;
}

Interval operator/(const Interval& a, const Interval& b) {
  if (b.contains_zero()) throw Undefined{};
  Interval inverse(b.precision());
  mpfr_ui_div(inverse.low.get(), 1, b.high.get(), MPFR_RNDD);
  mpfr_ui_div(inverse.high.get(), 1, b.low.get(), MPFR_RNDU);
  return a * inverse;
}

Box operator+(const Box& a, const Box& b) { return {a.re + b.re, a.im + b.im}; }
Box operator-(const Box& a, const Box& b) { return {a.re - b.re, a.im - b.im}; }

Box operator*(const Box& a, const Box& b) {
  if (a.is_real() && b.is_real()) return Box(a.re * b.re);
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

Box operator/(const Box& a, const Box& b) {
  if (b.is_real() && a.is_real()) return Box(a.re / b.re);
  const Interval size = squared_size(b);
  const Box scaled = a * Box(b.re, -b.im);
  return {scaled.re / size, scaled.im / size};
}

Interval pi_interval(mpfr_prec_t precision) {
  Interval out(precision);
  mpfr_const_pi(out.low.get(), MPFR_RNDD);
  mpfr_const_pi(out.high.get(), MPFR_RNDU);
  return out;
}

Box exp(const Box& a) {
  const Interval size = exp_of(a.re);
  if (a.is_real()) return Box(size);
  return {size * cos_of(a.im), size * sin_of(a.im)};
}

Box log(const Box& a) {
  if (a.is_real() && a.re.positive()) return Box(increasing(mpfr_log, a.re));
  const Interval size = squared_size(a);
  if (!size.positive()) throw Undefined{};
  return {increasing(mpfr_log, size) / whole(2, a.precision()), angle(a.re, a.im)};
}

Box abs(const Box& a) {
  if (a.is_real()) {
    if (a.re.low.sign() >= 0) return a;
    if (a.re.high.sign() <= 0) return Box(-a.re);
  }
  Interval size = squared_size(a);
  clamp_low_to_zero(size);
  return Box(sqrt_of(size));
}

Box power(const Box& base, long exponent) {
  if (exponent < 0) return one_over(power(base, -exponent));
  Box result(whole(1, base.precision())), square = base;
  for (auto n = static_cast<unsigned long>(exponent); n > 0; n >>= 1) {
    if (n & 1) result = result * square;
    if (n > 1) square = square * square;
  }
  return result;
}

Box root(const Box& base, unsigned q) {
  const mpfr_prec_t precision = base.precision();
  if (base.is_real() && base.re.is_zero()) return base;
  const auto positive_root = [&](const Interval& x) {
    Interval out(precision);
    mpfr_rootn_ui(out.low.get(), x.low.get(), q, MPFR_RNDD);
    mpfr_rootn_ui(out.high.get(), x.high.get(), q, MPFR_RNDU);
    check(out);
    return out;
  };
  if (base.is_real() && base.re.low.sign() >= 0) return Box(positive_root(base.re));
  if (base.is_real() && base.re.negative()) {
    if (q % 2 == 1) return Box(-positive_root(-base.re));
    if (q == 2) return {Interval(precision), positive_root(-base.re)};
  }
  return exp(log(base) / Box(whole(q, precision)));
}

Box power(const Box& base, const Box& exponent) { return exp(exponent * log(base)); }

bool is_evaluable_function(std::string_view name) { return find_function(name) != nullptr; }

Box function(std::string_view name, const Box& a) {
  const NamedFunction* found = find_function(name);
  if (!found) throw Undefined{};
  return found->evaluate(a);
}

}  // namespace hone::math
