// AdamW on flat fp32 arrays, and the gradient norm. Both give the same bits for every number of threads.
#pragma once

#include <cstdint>
#include <span>

namespace hone {

/// One update's numbers, named as in torch.optim.AdamW.
struct AdamWOptions {
  double lr = 1e-6;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.0;  // decoupled: weights *= 1 - lr * weight_decay
};

/// Updates `weights` and the moments in one pass. All spans have one length; `m` and `v` start as zeros.
/// `step` counts updates from 1 (this one included). Gradients are multiplied by `grad_scale` (the clip factor) as they
/// are read. Equals torch.optim.AdamW in fp32 up to rounding. Error(shape) for lengths that differ, Error(usage) for
/// numbers out of range.
void adamw_step(std::span<float> weights, std::span<const float> grads, std::span<float> m, std::span<float> v,
                int64_t step, const AdamWOptions& options, double grad_scale = 1.0);

/// Sum of squares in double, in a fixed order. Not finite if any element is not, which is how NaN and infinite
/// gradients are found; finite fp32 elements cannot overflow it.
double squared_norm(std::span<const float> values);

/// sqrt(squared_norm(values)).
double grad_norm(std::span<const float> values);

/// Factor that brings gradients of norm `norm` to at most `max_norm`, as torch.nn.utils.clip_grad_norm_ (which adds
/// 1e-6 to the norm). 1 if `max_norm` is 0 (no clipping). Error(internal) for a norm that is not finite: such gradients
/// must not reach the weights.
double clip_factor(double norm, double max_norm);

}  // namespace hone
