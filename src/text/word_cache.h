// Remembers the ids of short words; text repeats a few thousand of them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hone {

/// Bounded and safe for many threads: entries stay until the end, and a full shard takes no more.
class WordCache {
 public:
  static constexpr size_t kMaxWordBytes = 48;

  /// Appends the word's ids to `out` if it is known.
  bool find(std::string_view word, std::vector<int32_t>& out) const {
    Shard& shard = shard_of(word);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.words.find(word);
    if (found == shard.words.end()) return false;
    out.insert(out.end(), found->second.begin(), found->second.end());
    return true;
  }
  void insert(std::string_view word, const int32_t* begin, const int32_t* end) const {
    Shard& shard = shard_of(word);
    const std::lock_guard lock(shard.mutex);
    if (shard.words.size() < kWordsPerShard) shard.words.try_emplace(std::string(word), begin, end);
  }

 private:
  static constexpr size_t kShards = 16, kWordsPerShard = 1024;
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view word) const { return std::hash<std::string_view>{}(word); }
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, std::vector<int32_t>, Hash, std::equal_to<>> words;
  };
  Shard& shard_of(std::string_view word) const { return shards_[(Hash{}(word) >> 7) % kShards]; }

  mutable std::array<Shard, kShards> shards_;
};

}  // namespace hone
