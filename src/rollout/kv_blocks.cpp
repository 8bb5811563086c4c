#include "rollout/kv_blocks.h"

#include "base/check.h"

namespace hone {

BlockPool::BlockPool(int64_t count) : references_(static_cast<size_t>(count), 0) {
  for (int64_t b = count - 1; b >= 0; --b) free_.push_back(static_cast<int32_t>(b));
}

int32_t BlockPool::take() {
  HONE_ASSERT(!free_.empty());
  const int32_t block = free_.back();
  free_.pop_back();
  references_[static_cast<size_t>(block)] = 1;
  return block;
}

void BlockPool::share(int32_t block) { ++references_[static_cast<size_t>(block)]; }

void BlockPool::release(int32_t block) {
  HONE_ASSERT(references_[static_cast<size_t>(block)] > 0);
  if (--references_[static_cast<size_t>(block)] == 0) free_.push_back(block);
}

void BlockPool::release_all(std::vector<int32_t>& table) {
  for (const int32_t block : table) release(block);
  table.clear();
}

}  // namespace hone
