#include "rollout/sampler.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "kernels/cpu/kernels.h"
#include "ops/head.h"

namespace hone {
namespace {

using kernels::kVocabChunk;

int32_t argmax(std::span<const float> logits) {
  return static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

/// Inverse CDF over the full softmax: the chunks' masses first, then one chunk.
int32_t draw_full(std::span<const float> logits, float scale, const RowStats& stats, double uniform) {
  const int64_t vocab = static_cast<int64_t>(logits.size()), chunks = static_cast<int64_t>(stats.chunks.size());
  const auto mass = [&](int64_t c) {
    const kernels::LogitStats& s = stats.chunks[static_cast<size_t>(c)];
    return static_cast<double>(s.sum) * std::exp(static_cast<double>(s.max) - static_cast<double>(stats.row.max));
  };
  double total = 0;
  for (int64_t c = 0; c < chunks; ++c) total += mass(c);
  const double target = uniform * total;
  double before = 0;
  for (int64_t c = 0; c < chunks; ++c) {
    if (before + mass(c) <= target && c + 1 < chunks) {
      before += mass(c);
      continue;
    }
    const int64_t first = c * kVocabChunk, n = std::min(kVocabChunk, vocab - first);
    double base = before;
    const int64_t found = kernels::table().find_quantile(logits.data() + first, n, scale, stats.row.max, target, &base);
    if (found >= 0) return static_cast<int32_t>(first + found);
    before = base;  // the chunk's mass was rounded up: go on in the next one
  }
  return argmax(logits);  // only when rounding let the target slip past the last token
}

/// Token ids and scaled logits that survive truncation, likeliest first, ties by id.
struct Candidate {
  float logit;
  int32_t id;
};
bool likelier(const Candidate& a, const Candidate& b) { return a.logit != b.logit ? a.logit > b.logit : a.id < b.id; }

std::vector<Candidate> above(std::span<const float> scaled, float threshold) {
  std::vector<Candidate> out;
  for (size_t i = 0; i < scaled.size(); ++i)
    if (scaled[i] >= threshold) out.push_back({scaled[i], static_cast<int32_t>(i)});
  return out;
}

/// The candidates that can matter, without sorting the vocabulary: all, the top k with ties, or a window below the
/// maximum that is widened until it holds the nucleus.
std::vector<Candidate> candidates(std::span<const float> scaled, const SamplingConfig& o, float max) {
  if (o.top_k > 0 && o.top_k < static_cast<int64_t>(scaled.size())) {
    std::vector<float> values(scaled.begin(), scaled.end());
    std::nth_element(values.begin(), values.begin() + (o.top_k - 1), values.end(), std::greater<>());
    return above(scaled, values[static_cast<size_t>(o.top_k - 1)]);
  }
  if (o.top_p >= 1.0) return above(scaled, o.min_p > 0 ? max + static_cast<float>(std::log(o.min_p)) - 1.f : -INFINITY);
  double total = 0;
  for (const float x : scaled) total += std::exp(static_cast<double>(x) - max);
  for (float window = 8.f;; window *= 2) {
    std::vector<Candidate> kept = above(scaled, max - window);
    double mass = 0;
    for (const Candidate& c : kept) mass += std::exp(static_cast<double>(c.logit) - max);
    if (mass >= o.top_p * total || kept.size() == scaled.size()) return kept;
  }
}

Draw draw_truncated(std::span<const float> scaled, const SamplingConfig& o, double uniform) {
  const float max = *std::max_element(scaled.begin(), scaled.end());
  std::vector<Candidate> kept = candidates(scaled, o, max);
  std::sort(kept.begin(), kept.end(), likelier);
  const auto weight = [&](const Candidate& c) { return std::exp(static_cast<double>(c.logit) - max); };
  if (o.top_p < 1.0) {  // the smallest prefix whose mass reaches top_p; at least one token
    double total = 0;
    if (o.top_k > 0)
      for (const Candidate& c : kept) total += weight(c);
    else
      for (const float x : scaled) total += std::exp(static_cast<double>(x) - max);
    double mass = 0;
    size_t n = 0;
    while (n < kept.size() && (n == 0 || mass < o.top_p * total)) mass += weight(kept[n++]);
    kept.resize(n);
  }
  if (o.min_p > 0) {
    const auto end =
        std::find_if(kept.begin() + 1, kept.end(), [&](const Candidate& c) { return weight(c) < o.min_p; });
    kept.erase(end, kept.end());
  }
  double total = 0;
  for (const Candidate& c : kept) total += weight(c);
  const double target = uniform * total;
  double mass = 0;
  const Candidate* chosen = &kept.front();
  for (const Candidate& c : kept) {
    mass += weight(c);
    if (weight(c) > 0) chosen = &c;
    if (mass > target) break;
  }
  return {chosen->id, 0.f, static_cast<float>(static_cast<double>(chosen->logit) - max - std::log(total))};
}

}  // namespace

bool truncates(const SamplingConfig& o) {
  return o.temperature > 0 && (o.top_p < 1.0 || o.top_k > 0 || o.min_p > 0 || o.repetition_penalty != 1.0);
}

Draw sample_token(std::span<const float> logits, const SamplingConfig& o, std::span<const int32_t> prompt,
                  std::span<const int32_t> completion, double uniform) {
  const int64_t vocab = static_cast<int64_t>(logits.size());
  const float scale = o.temperature > 0 ? 1.f / static_cast<float>(o.temperature) : 1.f;
  const RowStats stats = row_stats(logits.data(), vocab, scale);
  const float lse = log_sum_exp(stats.row);
  HONE_CHECK(std::isfinite(lse), ErrorKind::data,
             "the model's logits are not finite (log-sum-exp {}): its weights hold NaN or "
             "overflow",
             lse);
  std::vector<float> changed;
  std::span<const float> row = logits;
  if (o.repetition_penalty != 1.0) {
    changed.assign(logits.begin(), logits.end());
    std::vector<int32_t> seen(prompt.begin(), prompt.end());
    seen.insert(seen.end(), completion.begin(), completion.end());
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    const float penalty = static_cast<float>(o.repetition_penalty);
    for (const int32_t id : seen) {
      if (id < 0 || id >= vocab) continue;
      float& l = changed[static_cast<size_t>(id)];
      l = l > 0 ? l / penalty : l * penalty;
    }
    row = changed;
  }
  Draw draw;
  if (o.temperature <= 0) {
    draw.token = argmax(row);
  } else if (!truncates(o)) {
    draw.token = draw_full(logits, scale, stats, uniform);
  } else {
    if (changed.empty()) changed.assign(logits.begin(), logits.end());
    for (float& l : changed) l *= scale;
    draw = draw_truncated(changed, o, uniform);
  }
  draw.logp = logits[static_cast<size_t>(draw.token)] * scale - lse;
  if (!truncates(o)) draw.logp_sampled = draw.logp;
  return draw;
}

}  // namespace hone
