#include "reward/math/normal_form.h"

#include <array>

namespace hone::math {
namespace {

constexpr unsigned long kMaxPowerBits = 1 << 14;  // of an exact power of a number
constexpr unsigned long kMaxFactorial = 2500;
constexpr unsigned long kMaxBinomial = 4000;
constexpr unsigned kSmallPrimeLimit = 1000;  // trial division; what is left below its square is prime

size_t bits(const mpq_class& q) { return mpz_sizeinbase(q.get_num_mpz_t(), 2) + mpz_sizeinbase(q.get_den_mpz_t(), 2); }

bool is_integer(const mpq_class& q) { return q.get_den() == 1; }

std::optional<mpq_class> constant_quotient(const Quotient& q) {
  if (!is_constant(q.numerator) || !is_constant(q.denominator)) return std::nullopt;
  return mpq_class(constant_value(q.numerator) / constant_value(q.denominator));
}

mpz_class power_of(const mpz_class& base, unsigned long exponent) {
  mpz_class result;
  mpz_pow_ui(result.get_mpz_t(), base.get_mpz_t(), exponent);
  return result;
}

/// prime^count factors of n > 0; the last base may be composite if n has two large prime factors.
std::vector<std::pair<mpz_class, unsigned>> factor(mpz_class n, Budget& budget) {
  std::vector<std::pair<mpz_class, unsigned>> factors;
  for (unsigned d = 2; d < kSmallPrimeLimit && n > 1; d += d == 2 ? 1 : 2) {
    if (mpz_class(d) * d > n) break;
    if (d % 16 == 1) budget.spend();
    unsigned count = 0;
    while (mpz_divisible_ui_p(n.get_mpz_t(), d)) {
      mpz_divexact_ui(n.get_mpz_t(), n.get_mpz_t(), d);
      budget.spend();
      ++count;
    }
    if (count > 0) factors.emplace_back(d, count);
  }
  if (n > 1) factors.emplace_back(n, 1);
  return factors;
}

}  // namespace

Quotient NormalForms::generator(const std::string& name, unsigned order, const mpq_class& value) {
  const auto [entry, is_new] = index_.try_emplace(name, static_cast<uint32_t>(generators_.size()));
  if (is_new) generators_.push_back({name, order, value});
  return {{{Monomial{{entry->second, 1}}, mpq_class(1)}}, constant(1)};
}

std::string NormalForms::key(const Quotient& q) const {
  const std::string numerator = to_key(q.numerator, generators_);
  const std::string denominator = to_key(q.denominator, generators_);
  return denominator == "1" ? "(" + numerator + ")" : "(" + numerator + ")/(" + denominator + ")";
}

/// A generator named by what the node is and by the normal forms of its arguments.
Quotient NormalForms::opaque(const Node& node) {
  independent_ = false;
  std::string name = std::to_string(static_cast<int>(node.kind)) + node.name;
  if (node.is(Kind::number)) name += node.value.get_str(62);
  for (const Node& arg : node.args) name += key(of(arg));
  budget_.spend(1 + static_cast<int64_t>(name.size()) / 64);
  return generator("<" + name + ">");
}

Quotient NormalForms::add(const Quotient& a, const Quotient& b) {
  if (a.denominator == b.denominator) return {math::add(a.numerator, b.numerator, budget_), a.denominator};
  return {math::add(multiply(a.numerator, b.denominator), multiply(b.numerator, a.denominator), budget_),
          multiply(a.denominator, b.denominator)};
}

Quotient NormalForms::multiply(const Quotient& a, const Quotient& b) {
  return {multiply(a.numerator, b.numerator), multiply(a.denominator, b.denominator)};
}

Polynomial NormalForms::difference(const Quotient& a, const Quotient& b) {
  Quotient minus_b = {multiply(b.numerator, constant(-1)), b.denominator};
  return add(a, minus_b).numerator;
}

Quotient NormalForms::integer_power(Quotient base, const mpz_class& exponent, const Node& node) {
  if (exponent < 0) {
    if (base.numerator.empty()) throw Undefined{};
    std::swap(base.numerator, base.denominator);
    if (const auto value = constant_quotient(base)) base = {constant(*value), constant(1)};
  }
  const mpz_class size = abs(exponent);
  if (!size.fits_uint_p()) return opaque(node);
  unsigned n = static_cast<unsigned>(size.get_ui());
  for (const Polynomial* part : {&base.numerator, &base.denominator}) {
    for (const auto& [monomial, coefficient] : *part) {
      const bool unit = coefficient == 1 || coefficient == -1;
      if (!unit && bits(coefficient) * n > kMaxPowerBits) return opaque(node);
    }
    if (part->size() > 1 && n > 100) return opaque(node);
  }
  Quotient result = {constant(1), constant(1)};
  for (; n > 0; n >>= 1) {
    if (n & 1) result = multiply(result, base);
    if (n > 1) base = multiply(base, base);
  }
  return result;
}

/// base^(p/q) with the primes of the base under the root, so that sqrt(12) and 2 sqrt(3) are the same. Roots of
/// negative numbers: imaginary for q = 2, real for odd q.
std::optional<Quotient> NormalForms::root_of_number(const mpq_class& base, unsigned p, unsigned q) {
  if (bits(base) * p > kMaxPowerBits) return std::nullopt;
  if (base == 0) return Quotient{{}, constant(1)};
  Quotient result = {constant(1), constant(1)};
  if (base < 0) {
    if (q % 2 == 1) {
      if (p % 2 == 1) result.numerator = constant(-1);
    } else if (q == 2) {
      result = integer_power(generator("i", 2, -1), p, {});
    } else {
      return std::nullopt;
    }
  }
  if (q > 2) independent_ = false;
  for (const bool above : {true, false}) {
    const mpz_class part = above ? mpz_class(abs(base.get_num())) : base.get_den();
    for (auto [prime, count] : factor(part, budget_)) {
      mpz_class root;  // what is left of the factoring may itself be a power
      if (count == 1 && mpz_root(root.get_mpz_t(), prime.get_mpz_t(), q) != 0) prime = root, count = q;
      if (prime > kSmallPrimeLimit * kSmallPrimeLimit) independent_ = false;
      const unsigned exponent = count * p;
      mpq_class factor = power_of(prime, exponent / q);
      Polynomial value = constant(above ? factor : mpq_class(1 / factor));
      if (const unsigned rest = exponent % q; rest > 0) {
        const Quotient g = generator("root" + std::to_string(q) + "," + prime.get_str(62), q, prime);
        for (unsigned i = 0; i < rest; ++i) value = multiply(value, g.numerator);
        // 1/g = g^(q-1) / g^q: roots stay in the numerator.
        if (!above) {
          value = constant(1 / factor / prime);
          for (unsigned i = rest; i < q; ++i) value = multiply(value, g.numerator);
        }
      }
      result.numerator = multiply(result.numerator, value);
    }
  }
  return result;
}

Quotient NormalForms::power(const Quotient& base, const mpq_class& exponent, const Node& node) {
  if (is_integer(exponent)) return integer_power(base, exponent.get_num(), node);
  if (!exponent.get_den().fits_uint_p() || exponent.get_den() > 60) return opaque(node);
  const mpz_class p = abs(exponent.get_num());
  if (p > 1000) return opaque(node);
  const auto q = static_cast<unsigned>(exponent.get_den().get_ui());
  Quotient root;
  const auto value = constant_quotient(base);
  const auto exact = value ? root_of_number(*value, static_cast<unsigned>(p.get_ui()), q) : std::nullopt;
  if (exact) {
    root = *exact;
  } else {
    independent_ = false;
    root = integer_power(generator("<root" + std::to_string(q) + "," + key(base) + ">"), p, node);
  }
  return exponent < 0 ? integer_power(root, -1, node) : root;
}

/// Functions of whole numbers, and those that are written as powers.
std::optional<Quotient> NormalForms::exact_call(const Node& node) {
  const auto exact = [](const mpq_class& value) { return Quotient{constant(value), constant(1)}; };
  if (node.name == "exp" && node.args.size() == 1) return of(math::power(symbol("e"), node.args[0]));
  std::vector<mpq_class> values;
  for (const Node& arg : node.args) {
    const auto value = constant_quotient(of(arg));
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  if (values.empty()) return std::nullopt;
  if (node.name == "abs" && values.size() == 1) return exact(abs(values[0]));
  mpz_class whole;
  if (node.name == "floor" && values.size() == 1) {
    mpz_fdiv_q(whole.get_mpz_t(), values[0].get_num_mpz_t(), values[0].get_den_mpz_t());
    return exact(whole);
  }
  if (node.name == "ceil" && values.size() == 1) {
    mpz_cdiv_q(whole.get_mpz_t(), values[0].get_num_mpz_t(), values[0].get_den_mpz_t());
    return exact(whole);
  }
  if (node.name == "max" || node.name == "min") {
    mpq_class best = values[0];
    for (const mpq_class& v : values) best = (node.name == "max") == (v > best) ? v : best;
    return exact(best);
  }
  for (const mpq_class& v : values) {
    if (!is_integer(v)) return std::nullopt;
  }
  const mpz_class n = values[0].get_num();
  if (node.name == "factorial" && n >= 0 && n <= kMaxFactorial) {
    budget_.spend(1 + static_cast<int64_t>(n.get_ui()) / 16);
    mpz_fac_ui(whole.get_mpz_t(), n.get_ui());
    return exact(whole);
  }
  if (values.size() < 2) return std::nullopt;
  const mpz_class k = values[1].get_num();
  if (node.name == "binomial" && n >= 0 && n <= kMaxBinomial && k >= 0) {
    budget_.spend(1 + static_cast<int64_t>(n.get_ui()) / 16);
    mpz_bin_ui(whole.get_mpz_t(), n.get_mpz_t(), k > n ? n.get_ui() + 1 : k.get_ui());
    return exact(whole);
  }
  if (node.name == "gcd" || node.name == "lcm") {
    mpz_class result = n;
    for (const mpq_class& v : values) {
      const mpz_class previous = result;
      (node.name == "gcd" ? mpz_gcd : mpz_lcm)(result.get_mpz_t(), previous.get_mpz_t(), v.get_num_mpz_t());
    }
    return exact(result);
  }
  if (node.name == "mod" && k > 0) {
    mpz_fdiv_r(whole.get_mpz_t(), n.get_mpz_t(), k.get_mpz_t());
    return exact(whole);
  }
  return std::nullopt;
}

Quotient NormalForms::of(const Node& node) {
  budget_.spend();
  switch (node.kind) {
    case Kind::number:
      return {constant(node.value), constant(1)};
    case Kind::symbol:
      if (node.name == "i") return generator("i", 2, -1);
      if (node.name == "e") independent_ = false;  // nothing is known about e and pi together
      return generator(node.name);
    case Kind::sum: {
      Quotient result = {{}, constant(1)};
      for (const Node& arg : node.args) result = add(result, of(arg));
      return result;
    }
    case Kind::product: {
      Quotient result = {constant(1), constant(1)};
      for (const Node& arg : node.args) result = multiply(result, of(arg));
      return result;
    }
    case Kind::power: {
      const auto exponent = constant_quotient(of(node.args[1]));
      if (!exponent) return opaque(node);
      return power(of(node.args[0]), *exponent, node);
    }
    case Kind::call:
      if (const auto value = exact_call(node)) return *value;
      return opaque(node);
    case Kind::percent: {
      const Quotient value = of(node.args[0]);
      return multiply(value, {constant(mpq_class(1, 100)), constant(1)});
    }
    default:
      return opaque(node);
  }
}

std::optional<mpq_class> rational_value(const Node& node, Budget& budget) {
  if (node.is(Kind::number)) return node.value;
  NormalForms forms(budget);
  return constant_quotient(forms.of(node));
}

}  // namespace hone::math
