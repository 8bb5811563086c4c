#include "rl/loss_types.h"

#include <vector>

#include <ATen/ATen.h>

#include "base/check.h"
#include "base/text.h"

namespace hone {

at::Tensor importance_ratio(const at::Tensor& log_ratio) {
  constexpr double kMaxLogRatio = 20.0;
  // oneMKL before 2025.0 chooses the kernel of exp in its first call; where several threads make that call at once, one
  // of them may get a kernel with errors of 1e-4 (pytorch/pytorch#188792). So the first call is made by one thread.
  [[maybe_unused]] static const bool chosen = [] {
    for (const at::ScalarType type : {at::kFloat, at::kDouble}) at::zeros({1}, type).exp();
    return true;
  }();
  return log_ratio.clamp(-kMaxLogRatio, kMaxLogRatio).exp();
}

namespace {

/// -min(r A, clip(r, 1 - epsilon, 1 + epsilon_high) A), r = pi / pi_old (PPO; DAPO's clip-higher where the two differ).
/// With delta: at most delta |A| where A < 0 (dual clip, Ye et al. 2020), so one token cannot dominate the update.
at::Tensor clipped_surrogate(const LossInputs& in, const LossConfig& config, const at::Tensor& log_ratio) {
  const at::Tensor ratio = importance_ratio(log_ratio);
  const at::Tensor clipped = ratio.clamp(1 - config.epsilon, 1 + upper_epsilon(config));
  at::Tensor loss = -at::minimum(ratio * in.advantages, clipped * in.advantages);
  if (config.delta) {
    loss = at::where(in.advantages < 0, at::minimum(loss, in.advantages * -*config.delta), loss);
  }
  return loss;
}

const Aggregation kSequenceMean = {  // mean over sequences of their token means
    .token_weight = [](int64_t length) { return 1.0 / static_cast<double>(length); },
    .denominator = [](const TokenCounts& counts, int64_t) { return static_cast<double>(counts.sequences); }};

const Aggregation kTokenMean = {  // mean over all tokens of the optimiser step
    .token_weight = [](int64_t) { return 1.0; },
    .denominator = [](const TokenCounts& counts, int64_t) { return static_cast<double>(counts.tokens); }};

const Aggregation kConstantLength = {  // sum over tokens, by a divisor that no completion can change
    .token_weight = [](int64_t) { return 1.0; },
    .denominator =
        [](const TokenCounts& counts, int64_t max_completion_length) {
          HONE_CHECK(max_completion_length > 0, ErrorKind::usage,
                     "loss_type dr_grpo divides by max_completion_length: expected at least 1, got {}",
                     max_completion_length);
          return static_cast<double>(counts.sequences) * static_cast<double>(max_completion_length);
        }};

/// A new loss is a function above and a line here.
const LossType kLossTypes[] = {
    {"grpo", clipped_surrogate, kSequenceMean},
    {"dapo", clipped_surrogate, kTokenMean},
    {"bnpo", clipped_surrogate, kTokenMean},
    {"dr_grpo", clipped_surrogate, kConstantLength},
};

}  // namespace

const LossType& find_loss_type(const std::string& name) {
  std::vector<std::string> known;
  for (const LossType& type : kLossTypes) {
    if (type.name == name) return type;
    known.emplace_back(type.name);
  }
  fail(ErrorKind::usage, "loss_type: unknown value '{}', expected one of {}{}", quote_for_message(name),
       join(known, " | "), did_you_mean(name, known));
}

}  // namespace hone
