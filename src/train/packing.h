// Sequences into micro-batches: packed by token budget, a group's prompt stored once per micro-batch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hone/batch.h"
#include "hone/types.h"

namespace hone {

/// A conversation for supervised training: tokens, and which of them are trained (never the first).
struct SftExample {
  std::vector<int32_t> ids;
  std::vector<uint8_t> trained;
};

struct SampleRef {
  int32_t group = 0, sample = 0;
};

/// A packed batch and what its trained tokens belong to: `lengths` trained tokens of each sequence, in order.
struct MicroBatch {
  TokenBatch tokens;
  std::vector<int64_t> lengths;    // [N], each at least 1
  std::vector<SampleRef> samples;  // [N] of pack_samples
  std::vector<int32_t> examples;   // [N] of pack_examples
};

/// Completions of groups, in the given order, all tokens of each trained. A batch takes sequences until the next would
/// exceed `max_tokens`; one longer sequence gets a batch of its own. Empty completions are left out.
std::vector<MicroBatch> pack_samples(std::span<const Group> groups, std::span<const SampleRef> samples,
                                     int64_t max_tokens);

/// Conversations one after the other; none sees another. Examples without a trained token are left out.
std::vector<MicroBatch> pack_examples(std::span<const SftExample> examples, int64_t max_tokens);

}  // namespace hone
