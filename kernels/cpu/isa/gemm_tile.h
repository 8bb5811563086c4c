// The one inner loop of hone: ROWS rows times PANELS panels of 32 columns, every element one chain over k. Attention,
// every linear layer, both directions of the backward pass and the vocabulary head all run it, so no two paths can
// disagree.
#pragma once

#include "kernels/cpu/isa/vec.h"

namespace hone::kernels::HONE_ISA {
namespace {

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

/// One line of a panel (32 columns) that will be needed soon, into the second-level cache.
template <bool wanted>
inline void fetch_ahead(const uint32_t* line) {
  if constexpr (wanted) {
    __builtin_prefetch(line, 0, 2);
    __builtin_prefetch(line + kLanes, 0, 2);
  }
}

/// acc[r][c] over 32 columns. `a` and `b` count 32-bit units; b is one panel [k][32]. With FETCH the panel that stands
/// behind it is fetched meanwhile.
template <Type type, int ROWS, bool FETCH = false>
inline void tile(const uint32_t* __restrict a, int64_t a_row, int64_t a_k, const uint32_t* __restrict b, int64_t k,
                 f32v (&acc)[ROWS][2]) {
  for (int64_t i = 0; i < k; ++i) {
    fetch_ahead<FETCH>(b + (k + i) * kPanel);
    const u32v b0 = *reinterpret_cast<const u32v_u*>(b + i * kPanel);
    const u32v b1 = *reinterpret_cast<const u32v_u*>(b + i * kPanel + kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; ++r) {
      const uint32_t x = a[r * a_row + i * a_k];
      acc[r][0] = mac<type>(acc[r][0], x, b0);
      acc[r][1] = mac<type>(acc[r][1], x, b1);
    }
  }
}

/// Where the instruction set has no fast product of bf16 pairs, two multiply-adds of floats take its place. Widening
/// the left operand ahead leaves only them in the loop: `a` holds two floats a unit, the odd element first; A_K is the
/// distance of neighbouring units along k.
template <int ROWS, int A_K, bool FETCH = false>
inline void widened_tile(const float* __restrict a, int64_t a_row, const uint32_t* __restrict b, int64_t k,
                         f32v (&acc)[ROWS][2]) {
#pragma GCC unroll 4
  for (int64_t i = 0; i < k; ++i) {
    fetch_ahead<FETCH>(b + (k + i) * kPanel);
    const u32v b0 = *reinterpret_cast<const u32v_u*>(b + i * kPanel);
    const u32v b1 = *reinterpret_cast<const u32v_u*>(b + i * kPanel + kLanes);
    for (int half = 0; half < 2; ++half) {
      const f32v x0 = as_float(half == 0 ? b0 & 0xFFFF0000u : b0 << 16);
      const f32v x1 = as_float(half == 0 ? b1 & 0xFFFF0000u : b1 << 16);
#pragma GCC unroll 16
      for (int r = 0; r < ROWS; ++r) {
        const f32v x = splat(a[2 * (r * a_row + i * A_K) + half]);
        acc[r][0] = fma(x, x0, acc[r][0]);
        acc[r][1] = fma(x, x1, acc[r][1]);
      }
    }
  }
}

/// Calls body(std::integral_constant-like tag) for tiles of 12, 8, 4, 3, 2 and 1 rows covering [begin, end).
template <int N>
struct Rows {
  static constexpr int value = N;
};
template <class Body>
inline void for_row_tiles(int64_t begin, int64_t end, const Body& body) {
  int64_t r = begin;
  for (; end - r >= 12; r += 12) body(r, Rows<12>{});
  for (; end - r >= 8; r += 8) body(r, Rows<8>{});
  for (; end - r >= 4; r += 4) body(r, Rows<4>{});
  if (end - r == 3) return body(r, Rows<3>{});
  for (; end - r >= 2; r += 2) body(r, Rows<2>{});
  if (end > r) body(r, Rows<1>{});
}

}  // namespace
}  // namespace hone::kernels::HONE_ISA
