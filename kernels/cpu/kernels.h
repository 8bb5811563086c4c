// The CPU kernels behind src/ops: plain pointers and sizes. Every kernel is serial; callers cut the work into pieces
// and run them on threads. The bits of an output element never depend on how the work was cut: reductions run in one
// fixed order over absolute indices (K of a product, key blocks of 64 of a sequence, vocabulary chunks).
//
// Element types: a `Type` of bf16 or f32. Products read operands in 32-bit units: one float, or a pair of bf16
// neighbours along the reduced dimension (so that dimension is even in bf16).
#pragma once

#include <atomic>
#include <cstdint>

namespace hone::kernels {

enum class Type : int { f32 = 0, bf16 = 1 };

inline constexpr int64_t kPanel = 32;         // columns of a packed right operand that are stored side by side
inline constexpr int64_t kKvBlock = 64;       // keys of one KV block; boundaries are absolute positions
inline constexpr int64_t kVocabChunk = 1024;  // log-sum-exp runs over the vocabulary in chunks of this size

constexpr int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
constexpr int64_t units(Type type, int64_t n) { return type == Type::bf16 ? (n + 1) / 2 : n; }
constexpr int64_t element_size(Type type) { return type == Type::bf16 ? 2 : 4; }

/// Units of a packed right operand with `n` columns and reduced dimension `k`: panels [n/32][units(k)][32].
constexpr int64_t packed_units(Type type, int64_t n, int64_t k) { return round_up(n, kPanel) * units(type, k); }

/// Units that hold a left operand with `m` rows and reduced dimension `k` as `transpose` writes it.
constexpr int64_t left_units(Type type, int64_t m, int64_t k) { return round_up(m, 32) * round_up(units(type, k), 16); }

/// C[m, n] (+)= sum_k A[m, k] B[k, n] + bias[n].  Each element is one chain of fused multiply-adds in ascending k; with
/// AMX, one of sums over 32 elements each (kernels/cpu/isa/matrix_tile.h).
struct Gemm {
  Type type;
  const void* a;  // left operand [m, lda], in units
  int64_t lda;
  const void* b;    // packed right operand
  int64_t m, n, k;  // k in units
  void* c;          // [m, ldc] of c_type
  int64_t ldc;
  Type c_type;
  const float* bias;          // [n] or null
  const float* residual;      // [m, ldc] fp32 added to the product, or null; only with an fp32 C
  bool accumulate;            // the chain starts from C instead of 0; only with an fp32 C
  bool a_transposed = false;  // A is what `transpose` wrote; blocks of rows then begin at multiples of 32
};

/// Hands out the panels of a product's right operand to the threads that work on it: in pairs, then one by one, so that
/// all threads finish at about the same time.
struct PanelQueue {
  explicit PanelQueue(int64_t columns, int64_t threads = 1)
      : end(round_up(columns, kPanel) / kPanel), pairs((end - singles(threads)) / 2), others(threads - 1) {}

  /// The next panel, or the first of the next pair; -1 after the last.
  int64_t take() {
    if (next.load(std::memory_order_relaxed) >= end - pairs) return -1;
    const int64_t turn = next.fetch_add(1, std::memory_order_relaxed);
    if (turn >= end - pairs) return -1;
    return turn < pairs ? 2 * turn : turn + pairs;
  }
  /// The same before the panels in hand are finished, so that the next ones can be made ready: -1 also where the other
  /// threads will ask for more than are left.
  int64_t take_ahead() { return next.load(std::memory_order_relaxed) + others > end - pairs ? -1 : take(); }
  /// How many panels those at `panel` are.
  int64_t taken(int64_t panel) const { return panel < 2 * pairs ? 2 : 1; }

  int64_t end, pairs, others;
  std::atomic<int64_t> next{0};

