// Which KV pages are in use, and by how many sequences.
#pragma once

#include <cstdint>
#include <vector>

namespace hone {

/// Counts references to `count` pages. Shared prompt pages have one reference per continuation.
class BlockPool {
 public:
  explicit BlockPool(int64_t count);
  int64_t free_count() const { return static_cast<int64_t>(free_.size()); }
  int64_t count() const { return static_cast<int64_t>(references_.size()); }
  int32_t take();               // a free page with one reference; the caller checked free_count()
  void share(int32_t block);    // one reference more
  void release(int32_t block);  // one reference less; free at zero
  void release_all(std::vector<int32_t>& table);

 private:
  std::vector<int32_t> free_, references_;
};

}  // namespace hone
