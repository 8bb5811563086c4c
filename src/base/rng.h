// Counter-based random numbers (Philox4x32-10, Salmon et al. 2011): a draw is a pure function of its key and counter,
// so a sample depends on (seed, step, prompt, sample, position) and on nothing else.
#pragma once

#include <array>
#include <cstdint>

namespace hone {

/// Four 32-bit words from a 64-bit key and a 128-bit counter.
inline std::array<uint32_t, 4> philox(uint64_t key, uint64_t counter_lo, uint64_t counter_hi) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  uint32_t c0 = static_cast<uint32_t>(counter_lo), c1 = static_cast<uint32_t>(counter_lo >> 32);
  uint32_t c2 = static_cast<uint32_t>(counter_hi), c3 = static_cast<uint32_t>(counter_hi >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * c0, p1 = uint64_t{0xCD9E8D57u} * c2;
    const uint32_t n0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0, n1 = static_cast<uint32_t>(p1);
    const uint32_t n2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1, n3 = static_cast<uint32_t>(p0);
    c0 = n0, c1 = n1, c2 = n2, c3 = n3;
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
  return {c0, c1, c2, c3};
}

/// Mixes words into one 64-bit key (splitmix64 finaliser per word).
template <class... Words>
uint64_t mix_key(uint64_t first, Words... rest) {
  uint64_t h = 0x9E3779B97F4A7C15ull;
  for (uint64_t w : {first, static_cast<uint64_t>(rest)...}) {
    h ^= w + 0x9E3779B97F4A7C15ull + (h << 6) + (h >> 2);
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9ull;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBull;
    h ^= h >> 31;
  }
  return h;
}

/// Uniform in [0, 1) with 53 bits.
inline double to_unit(uint32_t hi, uint32_t lo) {
  return static_cast<double>((static_cast<uint64_t>(hi) << 21) ^ (lo >> 11)) * 0x1.0p-53;
}

/// A stream of draws under one key; copy it to fork, store (key, counter) to resume.
class Rng {
 public:
  explicit Rng(uint64_t key, uint64_t counter = 0) : key_(key), counter_(counter) {}

  double uniform() {  // [0, 1)
    const auto w = philox(key_, counter_++, 0);
    return to_unit(w[0], w[1]);
  }
  uint64_t bits() {
    const auto w = philox(key_, counter_++, 0);
    return static_cast<uint64_t>(w[0]) << 32 | w[1];
  }
  /// Uniform integer in [low, high], both included; unbiased by rejection.
  int64_t integer(int64_t low, int64_t high) {
    const uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
    if (span == 0) return static_cast<int64_t>(bits());
    const uint64_t limit = UINT64_MAX - UINT64_MAX % span;
    uint64_t r = bits();
    while (r >= limit) r = bits();
    return low + static_cast<int64_t>(r % span);
  }
  uint64_t key() const { return key_; }
  uint64_t counter() const { return counter_; }

 private:
  uint64_t key_, counter_;
};

/// Fisher-Yates with the given stream.
template <class Container>
void shuffle(Container& items, Rng& rng) {
  for (int64_t i = static_cast<int64_t>(items.size()) - 1; i > 0; --i) {
    std::swap(items[static_cast<size_t>(i)], items[static_cast<size_t>(rng.integer(0, i))]);
  }
}

}  // namespace hone
