// Attention over paged keys and values, forward. Every query row walks the absolute KV blocks of its sequence in
// ascending order with one running (max, sum, accumulator). Rows that share a physical block are processed together,
// which reorders loops but no row's arithmetic: prefix sharing, chunking and batching cannot change a bit.
#include "kernels/cpu/isa/attention_rows.h"
#include "kernels/cpu/isa/functions.h"

namespace hone::kernels::HONE_ISA {
namespace {

/// What a query row carries from block to block.
struct Running {
  float* acc;  // [rows][padded head_dim]
  float* max;  // [rows]
  float* sum;  // [rows]
};

/// Probabilities as the left operand of the product with the values: rounded to `type`, spread like a RowSet.
template <Type type>
void store_probs(uint32_t* to, int64_t i, f32v p) {
  if constexpr (kSpread<type> == 2) {
    const i32v swap = {1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14};  // the odd element first
    store_units(to + i, __builtin_shuffle(bf16_bits(p) << 16, (u32v)swap));
  } else {
    store_as<type>(to, i, p);
  }
}

/// One block and KV head: keys and values as they are stored, or widened.
struct Block {
  int64_t index;  // in its sequence
  const uint32_t *keys, *values;
};

/// What of the block that comes next is to be fetched meanwhile: its first `count` keys and their values, as stored.
struct NextBlock {
  const uint32_t *keys, *values;  // null: nothing
  int64_t count;

