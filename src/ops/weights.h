// Weights as the kernels use them: matrices packed once per update for the products, vectors in fp32. Gradients
// accumulate in fp32 beside them, outside autograd: a backward pass adds to `grad` directly.
#pragma once

#include <cstdint>

#include "base/buffer.h"
#include "kernels/cpu/kernels.h"

namespace hone {

using kernels::Type;

/// W [rows, cols] of y = x W^T + bias. `packed` is the one compute copy that rollout and training share.
struct Matrix {
  int64_t rows = 0, cols = 0;
  Type type = Type::f32;
  Buffer packed;                // kernels::packed_units(type, rows, cols)
  float* grad = nullptr;        // [rows, cols], accumulated; null when not training
  const float* bias = nullptr;  // [rows]
  float* bias_grad = nullptr;

  Matrix() = default;
  Matrix(int64_t rows, int64_t cols, Type type);
  /// Rounds rows [first, first + count) of W [rows, cols] fp32 into the compute copy.
  void pack(const float* values, int64_t first, int64_t count);
};

/// RMSNorm weight; some families store w and apply (offset + w).
struct Norm {
  const float* weight = nullptr;  // [size]
  float* grad = nullptr;
  int64_t size = 0;
  float offset = 0.f, eps = 1e-6f;
  explicit operator bool() const { return weight != nullptr; }
};

}  // namespace hone
