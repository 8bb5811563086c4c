// A flat hash map from a pair of ids to a merge, built once and probed for every pair of neighbours in every word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hone {

struct Merge {
  int32_t rank = -1;  // lower merges first; -1: the pair does not merge
  int32_t id = 0;     // what the pair becomes
};

class PairMap {
 public:
  explicit PairMap(size_t capacity) {
    size_t slots = 16;
    while (slots < capacity * 2) slots *= 2;
    slots_.resize(slots);
  }

  /// Replaces an earlier merge of the same pair.
  void insert(int32_t left, int32_t right, Merge merge) { slot(key_of(left, right)) = {key_of(left, right), merge}; }
  Merge find(int32_t left, int32_t right) const { return const_cast<PairMap*>(this)->slot(key_of(left, right)).merge; }

 private:
  struct Slot {
    uint64_t key = kFree;
    Merge merge;
  };
  static constexpr uint64_t kFree = ~uint64_t{0};

  static uint64_t key_of(int32_t left, int32_t right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }
  Slot& slot(uint64_t key) {
    uint64_t h = key * 0x9E3779B97F4A7C15ull;
    h ^= h >> 32;
    const size_t mask = slots_.size() - 1;
    size_t at = static_cast<size_t>(h) & mask;
    while (slots_[at].key != key && slots_[at].key != kFree) at = (at + 1) & mask;
    return slots_[at];
  }

  std::vector<Slot> slots_;  // at most half full
};

}  // namespace hone
