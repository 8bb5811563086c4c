#include "reward/math/equal.h"

#include <array>
#include <set>

#include "reward/math/evaluate.h"
#include "reward/math/normal_form.h"

namespace hone::math {
namespace {

constexpr int64_t kExactSteps = 3'000;  // of one exact comparison, before intervals take over
constexpr int kPoints = 8;
constexpr int kEnoughPoints = 3;
constexpr std::array<mpfr_prec_t, 2> kPrecisions = {96, 320};

/// Runs `exact` on a part of the budget; nothing if it takes more.
template <class Exact>
auto try_exact(Budget& budget, const Exact& exact) -> std::optional<decltype(exact(budget))> {
  Budget part(kExactSteps);
  budget.spend(2);
  try {
    return exact(part);
  } catch (OutOfSteps) {
    budget.spend(kExactSteps);
    return std::nullopt;
  }
}

void collect_variables(const Node& node, std::set<std::string>& variables) {
  if (is_variable(node)) variables.insert(node.name);
  for (const Node& arg : node.args) collect_variables(arg, variables);
}

bool has_imaginary_unit(const Node& node) {
  return any_node(node, [](const Node& n) { return n.is(Kind::symbol, "i"); });
}

bool has_factorial(const Node& node) {
  return any_node(node, [](const Node& n) { return n.is(Kind::call, "factorial") || n.is(Kind::call, "binomial"); });
}

/// Where a pair of expressions is compared: one point if both are constants; else points that mix signs and sizes, at
/// whole numbers where a factorial asks for them. Expressions without i are compared over the reals, where both are
/// defined.
std::vector<Point> sample_points(const Node& a, const Node& b) {
  std::set<std::string> variables;
  collect_variables(a, variables);
  collect_variables(b, variables);
  if (variables.empty()) return {Point{}};
  constexpr std::array<int, kPoints> kScale = {1, 3, 1, 20, 1, 4, 150, 2};  // in tenths of 1 to 10
  const bool whole = has_factorial(a) || has_factorial(b);
  const bool real = !has_imaginary_unit(a) && !has_imaginary_unit(b);
  std::vector<Point> points;
  for (int k = 0; k < kPoints; ++k) {
    Point point;
    point.real = real;
    int j = 0;
    for (const std::string& name : variables) {
      const int noise = (7919 * j + 3571 * k + 1234) % 997;
      const bool negative = k == 1 || (k >= 5 && (j + k) % 2 == 0);
      mpq_class value = whole ? mpq_class(2 + noise % 11) : mpq_class((1000 + 9 * noise) * kScale[k], 10'000);
      value.canonicalize();
      point.values[name] = negative && !whole ? mpq_class(-value) : value;
      ++j;
    }
    points.push_back(std::move(point));
  }
  return points;
}

enum class Zero { yes, no, undefined };

/// Whether a box that `difference(point)` gives is zero. `size` is what the difference is measured against.
template <class Difference>
Zero is_zero(Point point, Difference difference) {
  for (const mpfr_prec_t precision : kPrecisions) {
    point.precision = precision;
    try {
      const auto [box, size] = difference(point);
      if (!box.contains_zero()) return Zero::no;
      // Zero lies inside. It is zero only if the box is tiny at high precision.
      Interval bound = abs(size).re;
      mpfr_add_ui(bound.high.get(), bound.high.get(), 1, MPFR_RNDU);
      mpfr_mul_2si(bound.high.get(), bound.high.get(), -precision / 2, MPFR_RNDU);
      const bool tiny = mpfr_lessequal_p(abs(box).re.high.get(), bound.high.get());
      if (tiny && precision == kPrecisions.back()) return Zero::yes;
    } catch (Undefined) {
      return Zero::undefined;
    }
  }
  return Zero::undefined;
}

bool equal_by_intervals(const Node& a, const Node& b, Budget& budget) {
  const std::vector<Point> points = sample_points(a, b);
  int agreed = 0;
  for (const Point& point : points) {
    const Zero zero = is_zero(point, [&](const Point& p) {
      const Box x = evaluate(a, p, budget), y = evaluate(b, p, budget);
      return std::pair(x - y, y);
    });
    if (zero == Zero::no) return false;
    agreed += zero == Zero::yes;
  }
  return agreed >= (points.size() == 1 ? 1 : kEnoughPoints);
}

/// The sign of c in p = c * q; 0 if there is no such constant.
int proportional_polynomials(const Polynomial& p, const Polynomial& q) {
  if (p.empty() || p.size() != q.size()) return 0;
  const mpq_class ratio = p.begin()->second / q.begin()->second;
  for (auto i = p.begin(), j = q.begin(); i != p.end(); ++i, ++j) {
    if (i->first != j->first || i->second != ratio * j->second) return 0;
  }
  return sgn(ratio);
}

int proportional_by_intervals(const Node& a, const Node& b, Budget& budget) {
  const std::vector<Point> points = sample_points(a, b);
  if (points.size() < 2) return 0;
  const Point& first = points[0];
  int agreed = 0, sign = 0;
  for (size_t k = 1; k < points.size(); ++k) {
    const Zero zero = is_zero(points[k], [&](Point p) {
      Point reference = first;
      reference.precision = p.precision;
      const Box a0 = evaluate(a, reference, budget), b0 = evaluate(b, reference, budget);
      const Box product = evaluate(a, p, budget) * b0;
      if (a0.contains_zero() || b0.contains_zero()) throw Undefined{};
      sign = a0.is_real() && b0.is_real() && a0.re.positive() != b0.re.positive() ? -1 : 1;
      return std::pair(product - evaluate(b, p, budget) * a0, product);
    });
    if (zero == Zero::no) return 0;
    agreed += zero == Zero::yes;
  }
  return agreed >= kEnoughPoints ? sign : 0;
}

}  // namespace

bool equal(const Node& a, const Node& b, Budget& budget) {
  if (a.is(Kind::number) && b.is(Kind::number)) return a.value == b.value;
  const auto exact = try_exact(budget, [&](Budget& part) -> std::optional<bool> {
    NormalForms forms(part);
    const Polynomial difference = forms.difference(forms.of(a), forms.of(b));
    if (difference.empty()) return true;
    return forms.independent() ? std::optional(false) : std::nullopt;
  });
  if (exact && *exact) return **exact;
  return equal_by_intervals(a, b, budget);
}

int proportional(const Node& a, const Node& b, bool up_to_factors, Budget& budget) {
  const auto exact = try_exact(budget, [&](Budget& part) -> std::optional<int> {
    NormalForms forms(part);
    const Quotient p = forms.of(a), q = forms.of(b);
    const auto left = forms.multiply(p.numerator, q.denominator), right = forms.multiply(q.numerator, p.denominator);
    if (const int sign = proportional_polynomials(left, right)) return sign;
    if (const int sign = proportional_polynomials(p.numerator, q.numerator); sign && up_to_factors) return sign;
    return forms.independent() ? std::optional(0) : std::nullopt;
  });
  if (exact && *exact) return **exact;
  return proportional_by_intervals(a, b, budget);
}

std::optional<int> compare_constants(const Node& a, const Node& b, Budget& budget) {
  if (a.is(Kind::number) && b.is(Kind::number)) return sgn(mpq_class(a.value - b.value));
  try {
    const Box difference = evaluate(a, Point{}, budget) - evaluate(b, Point{}, budget);
    if (!difference.is_real()) return std::nullopt;
    if (difference.re.positive()) return 1;
    if (difference.re.negative()) return -1;
    return equal(a, b, budget) ? std::optional(0) : std::nullopt;
  } catch (Undefined) {
    return std::nullopt;
  }
}

bool within(const Node& a, const Node& b, const mpq_class& tolerance, Budget& budget) {
  try {
    const Point point;
    const Box x = evaluate(a, point, budget), y = evaluate(b, point, budget);
    const Interval slack = Interval(tolerance, point.precision) * abs(y).re;
    return mpfr_lessequal_p(abs(x - y).re.high.get(), slack.low.get());
  } catch (Undefined) {
    return false;
  }
}

}  // namespace hone::math
