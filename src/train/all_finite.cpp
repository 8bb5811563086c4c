#include <atomic>
#include <bit>

#include "base/threads.h"
#include "train/checkpoint.h"

namespace hone {
namespace {

constexpr uint32_t kExponent = 0x7f800000u;  // all ones in infinities and NaNs
constexpr size_t kBlock = 1024;              // a trip count that the compiler knows: it vectorises the scan

bool block_is_finite(const float* values) {
  uint32_t bad = 0;
  for (size_t i = 0; i < kBlock; ++i) bad |= (std::bit_cast<uint32_t>(values[i]) & kExponent) == kExponent;
  return bad == 0;
}

}  // namespace

bool all_finite(std::span<const float> values) {
  std::atomic<bool> finite = true;
  parallel_for(static_cast<int64_t>(values.size()), int64_t{256} * kBlock, [&](int64_t begin, int64_t end) {
    if (!finite.load(std::memory_order_relaxed)) return;
    const std::span<const float> part = values.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
    bool good = true;
    size_t i = 0;
    for (; good && i + kBlock <= part.size(); i += kBlock) good = block_is_finite(part.data() + i);
    for (; good && i < part.size(); ++i) good = (std::bit_cast<uint32_t>(part[i]) & kExponent) != kExponent;
    if (!good) finite.store(false, std::memory_order_relaxed);
  });
  return finite;
}

}  // namespace hone
