// Packed batches to rows in KV blocks.
#include "model/policy.h"

namespace hone {
namespace {

using kernels::kKvBlock;

/// Adds one sequence's rows: block table `table`, rows [start, start + length) at positions from `first`.
void add_rows(RowPlan& plan, const std::vector<int32_t>& table, int64_t start, int64_t length, int64_t first) {
  for (int64_t i = 0; i < length; ++i) {
    const int64_t position = first + i;
    plan.positions.push_back(static_cast<int32_t>(position));
    plan.tables.push_back(table.data());
    plan.writes.push_back({static_cast<int32_t>(start + i), table[static_cast<size_t>(position / kKvBlock)],
                           static_cast<int32_t>(position % kKvBlock)});
  }
}

void check_segments(const TokenBatch& batch, int64_t max_positions) {
  int64_t row = 0;
  int32_t root = -1;
  for (size_t s = 0; s < batch.segments.size(); ++s) {
    const Segment& segment = batch.segments[s];
    HONE_CHECK(segment.start == row && segment.length > 0, ErrorKind::internal,
               "segment {} starts at row {} with {} rows; expected row {} and at least one row", s, segment.start,
               segment.length, row);
    if (segment.prefix < 0) root = static_cast<int32_t>(s);
    HONE_CHECK(segment.prefix < 0 || segment.prefix == root, ErrorKind::internal,
               "segment {} continues segment {}, which does not stand directly before its continuations", s,
               segment.prefix);
    const int64_t before = segment.prefix < 0 ? 0 : batch.segments[static_cast<size_t>(root)].length;
    HONE_CHECK(before + segment.length <= max_positions, ErrorKind::data,
               "a sequence of {} tokens does not fit the model's context of {}", before + segment.length,
               max_positions);
    row += segment.length;
  }
  HONE_CHECK(row == static_cast<int64_t>(batch.ids.size()), ErrorKind::internal, "segments cover {} of {} tokens", row,
             batch.ids.size());
}

}  // namespace

std::shared_ptr<const RowPlan> plan_rows(const TokenBatch& batch, int64_t max_positions) {
  check_segments(batch, max_positions);
  auto plan = std::make_shared<RowPlan>();
  plan->storage.reserve(batch.segments.size());  // tables are referred to by address
  int32_t next_block = 0;
  const auto fresh_blocks = [&](std::vector<int32_t>& table, int64_t tokens) {
    while (static_cast<int64_t>(table.size()) * kKvBlock < tokens) table.push_back(next_block++);
  };
  for (size_t s = 0; s < batch.segments.size(); ++s) {
    const Segment& segment = batch.segments[s];
    if (segment.prefix < 0) {
      plan->trees.push_back(segment.start);
      std::vector<int32_t>& table = plan->storage.emplace_back();
      fresh_blocks(table, segment.length);
      add_rows(*plan, table, segment.start, segment.length, 0);
      continue;
    }
    // A continuation shares the full blocks of its prefix. The block in which the prefix ends holds its own tokens too,
    // so it gets a private copy.
    const Segment& prefix = batch.segments[static_cast<size_t>(segment.prefix)];
    const std::vector<int32_t>& shared = plan->storage[static_cast<size_t>(segment.prefix)];
    const int64_t full = prefix.length / kKvBlock;
    std::vector<int32_t>& table = plan->storage.emplace_back(shared.begin(), shared.begin() + full);
    fresh_blocks(table, prefix.length + segment.length);
    for (int64_t position = full * kKvBlock; position < prefix.length; ++position)
      plan->writes.push_back({static_cast<int32_t>(prefix.start + position), table[static_cast<size_t>(full)],
                              static_cast<int32_t>(position % kKvBlock)});
    add_rows(*plan, table, segment.start, segment.length, prefix.length);
  }
  plan->trees.push_back(static_cast<int64_t>(batch.ids.size()));
  plan->num_blocks = next_block;
  return plan;
}

}  // namespace hone
