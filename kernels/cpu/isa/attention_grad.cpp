// Gradient of attention (the recomputation of FlashAttention, Dao et al. 2022, over KV blocks): probabilities come back
// from the scores and the saved log-sum-exp; nothing of size rows x keys is kept. Everything is widened to floats and
// multiplied in the tiles of gemm_tile.h; with AMX, bf16 runs in matrix tiles, its probabilities rounded to bf16.
#include "kernels/cpu/isa/attention_rows.h"
#include "kernels/cpu/isa/functions.h"

namespace hone::kernels::HONE_ISA {
namespace {

constexpr int64_t kRows = 72;  // query rows handled together: a multiple of kTileRows

/// One head of rows [row_begin, row_end) as floats [rows][d_padded], zeros behind head_dim.
template <Type type>
float* head_rows(const Attention& a, const void* from, int64_t row_begin, int64_t row_end, int64_t head,
                 int64_t d_padded, Carver& carver) {
  const int64_t d = a.kv.head_dim;
  float* out = carver.take<float>((row_end - row_begin) * d_padded);
  for (int64_t row = row_begin; row < row_end; ++row)
    for (int64_t j = 0; j < d_padded; j += kLanes)
      store(out + (row - row_begin) * d_padded + j, load_part<type>(from, (row * a.heads + head) * d + j, d - j));
  return out;
}

/// Packed panels [panels][units(k)][32] as floats [panels][k_padded][32], zeros behind k.
template <Type type>
void unpack_panels(const uint32_t* packed, int64_t panels, int64_t k, int64_t k_padded, float* out) {
  const int64_t k_units = units(type, k);
  for (int64_t p = 0; p < panels; ++p) {
    uint32_t* to = reinterpret_cast<uint32_t*>(out + p * k_padded * kPanel);
    const uint32_t* from = packed + p * k_units * kPanel;
    for (int64_t i = 0; i < k_units * kPanel; i += kLanes) {
      const u32v word = load_units(from + i);
      if constexpr (type == Type::bf16) {
        uint32_t* even = to + i / kPanel * 2 * kPanel + i % kPanel;
        store_units(even, word << 16);
        store_units(even + kPanel, word & 0xFFFF0000u);
      } else {
        store_units(to + i, word);
      }
    }
    for (int64_t i = k * kPanel; i < k_padded * kPanel; i += kLanes) store_units(to + i, u32v{});
  }
}

/// Panels [panels][k][32] of a matrix [k][32 panels] as those of its transpose, [k/32][32 panels][32]; k is a multiple
/// of 32.
void transpose_panels(const float* in, int64_t panels, int64_t k, float* out) {
  for (int64_t p = 0; p < panels; ++p)
    for (int64_t row = 0; row < k; row += kLanes)
      for (int64_t column = 0; column < kPanel; column += kLanes) {
        u32v block[kLanes];
        for (int64_t i = 0; i < kLanes; ++i) block[i] = as_bits(load(in + (p * k + row + i) * kPanel + column));
        transpose_units(block);
        float* to = out + (row / kPanel * panels * kPanel + p * kPanel + column) * kPanel + row % kPanel;
        for (int64_t i = 0; i < kLanes; ++i) store(to + i * kPanel, as_float(block[i]));
      }
}

/// acc (+)= left [ROWS][left_row] times panels [k][32] that stand `right_panel` floats apart.
template <int ROWS, int VECTORS>
void multiply(const float* left, int64_t left_row, const float* right, int64_t right_panel, int64_t k,
              f32v (&acc)[ROWS][VECTORS]) {
  NothingAhead nothing;
  tile<Type::f32>(reinterpret_cast<const uint32_t*>(left), left_row, reinterpret_cast<const uint32_t*>(right),
                  right_panel, k, acc, nothing);
}

/// out [64][width] += left^T right for left [rows][64] and right [rows][width], over `keys` of the 64.
void add_outer(const float* left, const float* right, int64_t rows, int64_t keys, int64_t width, float* out) {
  for_panels(width / kPanel, [&](int64_t p, auto vectors) {
    constexpr int VECTORS = decltype(vectors)::value;
    for_row_tiles(0, keys, [&](int64_t key, auto tile_rows) {
      constexpr int ROWS = decltype(tile_rows)::value;
      f32v acc[ROWS][VECTORS];
      load_sums(out + key * width + p * kPanel, width, acc);
      const float *a = left + key, *b = right + p * kPanel;
#pragma GCC unroll 2
      for (int64_t i = 0; i < rows; ++i, a += kKvBlock, b += width) {
        f32v x[VECTORS];
        for (int v = 0; v < VECTORS; ++v) x[v] = load(b + v * kLanes);
#pragma GCC unroll 6
        for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 4
          for (int v = 0; v < VECTORS; ++v) acc[r][v] = fma(splat(a[r]), x[v], acc[r][v]);
      }
      store_sums(acc, out + key * width + p * kPanel, width);
    });
  });
}

/// One head's rows and gradients, and one block's keys and values, as floats.
struct Operands {
  int64_t head, first_row, d_padded;
  const float *q, *d_out;          // [rows][d_padded]
  float* d_q;                      // the same
  float *keys, *values_by_key;     // [2 panels][d_padded][32 keys]: K^T and V^T
  float *keys_by_column, *values;  // [d_padded / 32][64 keys][32]: K and V
  float *d_keys, *d_values;        // [64][d_padded]
  float *probs, *d_scores;         // [kRows][64]
};

/// Probabilities and the scores' gradients of ROWS rows against a block, and what the rows' own gradient gets from
/// them.
template <int ROWS>
void row_gradients(const AttentionGrad& grad, const Operands& o, int64_t first, int64_t slot, int64_t block) {
  const Attention& a = grad.forward;
  const int64_t d = a.kv.head_dim, key_panel_floats = o.d_padded * kPanel;
  float *probs = o.probs + slot * kKvBlock, *d_scores = o.d_scores + slot * kKvBlock;
  f32v s[ROWS][kPairVectors] = {};
  multiply(o.q + first * o.d_padded, o.d_padded, o.keys, key_panel_floats, d, s);
  for (int r = 0; r < ROWS; ++r) {
    const int64_t row = o.first_row + first + r;
    const float lse = a.lse[row * a.heads + o.head];
    scale_and_mask(a, a.positions[row], block, s[r]);
    for (int v = 0; v < kPairVectors; ++v) store(probs + r * kKvBlock + v * kLanes, exp(s[r][v] - lse));
  }
  f32v g[ROWS][kPairVectors] = {};
  multiply(o.d_out + first * o.d_padded, o.d_padded, o.values_by_key, key_panel_floats, d, g);
  for (int r = 0; r < ROWS; ++r) {
    const float delta = grad.delta[(o.first_row + first + r) * a.heads + o.head];
    for (int v = 0; v < kPairVectors; ++v) {
      const int64_t at = r * kKvBlock + v * kLanes;
      store(d_scores + at, load(probs + at) * (g[r][v] - delta) * a.scale);
    }
  }
  for_panels(o.d_padded / kPanel, [&](int64_t p, auto vectors) {
    f32v acc[ROWS][decltype(vectors)::value];
    float* d_q = o.d_q + first * o.d_padded + p * kPanel;
    load_sums(d_q, o.d_padded, acc);
    multiply(d_scores, kKvBlock, o.keys_by_column + p * kKvBlock * kPanel, kKvBlock * kPanel, kKvBlock, acc);
    store_sums(acc, d_q, o.d_padded);
  });
}

template <Type type>
void attention_grad_in_floats(const AttentionGrad& grad, int64_t row_begin, int64_t row_end, int64_t head) {
  const Attention& a = grad.forward;
  const int64_t d = a.kv.head_dim, d_padded = round_up(d, kPanel), d_panels = d_padded / kPanel;
  const int64_t rows = row_end - row_begin, kv_head = head / (a.heads / a.kv.kv_heads);
  const int64_t block_floats = kKvBlock * d_padded;
  Carver carver(scratch<1>(3 * Carver::bytes<float>(rows * d_padded) + 6 * Carver::bytes<float>(block_floats) +
                           2 * Carver::bytes<float>(kRows * kKvBlock)));
  Operands o;
  o.head = head, o.first_row = row_begin, o.d_padded = d_padded;
  o.q = head_rows<type>(a, a.q, row_begin, row_end, head, d_padded, carver);
  o.d_out = head_rows<type>(a, grad.d_out, row_begin, row_end, head, d_padded, carver);
  o.d_q = carver.take<float>(rows * d_padded);
  for (float** block : {&o.keys, &o.values_by_key, &o.keys_by_column, &o.values, &o.d_keys, &o.d_values})
    *block = carver.take<float>(block_floats);
  o.probs = carver.take<float>(kRows * kKvBlock);
  o.d_scores = carver.take<float>(kRows * kKvBlock);
  std::memset(o.d_q, 0, static_cast<size_t>(rows * d_padded) * sizeof(float));

  for_shared_blocks(a, row_begin, row_end, [&](const Run& run, const Run&) {
    unpack_panels<type>(key_panel(a, run.page, kv_head), kKvBlock / kPanel, d, d_padded, o.keys);
    unpack_panels<type>(value_panel(a, run.page, kv_head), d_panels, kKvBlock, kKvBlock, o.values);
    transpose_panels(o.keys, kKvBlock / kPanel, d_padded, o.keys_by_column);
    transpose_panels(o.values, d_panels, kKvBlock, o.values_by_key);
    for (float* sums : {o.d_keys, o.d_values}) std::memset(sums, 0, static_cast<size_t>(block_floats) * sizeof(float));
    const int64_t keys = most_keys_until(a.positions + run.begin, run.end - run.begin, run.block);
    for (int64_t row = run.begin; row < run.end; row += kRows) {
      const int64_t first = row - row_begin, count = run.end - row < kRows ? run.end - row : kRows;
      for_row_tiles(first, first + count, [&](int64_t at, auto tile_rows) {
        row_gradients<decltype(tile_rows)::value>(grad, o, at, at - first, run.block);
      });
      add_outer(o.probs, o.d_out + first * d_padded, count, keys, d_padded, o.d_values);
      add_outer(o.d_scores, o.q + first * d_padded, count, keys, d_padded, o.d_keys);
    }
    const int64_t at = (run.page * a.heads + head) * kKvBlock * d;
    for (int64_t key = 0; key < keys; ++key)
      for (int64_t j = 0; j < d; ++j) {
        grad.d_k[at + key * d + j] += o.d_keys[key * d_padded + j];
        grad.d_v[at + key * d + j] += o.d_values[key * d_padded + j];
      }
  });

  for (int64_t i = 0; i < rows; ++i)
    std::memcpy(grad.d_q + ((row_begin + i) * a.heads + head) * d, o.d_q + i * d_padded,
                static_cast<size_t>(d) * sizeof(float));
}

// The same in matrix tiles, for bf16.
constexpr int64_t kChunk = 96;  // query rows handled together

struct ChunkBuffers {
  float *scores, *d_probs;               // [kChunk][64]
  void *probs, *d_scores;                // [kChunk][64] bf16
  uint32_t *probs_left, *d_scores_left;  // transposed, of products that reduce over rows
  uint32_t *q_right, *d_out_right;       // [head_dim/32][units(kChunk)][32]

