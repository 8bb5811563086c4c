// The table of policy losses: what a token contributes, and how tokens are averaged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hone/loss.h"

namespace hone {

/// How tokens become one number: a weight that depends on the sequence's length, and one denominator.
struct Aggregation {
  double (*token_weight)(int64_t length);
  double (*denominator)(const TokenCounts& counts, int64_t max_completion_length);
};

/// The policy term of each token, [T], from log_ratio = logp - logp_old [T] (with gradient).
using Surrogate = at::Tensor (*)(const LossInputs& in, const LossConfig& config, const at::Tensor& log_ratio);

struct LossType {
  std::string_view name;
  Surrogate surrogate;
  Aggregation aggregation;
};

/// Error(usage) for a name that is not in the table lists those that are.
const LossType& find_loss_type(const std::string& name);

/// Upper end of the ratio clip: epsilon_high, or epsilon where that is not set.
inline double upper_epsilon(const LossConfig& config) { return config.epsilon_high.value_or(config.epsilon); }

/// exp(log_ratio), log_ratio being clamped to +-20: e^20 is clipped anyway, and exp never overflows into 0 * inf.
at::Tensor importance_ratio(const at::Tensor& log_ratio);

}  // namespace hone
