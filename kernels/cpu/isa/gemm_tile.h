// The inner loops of hone: up to 6 rows times two panels of 32 columns, every element one chain over k. Attention,
// every linear layer, both directions of the backward pass and the vocabulary head all run them, so no two paths can
// disagree.
//
// Where the instruction set has no fast product of bf16 pairs, two multiply-adds of floats take its place: the operands
// are widened, two floats a unit, the odd element first (the order of VDPBF16PS), and the product of bf16 becomes one
// of floats with twice the k.
#pragma once

#include "kernels/cpu/isa/ahead.h"
#include "kernels/cpu/isa/matrix_tile.h"
#include "kernels/cpu/isa/vec.h"

namespace hone::kernels::HONE_ISA {
namespace {

#if defined(__AVX512BF16__)
constexpr bool kWidens = false;
#else
constexpr bool kWidens = !kMatrixTiles;
#endif

constexpr int kTileRows = 6;      // 6 rows x 4 vectors of columns: the fewest loads for 24 chains
constexpr int kPairVectors = 4;   // vectors of 16 columns in a pair of panels
constexpr int kPanelVectors = 2;  // and in a single one

/// 32-bit words that a unit of a left operand takes in the loops below.
template <Type type>
constexpr int64_t kSpread = kWidens&& type == Type::bf16 ? 2 : 1;

template <Type type>
inline f32v mac(f32v acc, uint32_t a, u32v b) {
  if constexpr (type == Type::bf16) {
    return dot2(acc, u32v{} + a, b);
  } else {
    float x;
    std::memcpy(&x, &a, 4);
    return fma(splat(x), as_float(b), acc);
  }
}

/// acc[r][v] += a[r] * b over 16 * VECTORS columns. `a` and `b` count 32-bit units; b is one panel [k][32] or two that
/// stand `b_panel` units apart. `ahead` is a Prefetch or a Widening.
template <Type type, int ROWS, int VECTORS, class AHEAD>
inline void tile(const uint32_t* __restrict a, int64_t a_row, const uint32_t* __restrict b, int64_t b_panel, int64_t k,
                 f32v (&acc)[ROWS][VECTORS], AHEAD& ahead) {
  f32v sums[ROWS][VECTORS];  // which no store of `ahead` can touch, so they stay in registers
  for (int r = 0; r < ROWS; ++r)
    for (int v = 0; v < VECTORS; ++v) sums[r][v] = acc[r][v];
  for (int64_t begin = 0; begin < k; begin += kAheadStep) {
    ahead.step();
    const int64_t end = begin + kAheadStep < k ? begin + kAheadStep : k;
#pragma GCC unroll 4
    for (int64_t i = begin; i < end; ++i) {
      u32v x[VECTORS];
      for (int v = 0; v < VECTORS; ++v) x[v] = load_units(b + v / 2 * b_panel + i * kPanel + v % 2 * kLanes);
#pragma GCC unroll 12
      for (int r = 0; r < ROWS; ++r) {
        const uint32_t y = a[r * a_row + i];
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; ++v) sums[r][v] = mac<type>(sums[r][v], y, x[v]);
      }
    }
  }
  for (int r = 0; r < ROWS; ++r)
    for (int v = 0; v < VECTORS; ++v) acc[r][v] = sums[r][v];
}

/// The same for a widened left operand and a packed bf16 right one, which is widened in registers: for few rows.
template <int ROWS, int VECTORS>
inline void widening_tile(const uint32_t* __restrict a, int64_t a_row, const uint32_t* __restrict b, int64_t b_panel,
                          int64_t k, f32v (&acc)[ROWS][VECTORS], Prefetch& ahead) {
  for (int64_t begin = 0; begin < k; begin += kAheadStep) {
    ahead.step();
    const int64_t end = begin + kAheadStep < k ? begin + kAheadStep : k;
#pragma GCC unroll 4
    for (int64_t i = begin; i < end; ++i) {
      u32v pairs[VECTORS];
      for (int v = 0; v < VECTORS; ++v) pairs[v] = load_units(b + v / 2 * b_panel + i * kPanel + v % 2 * kLanes);
#pragma GCC unroll 2
      for (int half = 0; half < 2; ++half) {
        u32v x[VECTORS];
        for (int v = 0; v < VECTORS; ++v) x[v] = half == 0 ? pairs[v] & 0xFFFF0000u : pairs[v] << 16;
#pragma GCC unroll 12
        for (int r = 0; r < ROWS; ++r) {
          const uint32_t y = a[r * a_row + 2 * i + half];
#pragma GCC unroll 4
          for (int v = 0; v < VECTORS; ++v) acc[r][v] = mac<Type::f32>(acc[r][v], y, x[v]);
        }
      }
    }
  }
}

/// `b` as it is stored, `a` with kSpread words a unit; k in units.
template <Type type, int ROWS, int VECTORS>
inline void packed_tile(const uint32_t* a, int64_t a_row, const uint32_t* b, int64_t b_panel, int64_t k,
                        f32v (&acc)[ROWS][VECTORS], Prefetch& ahead) {
  if constexpr (kSpread<type> == 2)
    widening_tile(a, a_row, b, b_panel, k, acc, ahead);
  else
    tile<type>(a, a_row, b, b_panel, k, acc, ahead);
}

/// Floats of bf16 pairs, the odd element first.
inline void widen_units(const uint32_t* from, int64_t count, uint32_t* to) {
  const i32v low = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
  for (int64_t i = 0; i < count; i += kLanes) {
    u32v pairs{};
    if (i + kLanes <= count)
      pairs = load_units(from + i);
    else
      std::memcpy(&pairs, from + i, static_cast<size_t>(4 * (count - i)));
    const u32v odd = pairs & 0xFFFF0000u, even = pairs << 16;
    u32v out[2] = {__builtin_shuffle(odd, even, (u32v)low), __builtin_shuffle(odd, even, (u32v)(low + 8))};
    const int64_t left = count - i < kLanes ? count - i : kLanes;
    if (left == kLanes) {
      store_units(to + 2 * i, out[0]);
      store_units(to + 2 * i + kLanes, out[1]);
    } else {
      std::memcpy(to + 2 * i, out, static_cast<size_t>(8 * left));
    }
  }
}

/// A tile's sums from and to memory, `row` floats from row to row.
template <int ROWS, int VECTORS>
inline void load_sums(const float* from, int64_t row, f32v (&acc)[ROWS][VECTORS]) {
  for (int r = 0; r < ROWS; ++r)
    for (int v = 0; v < VECTORS; ++v) acc[r][v] = load(from + r * row + v * kLanes);
}
template <int ROWS, int VECTORS>
inline void store_sums(const f32v (&acc)[ROWS][VECTORS], float* to, int64_t row) {
  for (int r = 0; r < ROWS; ++r)
    for (int v = 0; v < VECTORS; ++v) store(to + r * row + v * kLanes, acc[r][v]);
}

/// Calls body(first row, tag whose ::value is a tile's height) for tiles of kTileRows rows and one lower one that
/// together cover [begin, end).
template <int N>
struct Count {
  static constexpr int value = N;
};
template <int N = kTileRows, class Body>
inline void for_row_tiles(int64_t begin, int64_t end, const Body& body) {
  for (; end - begin >= N; begin += N) body(begin, Count<N>{});
  if constexpr (N > 1) for_row_tiles<N - 1>(begin, end, body);
}

/// Calls body(first panel, tag whose ::value is vectors of columns) for pairs of panels and a last single one.
template <class Body>
inline void for_panels(int64_t panels, const Body& body) {
  for (int64_t p = 0; p < panels; p += 2) {
    if (p + 1 < panels)
      body(p, Count<kPairVectors>{});
    else
      body(p, Count<kPanelVectors>{});
  }
}

}  // namespace
}  // namespace hone::kernels::HONE_ISA
