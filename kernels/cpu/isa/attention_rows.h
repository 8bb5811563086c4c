// What the forward and backward pass of attention share: query rows of one KV head gathered side by side, the walk over
// shared blocks, and the scaled and masked scores.
#pragma once

#include "kernels/cpu/isa/gemm_tile.h"
#include "kernels/cpu/isa/scratch.h"

namespace hone::kernels::HONE_ISA {
namespace {

/// Heads of one KV head out of a [rows, heads, head_dim] array, row after row: gathered row i is token row i / repeat,
/// head i % repeat.
struct RowSet {
  const uint32_t* data;      // [count][row_units]
  const int32_t* positions;  // of the token rows
  int64_t repeat, row_units;

  const uint32_t* row(int64_t i) const { return data + i * row_units; }
  int64_t position(int64_t i) const { return positions[i / repeat]; }
};

/// Words of a RowSet whose units take `spread` words each.
inline int64_t row_set_bytes(Type type, int64_t count, int64_t d, int64_t spread = 1) {
  return Carver::bytes<uint32_t>(count * units(type, d) * spread);
}

/// With `spread` 2 the units are widened.
template <Type type, int64_t spread = 1>
RowSet gather_rows(const Attention& a, const void* from, int64_t row_begin, int64_t row_end, int64_t kv_head,
                   Carver& carver) {
  const int64_t repeat = a.heads / a.kv.kv_heads, d_units = units(type, a.kv.head_dim), width = repeat * d_units;
  uint32_t* out = carver.take<uint32_t>((row_end - row_begin) * width * spread);
  for (int64_t row = row_begin; row < row_end; ++row) {
    const uint32_t* source = static_cast<const uint32_t*>(from) + (row * a.heads + kv_head * repeat) * d_units;
    uint32_t* to = out + (row - row_begin) * width * spread;
    if constexpr (spread == 2)
      widen_units(source, width, to);
    else
      std::memcpy(to, source, static_cast<size_t>(4 * width));
  }
  return {out, a.positions + row_begin, repeat, d_units * spread};
}

inline const uint32_t* key_panel(const Attention& a, int32_t page, int64_t kv_head) {
  return reinterpret_cast<const uint32_t*>(a.k_blocks + page * a.kv.k_block_bytes()) + kv_head * a.kv.k_units();
}
inline const uint32_t* value_panel(const Attention& a, int32_t page, int64_t kv_head) {
  return reinterpret_cast<const uint32_t*>(a.v_blocks + page * a.kv.v_block_bytes()) + kv_head * a.kv.v_units();
}

/// Whether a row at `position` sees any key of `block`.
inline bool sees(const Attention& a, int64_t position, int64_t block) {
  return position >= block * kKvBlock && (a.window == 0 || position - a.window < block * kKvBlock + kKvBlock - 1);
}

/// Calls body(block, page, begin, end, next page) for every absolute block, ascending, and every run [begin, end) of
/// neighbouring rows that see it in the same physical page. The next page is the one of the following call as far as
/// that is known, else -1.
template <class Body>
void for_shared_blocks(const Attention& a, int64_t row_begin, int64_t row_end, const Body& body) {
  int64_t last = 0;
  for (int64_t r = row_begin; r < row_end; ++r) last = a.positions[r] > last ? a.positions[r] : last;
  for (int64_t block = 0; block <= last / kKvBlock; ++block) {
    for (int64_t begin = row_begin; begin < row_end;) {
      if (!sees(a, a.positions[begin], block)) {
        ++begin;
        continue;
      }
      const int32_t page = a.tables[begin][block];
      int64_t end = begin + 1;
      while (end < row_end && sees(a, a.positions[end], block) && a.tables[end][block] == page) ++end;
      int32_t next = -1;
      if (end < row_end)
        next = sees(a, a.positions[end], block) ? a.tables[end][block] : -1;
      else if (sees(a, a.positions[row_begin], block + 1))
        next = a.tables[row_begin][block + 1];
      body(block, page, begin, end, next);
      begin = end;
    }
  }
}

/// The 64 logits of a row against a block from its products: scaled, -inf where the row may not look.
inline void scale_and_mask(const Attention& a, int64_t position, int64_t block, f32v (&s)[4]) {
  const i32v lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const int64_t past = position - block * kKvBlock;  // last visible key of the block
  const int32_t last = static_cast<int32_t>(past < kKvBlock ? past : kKvBlock - 1);
  const int64_t start = a.window == 0 ? 0 : past - a.window + 1;
  const int32_t first = static_cast<int32_t>(start > 0 ? start : 0);
  for (int i = 0; i < 4; ++i) {
    const i32v key = lanes + i * static_cast<int32_t>(kLanes);
    s[i] = select((key <= last) & (key >= first), s[i] * a.scale, splat(-__builtin_inff()));
  }
}

}  // namespace
}  // namespace hone::kernels::HONE_ISA
