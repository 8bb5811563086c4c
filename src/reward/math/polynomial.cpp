#include "reward/math/polynomial.h"

namespace hone::math {
namespace {

constexpr uint64_t kMaxExponent = 1u << 30;

int64_t limbs(const mpq_class& q) {
  return static_cast<int64_t>(mpz_size(q.get_num_mpz_t()) + mpz_size(q.get_den_mpz_t()));
}

void accumulate(Polynomial& p, const Monomial& monomial, const mpq_class& coefficient) {
  const auto [term, is_new] = p.try_emplace(monomial, coefficient);
  if (is_new) return;
  term->second += coefficient;
  if (term->second == 0) p.erase(term);
}

/// Appends generator^exponent, reduced, to an ascending monomial.
void append(Monomial& out, mpq_class& coefficient, uint32_t generator, uint64_t exponent, const Generator& g) {
  if (exponent > kMaxExponent) throw OutOfSteps{};
  if (g.order > 0 && exponent >= g.order) {
    mpq_class factor;
    const auto times = static_cast<unsigned long>(exponent / g.order);
    const size_t bits = mpz_sizeinbase(g.value.get_num_mpz_t(), 2) + mpz_sizeinbase(g.value.get_den_mpz_t(), 2);
    if (g.value != -1 && times * bits > 1 << 16) throw OutOfSteps{};
    if (g.value == -1) {
      factor = times % 2 == 1 ? -1 : 1;
    } else {
      mpz_pow_ui(factor.get_num_mpz_t(), g.value.get_num_mpz_t(), times);
      mpz_pow_ui(factor.get_den_mpz_t(), g.value.get_den_mpz_t(), times);
    }
    coefficient *= factor;
    exponent %= g.order;
  }
  if (exponent > 0) out.emplace_back(generator, static_cast<uint32_t>(exponent));
}

}  // namespace

Polynomial constant(const mpq_class& value) {
  Polynomial p;
  if (value != 0) p.emplace(Monomial{}, value);
  return p;
}

bool is_constant(const Polynomial& p) { return p.empty() || (p.size() == 1 && p.begin()->first.empty()); }

mpq_class constant_value(const Polynomial& p) { return p.empty() ? mpq_class(0) : p.begin()->second; }

Polynomial add(const Polynomial& a, const Polynomial& b, Budget& budget) {
  Polynomial out = a;
  for (const auto& [monomial, coefficient] : b) {
    budget.spend(1 + limbs(coefficient) / 8);
    accumulate(out, monomial, coefficient);
  }
  return out;
}

Polynomial multiply(const Polynomial& a, const Polynomial& b, const std::vector<Generator>& generators,
                    Budget& budget) {
  Polynomial out;
  for (const auto& [ma, ca] : a) {
    for (const auto& [mb, cb] : b) {
      budget.spend(1 + limbs(ca) * limbs(cb) / 256 + static_cast<int64_t>(ma.size() + mb.size()) / 2);
      mpq_class coefficient = ca * cb;
      Monomial monomial;
      size_t i = 0, j = 0;
      while (i < ma.size() || j < mb.size()) {
        const bool left = j == mb.size() || (i < ma.size() && ma[i].first <= mb[j].first);
        const bool right = i == ma.size() || (j < mb.size() && mb[j].first <= ma[i].first);
        const uint32_t generator = left ? ma[i].first : mb[j].first;
        uint64_t exponent = 0;
        if (left) exponent += ma[i++].second;
        if (right) exponent += mb[j++].second;
        append(monomial, coefficient, generator, exponent, generators[generator]);
      }
      accumulate(out, monomial, coefficient);
    }
  }
  return out;
}

std::string to_key(const Polynomial& p, const std::vector<Generator>& generators) {
  std::string key;
  for (const auto& [monomial, coefficient] : p) {
    key += (key.empty() ? "" : "+") + coefficient.get_str(62);
    for (const auto& [generator, exponent] : monomial) {
      key += "*" + generators[generator].name;
      if (exponent > 1) key += "^" + std::to_string(exponent);
    }
  }
  return key.empty() ? "0" : key;
}

}  // namespace hone::math
