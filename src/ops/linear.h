// Linear layers with what stands directly before them fused in: a norm or a gated activation is recomputed in the
// backward pass instead of being kept.
#pragma once

#include "ops/tensor.h"

namespace hone {

enum class Glu { silu, gelu };

/// y [T, w.rows] = rms_norm(x) W^T (+ bias), x [T, D] fp32. y is of `out` type.
Tensor norm_linear(const Tensor& x, const Norm& norm, const Matrix& w, Type out);

/// y [T, w.rows] = x W^T (+ residual), x [T, w.cols] of w.type; y is fp32; residual [T, w.rows] fp32 or undefined.
Tensor linear(const Tensor& x, const Matrix& w, const Tensor& residual);

/// y [T, w.rows] = (act(gate) * up) W^T (+ residual) with gate_up [T, 2 * w.cols] of w.type: gates, then ups. y is
/// fp32.
Tensor glu_linear(const Tensor& gate_up, Glu act, const Matrix& w, const Tensor& residual);

/// residual + rms_norm(x), both [T, D] fp32: the norm after a sublayer of the Gemma family.
Tensor add_norm(const Tensor& residual, const Tensor& x, const Norm& norm);

/// RMSNorm(x) of x [T, D] fp32 in `out` type.
Tensor norm_rows(const Tensor& x, const Norm& norm, Type out);

// Plain references, differentiable by Torch, in fp32 (weights are given as tensors): the oracles of the tests.
Tensor rms_norm_reference(const Tensor& x, const Tensor& weight, double offset, double eps);
Tensor glu_reference(const Tensor& gate_up, Glu act);

}  // namespace hone
