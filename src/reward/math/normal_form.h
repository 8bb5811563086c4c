// Exact normal forms: a scalar expression as a quotient of two polynomials over its variables, constants and roots.
// What has none (sin x, 2^n, the root of a sum) becomes a generator of its own, named by the normal form of its parts.
#pragma once

#include <optional>
#include <unordered_map>

#include "reward/math/expression.h"
#include "reward/math/polynomial.h"

namespace hone::math {

struct Undefined {};  // thrown where an expression has no value, as 1/0

struct Quotient {
  Polynomial numerator, denominator;  // the denominator is never 0
};

class NormalForms {
 public:
  explicit NormalForms(Budget& budget) : budget_(budget) {}

  /// Undefined for a division by zero. Only scalars: everything above Kind::call counts as an opaque thing.
  Quotient of(const Node& node);

  /// Zero exactly if the two are equal as quotients of polynomials.
  Polynomial difference(const Quotient& a, const Quotient& b);
  Polynomial multiply(const Polynomial& a, const Polynomial& b) { return math::multiply(a, b, generators_, budget_); }

  /// No algebraic relation is left between the generators seen so far: a difference that is not zero proves that the
  /// expressions differ.
  bool independent() const { return independent_; }

 private:
  Quotient generator(const std::string& name, unsigned order = 0, const mpq_class& value = 0);
  Quotient opaque(const Node& node);
  Quotient add(const Quotient& a, const Quotient& b);
  Quotient multiply(const Quotient& a, const Quotient& b);
  Quotient power(const Quotient& base, const mpq_class& exponent, const Node& node);
  Quotient integer_power(Quotient base, const mpz_class& exponent, const Node& node);
  std::optional<Quotient> root_of_number(const mpq_class& base, unsigned p, unsigned q);
  std::optional<Quotient> exact_call(const Node& node);
  std::string key(const Quotient& q) const;

  Budget& budget_;
  std::vector<Generator> generators_;
  std::unordered_map<std::string, uint32_t> index_;
  bool independent_ = true;
};

/// The value of a scalar that is a rational number without any generator.
std::optional<mpq_class> rational_value(const Node& node, Budget& budget);

}  // namespace hone::math
