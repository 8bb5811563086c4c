// Gradient of attention (the recomputation of FlashAttention, Dao et al. 2022, over KV blocks): probabilities come back
// from the scores and the saved log-sum-exp; nothing of size rows x keys is kept.
#include "kernels/cpu/isa/attention_rows.h"
#include "kernels/cpu/isa/functions.h"

namespace hone::kernels::HONE_ISA {
namespace {

constexpr int64_t kChunk = 96;  // gathered query rows handled together

struct ChunkBuffers {
  float *scores, *d_probs;               // [kChunk][64]
  void *probs, *d_scores;                // [kChunk][64] of `type`
  uint32_t *probs_left, *d_scores_left;  // [64][units(kChunk)]: left operands of products that reduce over rows
  uint32_t *q_right, *d_out_right;       // [head_dim/32][units(kChunk)][32]

  ChunkBuffers(Type type, int64_t d, Carver& carver) {
    scores = carver.take<float>(kChunk * kKvBlock);
    d_probs = carver.take<float>(kChunk * kKvBlock);
    probs = carver.take<uint32_t>(kChunk * kKvBlock);
    d_scores = carver.take<uint32_t>(kChunk * kKvBlock);
    probs_left = carver.take<uint32_t>(kKvBlock * units(type, kChunk));
    d_scores_left = carver.take<uint32_t>(kKvBlock * units(type, kChunk));
    q_right = carver.take<uint32_t>(packed_units(type, d, kChunk));
    d_out_right = carver.take<uint32_t>(packed_units(type, d, kChunk));
  }
  static int64_t bytes(Type type, int64_t d) {
    return 4 * Carver::bytes<float>(kChunk * kKvBlock) + 2 * Carver::bytes<uint32_t>(kKvBlock * units(type, kChunk)) +
           2 * Carver::bytes<uint32_t>(packed_units(type, d, kChunk));
  }
};

/// C[m, n] (+)= A B with everything small and serial.
void multiply(Type type, const void* a, int64_t lda, const void* b, int64_t m, int64_t n, int64_t k_units, float* c,
              int64_t ldc, bool accumulate) {
  const Gemm g{type, a, lda, b, m, n, k_units, c, ldc, Type::f32, nullptr, nullptr, accumulate};
  PanelQueue all(n);
  gemm(g, 0, m, all);
}

template <Type type>
void attention_grad_typed(const AttentionGrad& grad, int64_t row_begin, int64_t row_end, int64_t kv_head) {
  const Attention& a = grad.forward;
  const int64_t d = a.kv.head_dim, d_units = units(type, d), repeat = a.heads / a.kv.kv_heads;
  const int64_t count = (row_end - row_begin) * repeat;
  const int64_t repacked = packed_units(type, d, kKvBlock), transposed = packed_units(type, kKvBlock, d);
  Carver carver(scratch<1>(2 * row_set_bytes(type, count, d) + Carver::bytes<float>(count * d) +
                           Carver::bytes<uint32_t>(repacked) + Carver::bytes<uint32_t>(transposed) +
                           ChunkBuffers::bytes(type, d)));
  const RowSet q = gather_rows<type>(a, a.q, row_begin, row_end, kv_head, carver);
  const RowSet d_out = gather_rows<type>(a, grad.d_out, row_begin, row_end, kv_head, carver);
  float* d_q = carver.take<float>(count * d);
  uint32_t* keys_by_column = carver.take<uint32_t>(repacked);   // K as [keys, head_dim] right operand
  uint32_t* values_by_key = carver.take<uint32_t>(transposed);  // V^T as [head_dim, keys] right operand
  ChunkBuffers buf(type, d, carver);
  std::memset(d_q, 0, static_cast<size_t>(count * d) * sizeof(float));

  for_shared_blocks(a, row_begin, row_end, [&](int64_t block, int32_t page, int64_t begin, int64_t end, int32_t) {
    const uint32_t* keys = key_panel(a, page, kv_head);
    pack_transposed(type, keys, kKvBlock, d, keys_by_column, 0, round_up(d, kPanel) / kPanel);
    pack_transposed(type, value_panel(a, page, kv_head), d, kKvBlock, values_by_key, 0, kKvBlock / kPanel);
    float* d_k = grad.d_k + (page * a.kv.kv_heads + kv_head) * kKvBlock * d;
    float* d_v = grad.d_v + (page * a.kv.kv_heads + kv_head) * kKvBlock * d;
    const int64_t stop = (end - row_begin) * repeat;
    for (int64_t first = (begin - row_begin) * repeat; first < stop; first += kChunk) {
      const int64_t n = stop - first < kChunk ? stop - first : kChunk, n_units = units(type, n);
      multiply(type, q.row(first), d_units, keys, n, kKvBlock, d_units, buf.scores, kKvBlock, false);
      multiply(type, d_out.row(first), d_units, values_by_key, n, kKvBlock, d_units, buf.d_probs, kKvBlock, false);
      for (int64_t i = 0; i < n; ++i) {
        const int64_t row = row_begin + (first + i) / repeat, head = kv_head * repeat + (first + i) % repeat;
        const float lse = a.lse[row * a.heads + head], delta = grad.delta[row * a.heads + head];
        f32v s[4];
        for (int j = 0; j < 4; ++j) s[j] = load(buf.scores + i * kKvBlock + j * kLanes);
        scale_and_mask(a, q.position(first + i), block, s);
        for (int j = 0; j < 4; ++j) {
          const int64_t at = i * kKvBlock + j * kLanes;
          const f32v p = exp(s[j] - lse);
          store_as<type>(buf.probs, at, p);
          store_as<type>(buf.d_scores, at, p * (load(buf.d_probs + at) - delta) * a.scale);
        }
      }
      multiply(type, buf.d_scores, units(type, kKvBlock), keys_by_column, n, d, units(type, kKvBlock), d_q + first * d,
               d, true);
      const int64_t d_panels = round_up(d, kPanel) / kPanel;
      transpose(type, buf.probs, n, kKvBlock, buf.probs_left, 0, kKvBlock);
      transpose(type, buf.d_scores, n, kKvBlock, buf.d_scores_left, 0, kKvBlock);
      pack_columns(type, q.row(first), n, d, d, buf.q_right, 0, d_panels);
      pack_columns(type, d_out.row(first), n, d, d, buf.d_out_right, 0, d_panels);
      multiply(type, buf.probs_left, n_units, buf.d_out_right, kKvBlock, d, n_units, d_v, d, true);
      multiply(type, buf.d_scores_left, n_units, buf.q_right, kKvBlock, d, n_units, d_k, d, true);
    }
  });

  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = row_begin + i / repeat, head = kv_head * repeat + i % repeat;
    std::memcpy(grad.d_q + (row * a.heads + head) * d, d_q + i * d, static_cast<size_t>(d) * sizeof(float));
  }
}

}  // namespace

void attention_grad(const AttentionGrad& grad, int64_t row_begin, int64_t row_end, int64_t kv_head) {
  if (grad.forward.kv.type == Type::bf16)
    attention_grad_typed<Type::bf16>(grad, row_begin, row_end, kv_head);
  else
    attention_grad_typed<Type::f32>(grad, row_begin, row_end, kv_head);
}

}  // namespace hone::kernels::HONE_ISA