 private:
  int64_t singles(int64_t threads) const {
    if (threads == 1) return end % 2;
    return end < 2 * threads ? end : threads + (end - threads) % 2;
  }
};

/// Geometry of the KV cache of one layer. K and V blocks are packed right operands, so that attention is the same
/// product as everything else: K [kv_heads][64/32 panels][units(head_dim)][32], V
/// [kv_heads][head_dim/32][units(64)][32].
struct KvLayout {
  Type type;
  int64_t kv_heads, head_dim;
  constexpr int64_t k_units() const { return packed_units(type, kKvBlock, head_dim); }  // of one head of one block
  constexpr int64_t v_units() const { return packed_units(type, head_dim, kKvBlock); }
  constexpr int64_t k_block_bytes() const { return 4 * kv_heads * k_units(); }
  constexpr int64_t v_block_bytes() const { return 4 * kv_heads * v_units(); }
};

/// Query rows that attend to paged keys and values. Rows that share a prefix should stand next to each other: blocks
/// common to neighbours are then read once for all of them.
struct Attention {
  KvLayout kv;
  int64_t heads;         // query heads; a multiple of kv_heads
  const char* k_blocks;  // [blocks] of k_block_bytes
  const char* v_blocks;
  const int32_t* const* tables;  // [rows] block table of each row's sequence
  const int32_t* positions;      // [rows] absolute position; a row sees keys 0..position
  float scale;
  int64_t window;  // 0 = off: a row sees its last `window` keys only
  const void* q;   // [rows, heads, head_dim] of kv.type
  void* out;       // [rows, heads, head_dim] of kv.type
  float* lse;      // [rows, heads] log-sum-exp of the scaled logits, or null
};

/// Gradients of one set of query rows that share blocks with no other set, for one query head: accumulates into its
/// part of d_k and d_v.
struct AttentionGrad {
  Attention forward;   // with out and lse as the forward pass left them
  const void* d_out;   // [rows, heads, head_dim] of kv.type
  float* d_q;          // [rows, heads, head_dim], overwritten
  const float* delta;  // [rows, heads] sum over head_dim of out * d_out
  float* d_k;          // [blocks, heads, 64, head_dim], accumulated: a KV head's gradient is the sum over its heads
  float* d_v;
};

/// Scaling of logits and running statistics of a softmax over the vocabulary.
struct LogitStats {
  float max = -__builtin_inff();
  float sum = 0.f;       // of exp(logit - max)
  float weighted = 0.f;  // of exp(logit - max) * (logit - max), for the entropy
};

struct Table {
  const char* isa;
  /// Rows [row_begin, row_end) of C in the panels that the queue still holds: each thread that calls takes its share.
  void (*gemm)(const Gemm&, int64_t row_begin, int64_t row_end, PanelQueue&);
  /// Right operand from W [n, k] fp32 row-major (B = W^T): fills panels of columns [first, first + count) of `out`,
  /// whose whole has k columns' worth of units; `first` may stand anywhere.
  void (*pack_rows)(Type, const float* w, int64_t count, int64_t k, void* out, int64_t first);
  /// Right operand W (columns = k) out of the packed W^T: panels [begin, end) of round_up(k, 32) / 32.
  void (*pack_transposed)(Type, const void* packed, int64_t n, int64_t k, void* out, int64_t begin, int64_t end);
  /// Row `row` of W out of its packed form, as floats.
  void (*unpack_row)(Type, const void* packed, int64_t row, int64_t k, float* out);
  /// Rows [begin, end) of X [m, n] as their part of a right operand whose reduced dimension is m; `begin` is even.
  void (*pack_columns)(Type, const void* x, int64_t m, int64_t n, int64_t ldx, void* out, int64_t begin, int64_t end);
  /// Rows [begin, end) of X [m, n] as their part of a left operand X^T, whose reduced dimension is m: rows of units(m),
  /// or, where products run in matrix tiles, [n/32][units(m)/16][32][16]. `begin` is a multiple of 32.
  void (*transpose)(Type, const void* x, int64_t m, int64_t n, int64_t ldx, void* out, int64_t begin, int64_t end);

