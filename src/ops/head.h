// The vocabulary head: log-probs of given tokens, and logits for the sampler. Both reduce the softmax over the same
// chunks in the same order, so a log-prob recorded while sampling equals the trained one bit for bit. Logits of a whole
// batch times the vocabulary never exist.
#pragma once

#include <vector>

#include "ops/tensor.h"

namespace hone {

struct HeadOutput {
  Tensor logp;     // [N] fp32, differentiable
  Tensor entropy;  // [N] fp32, differentiable; of the full distribution at this temperature
  Tensor correct;  // [N] bool: the target is the likeliest token
};

/// log softmax(h W^T / temperature)[target] for h [N, D] of w.type.
HeadOutput head_logprobs(const Tensor& h, const Matrix& w, const std::vector<int32_t>& targets, float temperature);

/// Logits [N, V] fp32 of a few rows, not scaled.
Tensor head_logits(const Tensor& h, const Matrix& w);

/// Statistics of one row of logits at a temperature (without the entropy), and of its chunks.
struct RowStats {
  kernels::LogitStats row;
  std::vector<kernels::LogitStats> chunks;
};

/// The chunked reduction that head_logprobs runs; scale = 1 / temperature.
RowStats row_stats(const float* logits, int64_t vocab, float scale);

/// lse = max + log(sum) and the entropy in nats.
float log_sum_exp(const kernels::LogitStats& stats);
float entropy_of(const kernels::LogitStats& stats);

/// The same in plain Torch: logits [N, V] -> log-probs [N].
Tensor logprobs_reference(const Tensor& logits, const Tensor& targets, double temperature);

}  // namespace hone
