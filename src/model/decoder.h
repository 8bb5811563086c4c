// The forward pass of every family: one page, run by prefill, decode and training alike.
#pragma once

#include "model/policy.h"

namespace hone {

/// One transformer block: x [T, hidden] fp32 -> [T, hidden] fp32. Keys and values of the rows go to `store`.
Tensor decoder_block(const Layer& layer, Glu act, const RopeTable& rope, const Tensor& x,
                     const std::shared_ptr<const RowPlan>& plan, const KvStore& store);

/// Runs `block` on x keeping nothing but x for the backward pass, which runs it again.
Tensor checkpointed(const Tensor& x, std::function<Tensor(const Tensor&)> block);

}  // namespace hone