  /// y = x / rms(x) * (w + offset); x [rows, n] fp32, y of `type`; rstd [rows] or null.
  void (*rms_norm)(Type, const float* x, const float* w, float offset, float eps, int64_t rows, int64_t n, void* y,
                   float* rstd);
  /// dx (+)= gradient through rms_norm; dw [n] accumulates. dy is of `type`.
  void (*rms_norm_grad)(Type, const float* x, const float* w, float offset, const float* rstd, const void* dy,
                        int64_t rows, int64_t n, float* dx, bool accumulate, float* dw);
  /// Rotates (and before that normalises, where norm weights are given) query and key heads of one row of a fused
  /// projection [heads + 2 kv_heads, head_dim] fp32 and writes q of `type` and the row's keys and values into a block.
  void (*rope_store)(const KvLayout&, int64_t heads, const float* qkv, const float* cos, const float* sin,
                     const float* q_norm, const float* k_norm, float norm_offset, float norm_eps, void* q,
                     char* k_block, char* v_block, int64_t slot);
  void (*attention)(const Attention&, int64_t row_begin, int64_t row_end, int64_t kv_head);
  void (*attention_grad)(const AttentionGrad&, int64_t row_begin, int64_t row_end, int64_t head);
  /// Gradient of rope_store: d_qkv [heads + 2 kv_heads, head_dim] fp32 from d_q [heads, d], d_k and d_v [kv_heads, d].
  void (*rope_grad)(int64_t heads, int64_t kv_heads, int64_t head_dim, const float* qkv, const float* cos,
                    const float* sin, const float* q_norm, const float* k_norm, float norm_offset, float norm_eps,
                    const float* d_q, const float* d_k, const float* d_v, float* d_qkv, float* d_q_norm,
                    float* d_k_norm);
  /// y[j] = act(g[j]) * u[j]; gate_up [rows, 2n]: gates, then ups. gelu: tanh form.
  void (*glu)(Type, bool gelu, const void* gate_up, int64_t rows, int64_t n, void* y);
  void (*glu_grad)(Type, bool gelu, const void* gate_up, const void* dy, int64_t rows, int64_t n, void* d_gate_up);

  /// Statistics of one vocabulary chunk of logits * scale (scale = 1 / temperature).
  LogitStats (*chunk_stats)(const float* logits, int64_t n, float scale, bool entropy);
  /// Joins chunks in ascending order.
  LogitStats (*join_stats)(LogitStats running, LogitStats chunk);
  /// Gradient of a weighted log-prob and entropy with respect to one chunk of logits, of `type`:
  /// g_logp * ([j == target] - p_j) - g_entropy * p_j * (log p_j + entropy), times scale.
  void (*chunk_grad)(Type, const float* logits, int64_t n, float scale, float lse, float entropy, float g_logp,
                     float g_entropy, int64_t target, void* out);
  /// Index of the first token whose cumulative probability passes u * sum, scanning `n` scaled logits with exp(l -
  /// max); `base` is the mass before them and is updated; -1 if not reached.
  int64_t (*find_quantile)(const float* logits, int64_t n, float scale, float max, double target, double* base);

  /// out[r] = sum over n of a[r] * b[r]; a and b [rows, n] of `type`.
  void (*dot_rows)(Type, const void* a, const void* b, int64_t rows, int64_t n, float* out);
  void (*cast)(const float* from, int64_t n, Type type, void* to);
  void (*widen)(Type type, const void* from, int64_t n, float* to);

  /// The machine's limits, for benchmarks. Multiply-adds in registers, `rounds` times over; returns how many
  /// floating-point operations that were. Reads of memory: a checksum of `bytes` (a multiple of 512).
  double (*spin_products)(Type, int64_t rounds, float* sink);
  uint32_t (*read_memory)(const void* data, int64_t bytes);
};

/// The table for this CPU: amx, avx512bf16, avx512, avx2 or portable; HONE_ISA in the environment picks another one.
/// avx512bf16, avx512 and avx2 give the same bits of products; which of the first two is faster is measured at the
/// first call. The bf16 products of amx are summed in another order; amx_plain is the same arithmetic without the
/// instruction, slow, for tests, and never chosen by itself.
const Table& table();
/// The table of an instruction set, or null where this CPU or build lacks it.
const Table* table_of(const char* isa);
/// Whether bf16 is the compute type of choice: the CPU has AVX512-BF16 (or AMX), and the table is one for AVX-512.
bool has_bf16();

}  // namespace hone::kernels
