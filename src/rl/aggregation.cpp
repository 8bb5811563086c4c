// Counting trained tokens, their weights and the denominator of an optimiser step.
#include <limits>

#include "base/check.h"
#include "rl/loss_types.h"

namespace hone {

int64_t trained_length(const Sample& sample, bool mask_truncated_completions) {
  if (mask_truncated_completions && sample.finish != Finish::stop) return 0;
  return static_cast<int64_t>(sample.ids.size());
}

TokenCounts& TokenCounts::operator+=(const TokenCounts& other) {
  sequences += other.sequences;
  tokens += other.tokens;
  return *this;
}

TokenCounts count_tokens(std::span<const int64_t> lengths) {
  TokenCounts counts;
  for (const int64_t length : lengths) {
    HONE_CHECK(length >= 0, ErrorKind::shape, "lengths: expected at least 0 tokens, got {}", length);
    HONE_CHECK(length <= std::numeric_limits<int64_t>::max() - counts.tokens, ErrorKind::shape,
               "lengths: {} more tokens overflow the count", length);
    counts += {.sequences = length > 0 ? 1 : 0, .tokens = length};
  }
  return counts;
}

std::vector<double> token_weights(const std::string& loss_type, std::span<const int64_t> lengths) {
  const Aggregation& aggregation = find_loss_type(loss_type).aggregation;
  std::vector<double> weights;
  weights.reserve(static_cast<size_t>(count_tokens(lengths).tokens));
  for (const int64_t length : lengths) {
    if (length > 0) weights.insert(weights.end(), static_cast<size_t>(length), aggregation.token_weight(length));
  }
  return weights;
}

double loss_denominator(const std::string& loss_type, const TokenCounts& counts, int64_t max_completion_length) {
  const Aggregation& aggregation = find_loss_type(loss_type).aggregation;
  HONE_CHECK(counts.sequences > 0 && counts.tokens >= counts.sequences, ErrorKind::data,
             "loss_type {}: no denominator for {} trained tokens in {} sequences; a step in which every completion is "
             "masked must be skipped",
             loss_type, counts.tokens, counts.sequences);
  return aggregation.denominator(counts, max_completion_length);
}

}  // namespace hone
