// What one forward pass of training sees: packed tokens, without padding.
#pragma once

#include <cstdint>
#include <vector>

namespace hone {

/// Consecutive rows of a batch that form one sequence, or one continuation of an earlier segment of the same batch.
struct Segment {
  int64_t start = 0;    // first row
  int64_t length = 0;   // rows
  int32_t prefix = -1;  // index of the segment it continues (which has no prefix itself), or -1
};

/// Packed sequences. A group's prompt is stored, and computed, once: its completions are segments with that prefix.
/// Continuations stand directly behind their prefix. Positions follow from the segments.
struct TokenBatch {
  std::vector<int32_t> ids;  // [T]
  std::vector<Segment> segments;
  std::vector<int32_t> predict_rows;  // [N] row whose output predicts the n-th trained token; may repeat
  std::vector<int32_t> targets;       // [N] the trained tokens
};

}  // namespace hone
