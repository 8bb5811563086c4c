// Arithmetic on boxes of complex numbers with outward rounding: the true value always lies inside. Throws Undefined
// where a function has no value, or none that the box can settle (a pole or a branch cut inside of it).
#pragma once

#include <gmpxx.h>
#include <mpfr.h>

#include "reward/math/normal_form.h"

namespace hone::math {

/// An MPFR number with value semantics.
class Real {
 public:
  explicit Real(mpfr_prec_t precision) { mpfr_init2(value_, precision); }
  Real(const Real& other) : Real(mpfr_get_prec(other.value_)) { mpfr_set(value_, other.value_, MPFR_RNDN); }
  Real(Real&& other) noexcept { *value_ = *other.value_, other.value_->_mpfr_d = nullptr; }
  Real& operator=(Real other) noexcept { return std::swap(*value_, *other.value_), *this; }
  ~Real() {
    if (value_->_mpfr_d) mpfr_clear(value_);
  }
  mpfr_ptr get() { return value_; }
  mpfr_srcptr get() const { return value_; }
  mpfr_prec_t precision() const { return mpfr_get_prec(value_); }
  int sign() const { return mpfr_sgn(value_); }

 private:
  mpfr_t value_;
};

struct Interval {
  Real low, high;

  explicit Interval(mpfr_prec_t precision) : low(precision), high(precision) {
    mpfr_set_zero(low.get(), 1), mpfr_set_zero(high.get(), 1);
  }
  Interval(const mpq_class& value, mpfr_prec_t precision);
  mpfr_prec_t precision() const { return low.precision(); }
  bool contains_zero() const { return low.sign() <= 0 && high.sign() >= 0; }
  bool is_zero() const { return low.sign() == 0 && high.sign() == 0; }
  bool positive() const { return low.sign() > 0; }
  bool negative() const { return high.sign() < 0; }
};

Interval operator-(const Interval& a);
Interval operator+(const Interval& a, const Interval& b);
Interval operator-(const Interval& a, const Interval& b);
Interval operator*(const Interval& a, const Interval& b);
Interval operator/(const Interval& a, const Interval& b);

struct Box {
  Interval re, im;

  Box(Interval r, Interval i) : re(std::move(r)), im(std::move(i)) {}
  explicit Box(Interval r) : re(std::move(r)), im(re.precision()) {}
  mpfr_prec_t precision() const { return re.precision(); }
  bool is_real() const { return im.is_zero(); }
  bool contains_zero() const { return re.contains_zero() && im.contains_zero(); }
};

Box operator+(const Box& a, const Box& b);
Box operator-(const Box& a, const Box& b);
Box operator*(const Box& a, const Box& b);
Box operator/(const Box& a, const Box& b);

Interval pi_interval(mpfr_prec_t precision);
Box exp(const Box& a);
Box log(const Box& a);
Box power(const Box& base, long exponent);
/// q-th root: the real one where the base is real and it exists, else the principal one.
Box root(const Box& base, unsigned q);
Box power(const Box& base, const Box& exponent);
Box abs(const Box& a);
/// sin, cos, tan, ..., arcsin, ..., sinh, ...: real arguments, and complex ones where a formula in exp exists.
/// Undefined for an unknown name.
Box function(std::string_view name, const Box& a);
bool is_evaluable_function(std::string_view name);

}  // namespace hone::math