  ChunkBuffers(int64_t d, Carver& carver) {
    scores = carver.take<float>(kChunk * kKvBlock);
    d_probs = carver.take<float>(kChunk * kKvBlock);
    probs = carver.take<uint32_t>(kChunk * kKvBlock);
    d_scores = carver.take<uint32_t>(kChunk * kKvBlock);
    probs_left = carver.take<uint32_t>(left_units(Type::bf16, kKvBlock, kChunk));
    d_scores_left = carver.take<uint32_t>(left_units(Type::bf16, kKvBlock, kChunk));
    q_right = carver.take<uint32_t>(packed_units(Type::bf16, d, kChunk));
    d_out_right = carver.take<uint32_t>(packed_units(Type::bf16, d, kChunk));
  }
  static int64_t bytes(int64_t d) {
    return 4 * Carver::bytes<float>(kChunk * kKvBlock) +
           2 * Carver::bytes<uint32_t>(left_units(Type::bf16, kKvBlock, kChunk)) +
           2 * Carver::bytes<uint32_t>(packed_units(Type::bf16, d, kChunk));
  }
};

/// C[m, n] (+)= A B with everything small and serial.
void small_gemm(const void* a, int64_t lda, const void* b, int64_t m, int64_t n, int64_t k_units, float* c, int64_t ldc,
                bool accumulate, bool a_transposed = false) {
  const Gemm g{Type::bf16, a, lda, b, m, n, k_units, c, ldc, Type::f32, nullptr, nullptr, accumulate, a_transposed};
  PanelQueue all(n);
  gemm(g, 0, m, all);
}

void attention_grad_in_matrix_tiles(const AttentionGrad& grad, int64_t row_begin, int64_t row_end, int64_t head) {
  constexpr Type type = Type::bf16;
  const Attention& a = grad.forward;
  const int64_t d = a.kv.head_dim, d_units = units(type, d), kv_head = head / (a.heads / a.kv.kv_heads);
  const int64_t count = row_end - row_begin;
  const int64_t repacked = packed_units(type, d, kKvBlock), transposed = packed_units(type, kKvBlock, d);
  Carver carver(scratch<1>(2 * row_set_bytes(type, count, d) + Carver::bytes<float>(count * d) +
                           Carver::bytes<uint32_t>(repacked) + Carver::bytes<uint32_t>(transposed) +
                           ChunkBuffers::bytes(d)));
  const RowSet q = gather_rows<type>(a, a.q, row_begin, row_end, head, 1, carver);
  const RowSet d_out = gather_rows<type>(a, grad.d_out, row_begin, row_end, head, 1, carver);
  float* d_q = carver.take<float>(count * d);
  uint32_t* keys_by_column = carver.take<uint32_t>(repacked);   // K as [keys, head_dim] right operand
  uint32_t* values_by_key = carver.take<uint32_t>(transposed);  // V^T as [head_dim, keys] right operand
  ChunkBuffers buf(d, carver);
  std::memset(d_q, 0, static_cast<size_t>(count * d) * sizeof(float));

  for_shared_blocks(a, row_begin, row_end, [&](const Run& run, const Run&) {
    const uint32_t* keys = key_panel(a, run.page, kv_head);
    pack_transposed(type, keys, kKvBlock, d, keys_by_column, 0, round_up(d, kPanel) / kPanel);
    pack_transposed(type, value_panel(a, run.page, kv_head), d, kKvBlock, values_by_key, 0, kKvBlock / kPanel);
    float* d_k = grad.d_k + (run.page * a.heads + head) * kKvBlock * d;
    float* d_v = grad.d_v + (run.page * a.heads + head) * kKvBlock * d;
    const int64_t stop = run.end - row_begin;
    for (int64_t first = run.begin - row_begin; first < stop; first += kChunk) {
      const int64_t n = stop - first < kChunk ? stop - first : kChunk, n_units = units(type, n);
      small_gemm(q.row(first), d_units, keys, n, kKvBlock, d_units, buf.scores, kKvBlock, false);
      small_gemm(d_out.row(first), d_units, values_by_key, n, kKvBlock, d_units, buf.d_probs, kKvBlock, false);
      for (int64_t i = 0; i < n; ++i) {
        const int64_t row = row_begin + first + i;
        const float lse = a.lse[row * a.heads + head], delta = grad.delta[row * a.heads + head];
        f32v s[4];
        for (int j = 0; j < 4; ++j) s[j] = load(buf.scores + i * kKvBlock + j * kLanes);
        scale_and_mask(a, q.position(first + i), run.block, s);
        for (int j = 0; j < 4; ++j) {
          const int64_t at = i * kKvBlock + j * kLanes;
          const f32v p = exp(s[j] - lse);
          store_as<type>(buf.probs, at, p);
          store_as<type>(buf.d_scores, at, p * (load(buf.d_probs + at) - delta) * a.scale);
        }
      }
      small_gemm(buf.d_scores, units(type, kKvBlock), keys_by_column, n, d, units(type, kKvBlock), d_q + first * d, d,
                 true);
      transpose(type, buf.probs, n, kKvBlock, kKvBlock, buf.probs_left, 0, n);
      transpose(type, buf.d_scores, n, kKvBlock, kKvBlock, buf.d_scores_left, 0, n);
      pack_columns(type, q.row(first), n, d, d, buf.q_right, 0, n);
      pack_columns(type, d_out.row(first), n, d, d, buf.d_out_right, 0, n);
      small_gemm(buf.probs_left, n_units, buf.d_out_right, kKvBlock, d, n_units, d_v, d, true, true);
      small_gemm(buf.d_scores_left, n_units, buf.q_right, kKvBlock, d, n_units, d_k, d, true, true);
    }
  });

  for (int64_t i = 0; i < count; ++i)
    std::memcpy(grad.d_q + ((row_begin + i) * a.heads + head) * d, d_q + i * d, static_cast<size_t>(d) * sizeof(float));
}

}  // namespace

void attention_grad(const AttentionGrad& grad, int64_t row_begin, int64_t row_end, int64_t head) {
  if (grad.forward.kv.type == Type::f32)
    attention_grad_in_floats<Type::f32>(grad, row_begin, row_end, head);
  else if constexpr (kMatrixTiles)
    attention_grad_in_matrix_tiles(grad, row_begin, row_end, head);
  else
    attention_grad_in_floats<Type::bf16>(grad, row_begin, row_end, head);
}

}  // namespace hone::kernels::HONE_ISA
