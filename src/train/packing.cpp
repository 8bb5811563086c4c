#include "train/packing.h"

#include <algorithm>

namespace hone {
namespace {

int64_t tokens_in(const MicroBatch& batch) { return static_cast<int64_t>(batch.tokens.ids.size()); }

/// Appends a segment and returns its index.
int32_t add_segment(TokenBatch& batch, std::span<const int32_t> ids, int32_t prefix) {
  batch.segments.push_back({static_cast<int64_t>(batch.ids.size()), static_cast<int64_t>(ids.size()), prefix});
  batch.ids.insert(batch.ids.end(), ids.begin(), ids.end());
  return static_cast<int32_t>(batch.segments.size()) - 1;
}

}  // namespace

std::vector<MicroBatch> pack_samples(std::span<const Group> groups, std::span<const SampleRef> samples,
                                     int64_t max_tokens) {
  std::vector<MicroBatch> batches;
  int32_t open_group = -1, prompt_segment = -1;
  for (const SampleRef& ref : samples) {
    const Group& group = groups[static_cast<size_t>(ref.group)];
    const std::vector<int32_t>& completion = group.samples[static_cast<size_t>(ref.sample)].ids;
    if (completion.empty()) continue;
    const std::vector<int32_t>& prompt = group.prompt.ids;
    const int64_t n = static_cast<int64_t>(completion.size()), p = static_cast<int64_t>(prompt.size());
    const int64_t extra = n + (ref.group == open_group ? 0 : p);
    if (batches.empty() || (tokens_in(batches.back()) > 0 && tokens_in(batches.back()) + extra > max_tokens)) {
      batches.emplace_back();
      open_group = -1;
    }
    MicroBatch& batch = batches.back();
    if (ref.group != open_group) {
      prompt_segment = add_segment(batch.tokens, prompt, -1);
      open_group = ref.group;
    }
    // The prompt's last row predicts the first token of every completion; each later token is predicted by the one
    // before.
    const Segment before = batch.tokens.segments[static_cast<size_t>(prompt_segment)];
    const int32_t segment = add_segment(batch.tokens, completion, prompt_segment);
    const int64_t start = batch.tokens.segments[static_cast<size_t>(segment)].start;
    batch.tokens.predict_rows.push_back(static_cast<int32_t>(before.start + before.length - 1));
    for (int64_t i = 0; i + 1 < n; ++i) batch.tokens.predict_rows.push_back(static_cast<int32_t>(start + i));
    batch.tokens.targets.insert(batch.tokens.targets.end(), completion.begin(), completion.end());
    batch.lengths.push_back(n);
    batch.samples.push_back(ref);
  }
  return batches;
}

std::vector<MicroBatch> pack_examples(std::span<const SftExample> examples, int64_t max_tokens) {
  std::vector<MicroBatch> batches;
  for (size_t e = 0; e < examples.size(); ++e) {
    const SftExample& example = examples[e];
    if (std::count(example.trained.begin(), example.trained.end(), 1) == 0) continue;
    const int64_t n = static_cast<int64_t>(example.ids.size());
    if (batches.empty() || tokens_in(batches.back()) + n > max_tokens) batches.emplace_back();
    MicroBatch& batch = batches.back();
    const int64_t start = tokens_in(batch);
    add_segment(batch.tokens, example.ids, -1);
    int64_t trained = 0;
    for (int64_t i = 1; i < n; ++i) {
      if (!example.trained[static_cast<size_t>(i)]) continue;
      batch.tokens.predict_rows.push_back(static_cast<int32_t>(start + i - 1));
      batch.tokens.targets.push_back(example.ids[static_cast<size_t>(i)]);
      ++trained;
    }
    batch.lengths.push_back(trained);
    batch.examples.push_back(static_cast<int32_t>(e));
  }
  return batches;
}

}  // namespace hone
