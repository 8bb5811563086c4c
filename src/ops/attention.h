// Rotary embedding, KV write and attention in one op, the same for prefill, decode and training: it only ever sees
// query rows, each with an absolute position and the block table of its sequence.
#pragma once

#include <vector>

#include "ops/tensor.h"

namespace hone {

/// cos and sin of every position [positions, head_dim / 2], fp32, computed in double.
struct RopeTable {
  Tensor cos, sin;
};

/// Where row `row` of a batch stores its key and value. A row of a shared prompt may store into several blocks: the
/// block in which the prompt ends is private to each continuation.
struct KvWrite {
  int32_t row, block, slot;
};

/// How the rows of one forward pass stand in the KV cache.
struct RowPlan {
  std::vector<int32_t> positions;      // [T] absolute position of each row
  std::vector<const int32_t*> tables;  // [T] block table of the row's sequence
  std::vector<KvWrite> writes;         // every row at least once
  std::vector<int64_t> trees;          // row offsets [0, ..., T]; rows of different trees share no block (training)
  int64_t num_blocks = 0;              // blocks a training pass needs; tables index below it
  std::vector<std::vector<int32_t>> storage;  // owner of the block tables of a training pass
};

/// One layer's keys and values: [blocks] of KvLayout::k_block_bytes and v_block_bytes. Contents must be finite.
struct KvStore {
  char* k = nullptr;
  char* v = nullptr;
  Buffer memory;  // of both
};

struct AttentionSpec {
  kernels::KvLayout kv;
  int64_t heads = 0;
  float scale = 1.f;
  int64_t window = 0;   // 0 = all earlier keys
  Norm q_norm, k_norm;  // per-head norms of the qwen3 and gemma3 families, or empty
};

/// `blocks` zeroed pages.
KvStore make_kv_store(const kernels::KvLayout& layout, int64_t blocks);

/// out [T, heads * head_dim] of kv.type from the fused projection qkv [T, (heads + 2 kv_heads) * head_dim] fp32. Keys
/// and values of the rows are written into `store` first, so rows may attend to each other.
Tensor attention(const Tensor& qkv, const AttentionSpec& spec, const RopeTable& rope,
                 const std::shared_ptr<const RowPlan>& plan, const KvStore& store);

/// Causal attention of one sequence in plain Torch, fp32: q [T, H, d], k and v [T, KV, d]. The oracle of the tests.
Tensor attention_reference(const Tensor& q, const Tensor& k, const Tensor& v, double scale, int64_t window);
/// Rotation by halves in plain Torch: x [T, H, d], cos and sin [T, d / 2].
Tensor rope_reference(const Tensor& x, const Tensor& cos, const Tensor& sin);

}  // namespace hone
