// What the machine can do at most: multiply-adds that never leave the registers, and reads that compute nothing.
#include "kernels/cpu/isa/functions.h"
#include "kernels/cpu/isa/gemm_tile.h"

namespace hone::kernels::HONE_ISA {
namespace {

constexpr int kChains = 24;  // as many as the products keep, above latency times width of the units

template <Type type>
double spin(int64_t rounds, float* sink) {
  f32v acc[kChains];
  for (int c = 0; c < kChains; ++c) acc[c] = splat(static_cast<float>(c));
  u32v b = as_bits(splat(1e-3f));
  uint32_t a = 0x3a833a83u;  // two small bf16 numbers, one small float
  for (int64_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 24
    for (int c = 0; c < kChains; ++c) acc[c] = mac<type>(acc[c], a, b);
    asm volatile("" : "+r"(a));  // the compiler must not see that nothing changes
  }
  for (const f32v& x : acc) *sink += sum(x);
  return static_cast<double>(rounds) * kChains * kLanes * (type == Type::bf16 ? 4 : 2);
}

#if HONE_MATRIX_TILES == 2
double spin_matrix_tiles(int64_t rounds) {
  const TileScope tiles;
  alignas(64) BlockSums sums;
  alignas(64) const uint32_t zeros[kBlockRows][kTileHeight] = {};
  asm volatile("" ::"m"(zeros) : "memory");
  _tile_loadd(4, zeros, 64);
  _tile_loadd(5, zeros, 64);
  _tile_loadd(6, zeros, 64);
  _tile_loadd(7, zeros, 64);
  {
    const Sums<true> chains(sums, true);
    for (int64_t i = 0; i < rounds; ++i) {
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  return static_cast<double>(rounds) * 2 * kBlockRows * kPanel * 2 * kTileHeight;
}
#endif

}  // namespace

double spin_products(Type type, int64_t rounds, float* sink) {
#if HONE_MATRIX_TILES == 2
  if (type == Type::bf16) return spin_matrix_tiles(rounds);
#endif
  return type == Type::bf16 ? spin<Type::bf16>(rounds, sink) : spin<Type::f32>(rounds, sink);
}

uint32_t read_memory(const void* data, int64_t bytes) {
  constexpr int64_t kFetched = 32 * kLanes;  // words
  const auto* at = static_cast<const uint32_t*>(data);
  const int64_t part = bytes / 4 / kReadStreams;
  u32v lanes[8] = {};
  for (int64_t i = 0; i + 8 * kLanes <= part; i += 8 * kLanes)
    for (int64_t s = 0; s < kReadStreams; ++s)
      for (int c = 0; c < 8; ++c) {
        __builtin_prefetch(at + s * part + i + c * kLanes + kFetched);
        lanes[c] ^= load_units(at + s * part + i + c * kLanes);
      }
  u32v all = {};
  for (const u32v& lane : lanes) all ^= lane;
  uint32_t out = 0;
  for (int i = 0; i < kLanes; ++i) out ^= all[i];
  return out;
}

}  // namespace hone::kernels::HONE_ISA
