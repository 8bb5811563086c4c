// Polynomials in any number of generators with rational coefficients, kept in a normal form: equal ones are identical.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmpxx.h>

#include "reward/math/budget.h"

namespace hone::math {

/// What a polynomial is written in: a variable, or a number with `g^order = value` (i: order 2, value -1).
struct Generator {
  std::string name;
  unsigned order = 0;  // 0: no relation
  mpq_class value;
};

using Monomial = std::vector<std::pair<uint32_t, uint32_t>>;  // (generator, exponent > 0), ascending
using Polynomial = std::map<Monomial, mpq_class>;             // no zero coefficients; the empty one is 0

Polynomial constant(const mpq_class& value);
bool is_constant(const Polynomial& p);          // 0 counts
mpq_class constant_value(const Polynomial& p);  // of a constant one

Polynomial add(const Polynomial& a, const Polynomial& b, Budget& budget);
/// Powers of generators are reduced by their relations.
Polynomial multiply(const Polynomial& a, const Polynomial& b, const std::vector<Generator>& generators, Budget& budget);

/// One text for equal polynomials.
std::string to_key(const Polynomial& p, const std::vector<Generator>& generators);

}  // namespace hone::math
