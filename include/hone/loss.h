// Policy losses of the GRPO family. One optimiser step has ONE denominator: each micro-batch on each rank contributes
//   loss = sum over its tokens of weight * per-token loss / denominator
// and gradients are summed, so that neither the split into micro-batches nor the number of ranks changes the result.
// docs/objectives.md has the formulas.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "hone/recipe.h"
#include "hone/types.h"

namespace hone {

/// The trained tokens of one micro-batch, sequence after sequence. T = tokens, N = sequences. Masked completions and
/// tokens are not in here at all. All tensors have logp's floating type (fp32, or fp64 in tests) and device.
struct LossInputs {
  at::Tensor logp;               // [T] log-probs under the policy that is trained, with gradient
  at::Tensor logp_old;           // [T] log-probs that the engine recorded when it sampled
  at::Tensor logp_ref;           // [T] log-probs under the reference model; undefined where no KL is wanted
  at::Tensor advantages;         // [T] the sequence's advantage on each of its tokens
  at::Tensor entropy;            // [T] entropy of the policy; undefined, or with gradient if entropy_coef > 0
  std::vector<int64_t> lengths;  // [N] trained tokens of each sequence, each at least 1, T in all
};

/// Sums, counts and extremes over trained tokens. Records of micro-batches and ranks combine with +=; the means that
/// are logged are made at the end (`kl_sum / tokens`), so each has one documented denominator.
struct LossMetrics {
  int64_t tokens = 0;
  int64_t sequences = 0;
  double loss = 0;           // this part of the step's loss, already divided by the denominator: parts add up
  double policy_loss = 0;    // the same without KL and entropy terms
  double kl_sum = 0;         // of the KL estimate per token; 0 without a reference
  double entropy_sum = 0;    // nats; 0 if no entropy was given
  int64_t clipped_low = 0;   // tokens with ratio < 1 - epsilon and A < 0
  int64_t clipped_high = 0;  // tokens with ratio > 1 + epsilon_high and A > 0
  int64_t dual_clipped = 0;  // tokens with ratio > delta and A < 0
  double clipped_low_min = std::numeric_limits<double>::infinity();    // smallest share of a sequence's tokens
  double clipped_high_max = -std::numeric_limits<double>::infinity();  // largest share
  double ratio_sum = 0;
  double ratio_min = std::numeric_limits<double>::infinity();
  double ratio_max = -std::numeric_limits<double>::infinity();
  double log_ratio_abs_max = 0;  // largest |logp - logp_old|: exactly 0 at the first update on a batch

  int64_t clipped() const { return clipped_low + clipped_high; }
  LossMetrics& operator+=(const LossMetrics& other);
};

struct LossOutput {
  at::Tensor loss;  // scalar, for backward()
  LossMetrics metrics;
};

/// How many trained tokens a batch holds, and in how many sequences. Sum these over all micro-batches and ranks of an
/// optimiser step, then ask for the denominator; a step with no tokens is to be skipped.
struct TokenCounts {
  int64_t sequences = 0;
  int64_t tokens = 0;
  TokenCounts& operator+=(const TokenCounts& other);
};

/// Trained tokens of a completion: all of them, or 0 where it is cut off and cut-off completions are masked.
int64_t trained_length(const Sample& sample, bool mask_truncated_completions);

/// Sequences of length 0 (masked) count for nothing.
TokenCounts count_tokens(std::span<const int64_t> lengths);

/// Aggregation weight of each token, [sum of lengths]: 1 / length for grpo, 1 for dapo, bnpo and dr_grpo.
std::vector<double> token_weights(const std::string& loss_type, std::span<const int64_t> lengths);

/// What the weighted sum over the whole optimiser step is divided by: sequences (grpo), tokens (dapo, bnpo), or
/// sequences * max_completion_length (dr_grpo). Error(data) if `counts` holds no token.
double loss_denominator(const std::string& loss_type, const TokenCounts& counts, int64_t max_completion_length);

/// The loss of one micro-batch. `denominator` is loss_denominator() of the whole step. Error(shape) for inputs that do
/// not fit each other, Error(usage) for options that contradict them, Error(internal) for a denominator that is not a
/// positive number.
LossOutput policy_loss(const LossInputs& in, const LossConfig& config, double denominator);

/// Per-token estimate [T] of KL(policy, reference) from samples of the policy: k1 = logp - logp_ref,
/// k2 = k1^2 / 2, k3 = exp(-k1) + k1 - 1. "k3_unbiased" is k3 here: its ratio is 1 for the policy that sampled.
/// For KL in the reward, where no gradient flows, and inside policy_loss, where it does.
at::Tensor kl_penalty(const at::Tensor& logp, const at::Tensor& logp_ref, const std::string& estimator);

}  // namespace hone
