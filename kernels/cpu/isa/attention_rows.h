// What the forward and backward pass of attention share: query rows of some heads gathered side by side, the walk over
// shared blocks, and the scaled and masked scores.
#pragma once

#include "kernels/cpu/isa/gemm_tile.h"
#include "kernels/cpu/isa/scratch.h"

namespace hone::kernels::HONE_ISA {
namespace {

/// Some heads out of a [rows, heads, head_dim] array, row after row: gathered row i is token row i / heads, head
/// i % heads of them.
struct RowSet {
  const uint32_t* data;      // [count][row_units]
  const int32_t* positions;  // of the token rows
  int64_t heads, row_units;

  const uint32_t* row(int64_t i) const { return data + i * row_units; }
  int64_t position(int64_t i) const { return positions[i / heads]; }
};

/// Words of a RowSet whose units take `spread` words each.
inline int64_t row_set_bytes(Type type, int64_t count, int64_t d, int64_t spread = 1) {
  return Carver::bytes<uint32_t>(count * units(type, d) * spread);
}

/// Heads [head, head + heads) of rows [row_begin, row_end). With `spread` 2 the units are widened.
template <Type type, int64_t spread = 1>
RowSet gather_rows(const Attention& a, const void* from, int64_t row_begin, int64_t row_end, int64_t head,
                   int64_t heads, Carver& carver) {
  const int64_t d_units = units(type, a.kv.head_dim), width = heads * d_units;
  uint32_t* out = carver.take<uint32_t>((row_end - row_begin) * width * spread);
  for (int64_t row = row_begin; row < row_end; ++row) {
    const uint32_t* source = static_cast<const uint32_t*>(from) + (row * a.heads + head) * d_units;
    uint32_t* to = out + (row - row_begin) * width * spread;
    if constexpr (spread == 2)
      widen_units(source, width, to);
    else
      std::memcpy(to, source, static_cast<size_t>(4 * width));
  }
  return {out, a.positions + row_begin, heads, d_units * spread};
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

/// How many keys of `block` a row at `position` that sees it may look back to from there: all up to its own.
inline int64_t keys_until(int64_t position, int64_t block) {
  const int64_t keys = position - block * kKvBlock + 1;
  return keys < kKvBlock ? keys : kKvBlock;
}

/// The most that any of `count` rows may.
inline int64_t most_keys_until(const int32_t* positions, int64_t count, int64_t block) {
  int64_t most = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t keys = keys_until(positions[i], block);
    most = keys > most ? keys : most;
  }
  return most;
}

/// Rows [begin, end) that see an absolute block in the same physical page.
struct Run {
  int64_t block;
  int32_t page;  // -1: none
  int64_t begin, end;
};

/// Calls body(run, next run) for every absolute block, ascending, and every run of neighbouring rows that see it in
/// the same page. The next run is known as far as its page and its first row, if at all.
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
      Run run{block, a.tables[begin][block], begin, begin + 1};
      const auto page = [&](int64_t row, int64_t of) { return sees(a, a.positions[row], of) ? a.tables[row][of] : -1; };
      while (run.end < row_end && page(run.end, block) == run.page) ++run.end;
      body(run, run.end < row_end ? Run{block, page(run.end, block), run.end, run.end}
                                  : Run{block + 1, page(row_begin, block + 1), row_begin, row_begin});
      begin = run.end;
    }
  }
}

/// The 64 logits of a row against a block from its products: scaled, -inf where the row may not look.
inline void scale_and_mask(const Attention& a, int64_t position, int64_t block, f32v (&s)[4]) {
  const i32v lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const int32_t last = static_cast<int32_t>(keys_until(position, block) - 1);
  const int64_t start = a.window == 0 ? 0 : position - block * kKvBlock - a.window + 1;
  const int32_t first = static_cast<int32_t>(start > 0 ? start : 0);
  for (int i = 0; i < 4; ++i) {
    const i32v key = lanes + i * static_cast<int32_t>(kLanes);
    s[i] = select((key <= last) & (key >= first), s[i] * a.scale, splat(-__builtin_inff()));
  }
}

}  // namespace
}  // namespace hone::kernels::HONE_ISA