  Prefetch fetch_keys(const KvLayout& kv, int64_t steps) const {
    return {keys, kPanelVectors * units(kv.type, kv.head_dim) * (round_up(count, kPanel) / kPanel), steps};
  }
  /// Those of `panels` panels of values from `panel` on.
  Prefetch fetch_values(const KvLayout& kv, int64_t panel, int64_t panels, int64_t steps) const {
    const int64_t stride = units(kv.type, kKvBlock) * kPanel;
    return {values == nullptr ? nullptr : values + panel * stride, panels, stride,
            kPanelVectors * units(kv.type, count), steps};
  }
};

/// `type` is the cache's. `right` is panels of `panel_units` units, of which the product takes the first `count`. WIDE:
/// they are widened, so the product is one of floats.
template <Type type, bool WIDE, int VECTORS, int ROWS>
void product(const uint32_t* left, int64_t left_row, const uint32_t* right, int64_t panel_units, int64_t count,
             f32v (&acc)[ROWS][VECTORS], Prefetch& ahead) {
  if constexpr (WIDE)
    tile<Type::f32>(left, left_row, right, 2 * panel_units * kPanel, 2 * count, acc, ahead);
  else
    packed_tile<type>(left, left_row, right, panel_units * kPanel, count, acc, ahead);
}

/// The logits of the first `keys` keys of a block; those of a panel without any stay 0.
template <Type type, bool WIDE, int ROWS>
void multiply_keys(const Attention& a, const RowSet& rows, int64_t first, const Block& block, int64_t keys,
                   const NextBlock& next, f32v (&logits)[ROWS][kPairVectors]) {
  const int64_t d_units = units(type, a.kv.head_dim);
  Prefetch ahead = next.fetch_keys(a.kv, ahead_steps(WIDE ? 2 * d_units : d_units));
  if (keys > kPanel) {
    product<type, WIDE>(rows.row(first), rows.row_units, block.keys, d_units, d_units, logits, ahead);
  } else {
    f32v panel[ROWS][kPanelVectors] = {};
    product<type, WIDE>(rows.row(first), rows.row_units, block.keys, d_units, d_units, panel, ahead);
    for (int r = 0; r < ROWS; ++r)
      for (int v = 0; v < kPanelVectors; ++v) logits[r][v] = panel[r][v];
  }
}

/// Adds the first `keys` probabilities of [ROWS][64] times one or two panels of values to `acc` [ROWS][acc_row].
template <Type type, bool WIDE, int VECTORS, int ROWS>
void add_values(const uint32_t (&probs)[ROWS][kKvBlock], const uint32_t* values, int64_t keys, float* acc,
                int64_t acc_row, Prefetch ahead) {
  f32v sum[ROWS][VECTORS];
  load_sums(acc, acc_row, sum);
  product<type, WIDE>(&probs[0][0], kKvBlock, values, units(type, kKvBlock), units(type, keys), sum, ahead);
  store_sums(sum, acc, acc_row);
}

/// One row's softmax goes on with the 64 logits of a block: leaves the probabilities and rescales what was summed.
template <Type type>
void soften(const Attention& a, const RowSet& rows, int64_t row, int64_t block, f32v (&s)[4], uint32_t* probs,
            const Running& state) {
  scale_and_mask(a, rows.position(row), block, s);
  const float block_max = max(max(max(s[0], s[1]), max(s[2], s[3])));
  float alpha = 1.f;
  if (block_max > state.max[row]) {
    alpha = exp1(state.max[row] - block_max);
    state.max[row] = block_max;
    const int64_t d_padded = round_up(a.kv.head_dim, kPanel);
    float* acc = state.acc + row * d_padded;
    for (int64_t j = 0; j < d_padded; j += kLanes) store(acc + j, load(acc + j) * alpha);
  }
  f32v total{};
  for (int i = 0; i < 4; ++i) {
    const f32v p = exp(s[i] - state.max[row]);
    total += p;
    store_probs<type>(probs, i * kLanes, p);
  }
  state.sum[row] = fma1(state.sum[row], alpha, sum(total));
}

/// Keys behind the last one that any of the rows sees are not even read: they would add zeros.
template <Type type, bool WIDE, int ROWS>
void attend_tile(const Attention& a, const RowSet& rows, int64_t first, const Block& block, const NextBlock& next,
                 const Running& state) {
  const int64_t row = first / rows.heads, last = (first + ROWS - 1) / rows.heads;
  const int64_t keys = most_keys_until(rows.positions + row, last - row + 1, block.index);
  f32v logits[ROWS][kPairVectors] = {};  // the keys of a block are one pair of panels
  multiply_keys<type, WIDE>(a, rows, first, block, keys, next, logits);
  alignas(64) uint32_t probs[ROWS][kKvBlock];
  for (int r = 0; r < ROWS; ++r) soften<type>(a, rows, first + r, block.index, logits[r], probs[r], state);
  const int64_t d_padded = round_up(a.kv.head_dim, kPanel);
  const int64_t panel_words = (WIDE ? 2 : 1) * units(type, kKvBlock) * kPanel;
  const int64_t steps = ahead_steps((WIDE ? 2 : 1) * units(type, keys));
  for_panels(d_padded / kPanel, [&](int64_t p, auto vectors) {
    constexpr int VECTORS = decltype(vectors)::value;
    add_values<type, WIDE, VECTORS>(probs, block.values + p * panel_words, keys,
                                    state.acc + first * d_padded + p * kPanel, d_padded,
                                    next.fetch_values(a.kv, p, VECTORS / kPanelVectors, steps));
  });
}

/// The same in matrix tiles, for at most 32 rows of a bf16 cache.
void attend_in_matrix_tiles(const Attention& a, const RowSet& rows, int64_t first, int64_t count, const Block& block,
                            const NextBlock& next, const Running& state) {
  const int64_t d_padded = round_up(a.kv.head_dim, kPanel), d_units = units(Type::bf16, a.kv.head_dim);
  const int64_t row = first / rows.heads, last = (first + count - 1) / rows.heads;
  const int64_t panels = most_keys_until(rows.positions + row, last - row + 1, block.index) > kPanel ? 2 : 1;
  alignas(64) BlockSums logits[2], sums;
  alignas(64) uint32_t probs[kBlockRows][kKvBlock];
  Prefetch next_keys = next.fetch_keys(a.kv, panels * ahead_steps(d_units));
  for (int64_t half = 0; half < panels; ++half)
    multiply_block({rows.row(first), rows.row_units}, count, block.keys + half * d_units * kPanel, d_units,
                   logits[half], true, next_keys);
  for (int64_t r = 0; r < count; ++r) {
    f32v s[4] = {};
    for (int64_t i = 0; i < 2 * panels; ++i) s[i] = load(&logits[i / 2][r][i % 2 * kLanes]);
    soften<Type::bf16>(a, rows, first + r, block.index, s, probs[r], state);
  }
  const int64_t key_units = units(Type::bf16, panels * kPanel);
  for (int64_t p = 0; p < d_padded / kPanel; ++p) {
    float* acc = state.acc + first * d_padded + p * kPanel;
    for (int64_t r = 0; r < count; ++r) std::memcpy(sums[r], acc + r * d_padded, sizeof sums[r]);
    Prefetch next_values = next.fetch_values(a.kv, p, 1, ahead_steps(key_units));
    multiply_block({&probs[0][0], kKvBlock}, count, block.values + p * units(Type::bf16, kKvBlock) * kPanel, key_units,
                   sums, false, next_values);
    for (int64_t r = 0; r < count; ++r) std::memcpy(acc + r * d_padded, sums[r], sizeof sums[r]);
  }
}

/// All tiles of rows [begin, end) that share a block.
template <Type type, bool WIDE>
void attend(const Attention& a, const RowSet& rows, int64_t begin, int64_t end, const Block& block, NextBlock next,
            const Running& state) {
  if constexpr (kMatrixTiles && type == Type::bf16) {
    for (int64_t first = begin; first < end; first += kBlockRows) {
      attend_in_matrix_tiles(a, rows, first, end - first < kBlockRows ? end - first : kBlockRows, block, next, state);
      next = {};
    }
    return;
  }
  for_row_tiles(begin, end, [&](int64_t first, auto tile_rows) {
    attend_tile<type, WIDE, decltype(tile_rows)::value>(a, rows, first, block, next, state);
    next = {};
  });
}

/// From so many rows on, a block is widened once for all of them.
constexpr int64_t kWidenAheadRows = 2 * kTileRows + 1;

template <Type type>
void attention_typed(const Attention& a, int64_t row_begin, int64_t row_end, int64_t kv_head) {
  constexpr int64_t spread = kSpread<type>;
  const int64_t d = a.kv.head_dim, d_padded = round_up(d, kPanel), repeat = a.heads / a.kv.kv_heads;
  const int64_t count = (row_end - row_begin) * repeat, block_units = a.kv.k_units() + a.kv.v_units();
  const int64_t gathered = count + (kMatrixTiles ? kBlockRows : 0);  // matrix tiles read whole blocks of rows
  Carver carver(scratch<0>(row_set_bytes(type, gathered, d, spread) + Carver::bytes<float>(count * d_padded) +
                           2 * Carver::bytes<float>(count) + Carver::bytes<uint32_t>(2 * block_units)));
  const RowSet rows = gather_rows<type, spread>(a, a.q, row_begin, row_end, kv_head * repeat, repeat, carver);
  const TileScope tiles;
  const Running state{carver.take<float>(count * d_padded), carver.take<float>(count), carver.take<float>(count)};
  uint32_t* wide = carver.take<uint32_t>(2 * block_units);
  std::memset(state.acc, 0, static_cast<size_t>(count * d_padded) * sizeof(float));
  for (int64_t i = 0; i < count; ++i) state.max[i] = -__builtin_inff(), state.sum[i] = 0.f;

  for_shared_blocks(a, row_begin, row_end, [&](const Run& run, const Run& next_run) {
    Block block{run.block, key_panel(a, run.page, kv_head), value_panel(a, run.page, kv_head)};
    NextBlock next{};
    if (next_run.page >= 0)
      next = {key_panel(a, next_run.page, kv_head), value_panel(a, next_run.page, kv_head),
              keys_until(a.positions[next_run.begin], next_run.block)};
    const int64_t first = (run.begin - row_begin) * repeat, stop = (run.end - row_begin) * repeat;
    if constexpr (spread == 2) {
      if (stop - first >= kWidenAheadRows) {
        Widening(block.keys, 0, 1, a.kv.k_units() / kPanel, wide, 1).finish();
        Widening(block.values, 0, 1, a.kv.v_units() / kPanel, wide + 2 * a.kv.k_units(), 1).finish();
        block.keys = wide, block.values = wide + 2 * a.kv.k_units();
        return attend<type, true>(a, rows, first, stop, block, next, state);
      }
    }
    attend<type, false>(a, rows, first, stop, block, next, state);
  });

  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = row_begin + i / repeat, head = kv_head * repeat + i % repeat;
    const float inverse = 1.f / state.sum[i];
    for (int64_t j = 0; j < d; j += kLanes)
      store_part<type>(a.out, (row * a.heads + head) * d + j, d - j, load(state.acc + i * d_padded + j) * inverse);
    if (a.lse) a.lse[row * a.heads + head] = state.max[i] + static_cast<float>(__builtin_log(state.sum[i]));
  }
}

}  // namespace

void attention(const Attention& a, int64_t row_begin, int64_t row_end, int64_t kv_head) {
  if (a.kv.type == Type::bf16)
    attention_typed<Type::bf16>(a, row_begin, row_end, kv_head);
  else
    attention_typed<Type::f32>(a, row_begin, row_end, kv_head);
}

}  // namespace hone::kernels::HONE_ISA
