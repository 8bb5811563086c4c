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

template <Type type, int ROWS>
void attend_tile(const Attention& a, const RowSet& rows, int64_t first, int64_t block, const uint32_t* keys,
                 const uint32_t* values, const Running& state) {
  const int64_t d_units = units(type, a.kv.head_dim), d_padded = round_up(a.kv.head_dim, kPanel);
  alignas(64) float scores[ROWS][kKvBlock];
  alignas(64) uint32_t weights[ROWS][kKvBlock];  // probabilities in `type`; bf16 fills half of each row
  for (int64_t panel = 0; panel < kKvBlock / kPanel; ++panel) {
    f32v acc[ROWS][2] = {};
    tile<type, ROWS>(rows.q<type>(first), d_units, 1, keys + panel * d_units * kPanel, d_units, acc);
    for (int r = 0; r < ROWS; ++r) {
      store(&scores[r][panel * kPanel], acc[r][0]);
      store(&scores[r][panel * kPanel + kLanes], acc[r][1]);
    }
  }
  for (int r = 0; r < ROWS; ++r) {
    const int64_t row = first + r;
    f32v s[4];
    scaled_scores(a, rows.position(row), block, scores[r], s);
    const float block_max = max(max(max(s[0], s[1]), max(s[2], s[3])));
    const float before = state.max[row];
    const float now = before > block_max ? before : block_max;
    const float alpha = exp1(before - now);
    f32v total{};
    for (int i = 0; i < 4; ++i) {
      const f32v p = exp(s[i] - now);
      total += p;
      store_as<type>(weights[r], i * kLanes, p);
    }
    state.sum[row] = fma1(state.sum[row], alpha, sum(total));
    state.max[row] = now;
    float* acc = state.acc + row * d_padded;
    for (int64_t j = 0; j < d_padded; j += kLanes) store(acc + j, load(acc + j) * alpha);
  }
  const int64_t key_units = units(type, kKvBlock);
  for (int64_t panel = 0; panel < d_padded / kPanel; ++panel) {
    f32v acc[ROWS][2];
    float* at = state.acc + first * d_padded + panel * kPanel;
    for (int r = 0; r < ROWS; ++r) acc[r][0] = load(at + r * d_padded), acc[r][1] = load(at + r * d_padded + kLanes);
    tile<type, ROWS>(&weights[0][0], kKvBlock, 1, values + panel * key_units * kPanel, key_units, acc);
    for (int r = 0; r < ROWS; ++r) store(at + r * d_padded, acc[r][0]), store(at + r * d_padded + kLanes, acc[r][1]);
  }
}

template <Type type>
void attention_typed(const Attention& a, int64_t row_begin, int64_t row_end, int64_t kv_head) {
  const int64_t d = a.kv.head_dim, d_padded = round_up(d, kPanel), repeat = a.heads / a.kv.kv_heads;
  const int64_t count = (row_end - row_begin) * repeat;
  Carver carver(scratch<0>(RowSet::bytes(type, count, d) + Carver::bytes<float>(count * d_padded) +
                           2 * Carver::bytes<float>(count)));
  const RowSet rows = gather_rows<type>(a, a.q, row_begin, row_end, kv_head, carver);
  const Running state{carver.take<float>(count * d_padded), carver.take<float>(count), carver.take<float>(count)};
  std::memset(state.acc, 0, static_cast<size_t>(count * d_padded) * sizeof(float));
  for (int64_t i = 0; i < count; ++i) state.max[i] = -__builtin_inff(), state.sum[i] = 0.f;

  for_shared_blocks(a, row_begin, row_end, [&](int64_t block, int32_t page, int64_t begin, int64_t end) {
    const uint32_t* keys = key_panel(a, page, kv_head);
    const uint32_t* values = value_panel(a, page, kv_head);
    for_row_tiles((begin - row_begin) * repeat, (end - row_begin) * repeat, [&](int64_t first, auto tile_rows) {
      attend_tile<type, decltype(tile_rows)::value>(a, rows, first, block, keys, values, state);
    });
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
