// Token embedding out of the packed matrix that may also be the output head.
#pragma once

#include <vector>

#include "ops/tensor.h"

namespace hone {

/// x [T, w.cols] fp32 = scale * W[ids]. `anchor` is any tensor that requires grad: ids carry no graph of their own.
Tensor embed(const std::vector<int32_t>& ids, const Matrix& w, float scale, const Tensor& anchor);

/// Rows of x [T, D] fp32; a row may be taken several times, its gradients are added in order.
Tensor take_rows(const Tensor& x, const std::vector<int32_t>& rows);

}  // namespace hone
