// The three products of a linear layer, cut over the compute threads. X and Y are row-major [rows, n]; `type` operands.
#pragma once

#include "ops/tensor.h"

namespace hone {

/// Y [m, W.rows] = X [m, W.cols] W^T + bias (+ residual). X is of W.type; Y is bf16 or fp32; residual and Y are fp32
/// where a residual is given. Bit-identical for a row whatever m and the thread count.
void multiply(const void* x, int64_t m, const Matrix& w, void* y, Type y_type, const float* residual = nullptr);

/// dX [m, W.cols] of `dx_type` from dY [m, W.rows] of W.type; panels of W outside [row_begin, row_end) are left out.
void multiply_transposed(const void* dy, int64_t m, const Matrix& w, void* dx, Type dx_type);

/// dW [n, k] += dY^T X with dY [m, n] (row stride ldy) and X [m, k], both of `type`.
void accumulate_outer(Type type, const void* dy, int64_t ldy, int64_t n, const void* x, int64_t k, int64_t m,
                      float* dw);

/// sums [n] += column sums of dY [m, n] of `type`.
void accumulate_columns(Type type, const void* dy, int64_t m, int64_t n, float* sums);

/// Runs one product on the compute threads.
void run_gemm(const kernels::Gemm& gemm);

}  // namespace hone
