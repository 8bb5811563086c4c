// Small weights with fp32 masters for the tests of ops.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ops/tensor.h"

namespace hone::testing {

/// A trainable matrix: packed copy, fp32 values (rounded to the compute type, so that references see the same numbers)
/// and a gradient.
struct TestMatrix {
  Tensor values, grad;
  Matrix matrix;
  TestMatrix(int64_t rows, int64_t cols, Type type, double scale = 1.0) : matrix(rows, cols, type) {
    values = cast(cast(at::randn({rows, cols}) * scale / std::sqrt(static_cast<double>(cols)), type), Type::f32);
    grad = at::zeros({rows, cols});
    matrix.pack(floats(values), 0, rows);
    matrix.grad = floats(grad);
  }
};

struct TestNorm {
  Tensor values, grad;
  Norm norm;
  explicit TestNorm(int64_t size, float offset = 0.f)
      : values(at::randn({size}) * 0.3 + 1.0),
        grad(at::zeros({size})),
        norm{floats(values), floats(grad), size, offset, 1e-5f} {}
};

inline bool same_bits(const Tensor& a, const Tensor& b) {
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() && a.contiguous().equal(b.contiguous());
}

/// Largest |a - b| / (1 + |b|).
inline double difference(const Tensor& a, const Tensor& b) {
  const Tensor x = a.to(at::kDouble), y = b.to(at::kDouble);
  return ((x - y).abs() / (1 + y.abs())).max().item<double>();
}

}  // namespace hone::testing
