// Products of bf16 pairs in matrix tiles (Intel AMX): up to 32 rows times one panel of 32 columns.
//
// The arithmetic is that of TDPBF16PS: of every 16 units along k (32 elements, counted from the operand's start) the
// even and the odd elements are summed apart, each as a chain of fused multiply-adds from 0, and their sum is added to
// the element. It differs from the chain of the other instruction sets, so with AMX every product of bf16 goes through
// here, however few its rows. HONE_MATRIX_TILES is 2 where the instruction is used, 1 where plain code takes its place:
// the reference that the tests run on every machine.
#pragma once

#include "kernels/cpu/isa/ahead.h"
#include "kernels/cpu/isa/vec.h"

#if !defined(HONE_MATRIX_TILES)
#define HONE_MATRIX_TILES 0
#endif

namespace hone::kernels::HONE_ISA {
namespace {

constexpr bool kMatrixTiles = HONE_MATRIX_TILES > 0;
constexpr int64_t kBlockRows = 32;   // rows of one product: two tiles
constexpr int64_t kTileHeight = 16;  // rows of a tile, and units along k of one step
static_assert(kTileHeight == kAheadStep);
static_assert(left_units(Type::bf16, 1, 1) == kBlockRows * kTileHeight);

/// The sums of a block of rows and one panel, in memory of their own.
using BlockSums = float[kBlockRows][kPanel];

/// The rows of a block, in units: `row` from row to row, `step` from 16 units of a row to the next 16.
struct LeftBlock {
  const uint32_t* data;
  int64_t row, step = kTileHeight;
};

/// Where the sums of a block stand: `row` floats from row to row.
struct SumsAt {
  float* data;
  int64_t row;
  SumsAt(float* first, int64_t floats) : data(first), row(floats) {}
  SumsAt(BlockSums& sums) : data(&sums[0][0]), row(kPanel) {}
};

#if HONE_MATRIX_TILES == 2

/// The tiles of this thread for as long as it lives: eight of 16 rows x 64 bytes. Others (oneDNN) set up and release
/// them, too, so nothing is kept from call to call.
class TileScope {
 public:
  TileScope() {
    struct alignas(64) Config {
      uint8_t palette = 1, start_row = 0, reserved[14] = {};
      uint16_t bytes[16] = {};
      uint8_t rows[16] = {};
    } config;
    for (int i = 0; i < 8; ++i) config.bytes[i] = 64, config.rows[i] = kTileHeight;
    asm volatile("" ::"m"(config) : "memory");
    _tile_loadconfig(&config);
  }
  ~TileScope() { _tile_release(); }
  TileScope(const TileScope&) = delete;
};

/// 16 units along k into the four tiles of sums. A panel is read as what will not be needed again soon, so that the
/// rows, which are, stay in the first-level cache.
template <bool TWO>
inline void step(const uint32_t* a, int64_t a_row, const uint32_t* b) {
  _tile_loadd(4, a, 4 * a_row);
  _tile_stream_loadd(6, b, 4 * kPanel);
  _tile_dpbf16ps(0, 4, 6);
  _tile_stream_loadd(7, b + kLanes, 4 * kPanel);
  _tile_dpbf16ps(1, 4, 7);
  if constexpr (TWO) {
    _tile_loadd(5, a + kTileHeight * a_row, 4 * a_row);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
}

template <bool TWO>
class Sums {
 public:
  Sums(SumsAt c, bool from_zero) : c_(c) {
    asm volatile("" ::: "memory");  // the intrinsics do not tell the compiler that they read memory
    if (from_zero) {
      _tile_zero(0);
      _tile_zero(1);
      if constexpr (TWO) {
        _tile_zero(2);
        _tile_zero(3);
      }
    } else {
      _tile_loadd(0, c.data, 4 * c.row);
      _tile_loadd(1, c.data + kLanes, 4 * c.row);
      if constexpr (TWO) {
        _tile_loadd(2, c.data + kTileHeight * c.row, 4 * c.row);
        _tile_loadd(3, c.data + kTileHeight * c.row + kLanes, 4 * c.row);
      }
    }
  }
  void add(const uint32_t* a, int64_t a_row, const uint32_t* b) { step<TWO>(a, a_row, b); }
  void add_copied(const uint32_t* a, int64_t a_row, const uint32_t* b) {
    asm volatile("" ::: "memory");
    step<TWO>(a, a_row, b);
  }
  ~Sums() {
    _tile_stored(0, c_.data, 4 * c_.row);
    _tile_stored(1, c_.data + kLanes, 4 * c_.row);
    if constexpr (TWO) {
      _tile_stored(2, c_.data + kTileHeight * c_.row, 4 * c_.row);
      _tile_stored(3, c_.data + kTileHeight * c_.row + kLanes, 4 * c_.row);
    }
    asm volatile("" ::: "memory");
  }

 private:
  SumsAt c_;
};

#else

class TileScope {
 public:
  TileScope() {}
};

template <bool TWO>
class Sums {
 public:
  Sums(SumsAt c, bool from_zero) : c_(c) {
    if (!from_zero) return;
    for (int64_t r = 0; r < kRows; ++r) std::memset(c.data + r * c.row, 0, sizeof(float) * kPanel);
  }
  void add(const uint32_t* a, int64_t a_row, const uint32_t* b) {
    for (int64_t r = 0; r < kRows; ++r)
      for (int64_t half = 0; half < kPanel; half += kLanes) {
        f32v even{}, odd{};
        for (int64_t u = 0; u < kTileHeight; ++u) {
          const u32v x = u32v{} + a[r * a_row + u], y = *reinterpret_cast<const u32v_u*>(b + u * kPanel + half);
          even = fma(as_float(x << 16), as_float(y << 16), even);
          odd = fma(as_float(x & 0xFFFF0000u), as_float(y & 0xFFFF0000u), odd);
        }
        float* sums = c_.data + r * c_.row + half;
        store(sums, load(sums) + (even + odd));
      }
  }
  void add_copied(const uint32_t* a, int64_t a_row, const uint32_t* b) { add(a, a_row, b); }

 private:
  static constexpr int64_t kRows = TWO ? kBlockRows : kTileHeight;
  SumsAt c_;
};

#endif

template <bool TWO>
inline void multiply_block_of(const LeftBlock& a, const uint32_t* panel, int64_t k, SumsAt c, bool from_zero,
                              Prefetch& ahead) {
  constexpr int64_t kRows = TWO ? kBlockRows : kTileHeight;
  Sums<TWO> sums(c, from_zero);
  const int64_t whole = k / kTileHeight * kTileHeight;
  const uint32_t* at = a.data;
  for (int64_t i = 0; i < whole; i += kTileHeight, at += a.step) {
    ahead.step();
    sums.add(at, a.row, panel + i * kPanel);
  }
  if (whole == k) return;
  // The rest of k stands in tiles of its own, padded with zeros.
  alignas(64) uint32_t a_rest[kRows][kTileHeight] = {}, b_rest[kTileHeight][kPanel] = {};
  for (int64_t r = 0; r < kRows; ++r) std::memcpy(a_rest[r], at + r * a.row, static_cast<size_t>(4 * (k - whole)));
  std::memcpy(b_rest, panel + whole * kPanel, static_cast<size_t>(4 * (k - whole) * kPanel));
  sums.add_copied(&a_rest[0][0], kTileHeight, &b_rest[0][0]);
}

/// c[rows][32] (+)= A B for at most 32 rows and one panel; k in units. Memory of A and c must be there, whatever it
/// holds, up to a whole number of 16 rows, and the sums of such rows are not to be used. Inside a TileScope.
inline void multiply_block(const LeftBlock& a, int64_t rows, const uint32_t* panel, int64_t k, SumsAt c, bool from_zero,
                           Prefetch& ahead) {
  if (rows > kTileHeight)
    multiply_block_of<true>(a, panel, k, c, from_zero, ahead);
  else
    multiply_block_of<false>(a, panel, k, c, from_zero, ahead);
}

}  // namespace
}  // namespace hone::kernels::HONE_ISA
