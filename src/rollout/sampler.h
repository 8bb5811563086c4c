// One token from one row of logits. A draw is a pure function of the logits, the options and a counter-based key.
#pragma once

#include <cstdint>
#include <span>

#include "hone/recipe.h"

namespace hone {

struct Draw {
  int32_t token = 0;
  float logp = 0.f;          // log-prob under the full distribution at the temperature (at 1 where greedy)
  float logp_sampled = 0.f;  // under the truncated, penalised distribution that the token was drawn from
};

/// Draws from logits [vocab]. `uniform` in [0, 1) picks the quantile; ignored at temperature 0, where the lowest id
/// among the likeliest tokens is taken. The order of transformers: repetition penalty, temperature, top-k, top-p,
/// min-p. `history` holds prompt and completion so far, for the penalty. Error(data) when a logit is not a number.
Draw sample_token(std::span<const float> logits, const SamplingConfig& options, std::span<const int32_t> prompt,
                  std::span<const int32_t> completion, double uniform);

/// True when tokens are drawn from something other than the full softmax.
bool truncates(const SamplingConfig& options);

}  // namespace hone
