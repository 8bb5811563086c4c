#include "ops/attention.h"

#include "base/threads.h"

namespace hone {
namespace {

using torch::autograd::Node;
using torch::autograd::variable_list;

constexpr int64_t kRowsPerItem = 32;
constexpr int64_t kGradRows = 64;  // rows per partial sum of the head norms' gradients

/// Rotates every row's heads, stores keys and values, returns q [T, heads, head_dim] of kv.type.
Tensor rotate_and_store(const Tensor& qkv, const AttentionSpec& spec, const RopeTable& rope, const RowPlan& plan,
                        const KvStore& store) {
  const int64_t d = spec.kv.head_dim, width = qkv.size(1), half = d / 2;
  Tensor q = empty({qkv.size(0), spec.heads, d}, spec.kv.type);
  char* q_data = static_cast<char*>(q.mutable_data_ptr());
  const int64_t q_bytes = spec.heads * d * kernels::element_size(spec.kv.type);
  parallel_for(static_cast<int64_t>(plan.writes.size()), 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const KvWrite& w = plan.writes[static_cast<size_t>(i)];
      const int64_t position = plan.positions[static_cast<size_t>(w.row)];
      kernels::table().rope_store(spec.kv, spec.heads, floats(qkv) + w.row * width, floats(rope.cos) + position * half,
                                  floats(rope.sin) + position * half, spec.q_norm.weight, spec.k_norm.weight,
                                  spec.q_norm.offset, spec.q_norm.eps, q_data + w.row * q_bytes,
                                  store.k + w.block * spec.kv.k_block_bytes(),
                                  store.v + w.block * spec.kv.v_block_bytes(), w.slot);
    }
  });
  return q;
}

kernels::Attention kernel_args(const AttentionSpec& spec, const RowPlan& plan, const KvStore& store, const Tensor& q,
                               const Tensor& out, float* lse) {
  return {spec.kv,
          spec.heads,
          store.k,
          store.v,
          plan.tables.data(),
          plan.positions.data(),
          spec.scale,
          spec.window,
          q.const_data_ptr(),
          out.mutable_data_ptr(),
          lse};
}

struct AttentionGrad final : Node {
  AttentionSpec spec;
  RopeTable rope;
  std::shared_ptr<const RowPlan> plan;
  KvStore store;
  Tensor qkv;  // kept only where a head norm needs its input
  Tensor q, out, lse;
  int64_t width = 0;

  variable_list apply(variable_list&& grads) override {
    const Tensor d_out = cast(grads[0], spec.kv.type);
    const int64_t rows = q.size(0), d = spec.kv.head_dim;
    const Tensor delta = at::empty({rows, spec.heads}, at::kFloat);
    parallel_for(rows, 32, [&](int64_t begin, int64_t end) {
      const int64_t at = begin * spec.heads * d * kernels::element_size(spec.kv.type);
      kernels::table().dot_rows(spec.kv.type, static_cast<const char*>(out.const_data_ptr()) + at,
                                static_cast<const char*>(d_out.const_data_ptr()) + at, (end - begin) * spec.heads, d,
                                floats(delta) + begin * spec.heads);
    });
    const Tensor d_q = at::empty({rows, spec.heads, d}, at::kFloat);
    const Tensor d_k = at::zeros({plan->num_blocks, spec.heads, kernels::kKvBlock, d}, at::kFloat);
    const Tensor d_v = at::zeros_like(d_k);
    const kernels::AttentionGrad args{kernel_args(spec, *plan, store, q, out, floats(lse)),
                                      d_out.const_data_ptr(),
                                      floats(d_q),
                                      floats(delta),
                                      floats(d_k),
                                      floats(d_v)};
    const int64_t trees = static_cast<int64_t>(plan->trees.size()) - 1;
    parallel_for(trees * spec.heads, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const size_t tree = static_cast<size_t>(i / spec.heads);
        kernels::table().attention_grad(args, plan->trees[tree], plan->trees[tree + 1], i % spec.heads);
      }
    });
    return {input_grad(d_q, d_k, d_v)};
  }

  void release_variables() override {
    qkv = q = out = lse = Tensor();
    store = KvStore();
  }

 private:
  /// Gathers the keys' and values' gradients back to their rows (a prompt's last block has one copy per continuation)
  /// and undoes the rotation.
  Tensor input_grad(const Tensor& d_q, const Tensor& d_k, const Tensor& d_v) const {
    const int64_t rows = q.size(0), d = spec.kv.head_dim, kv_heads = spec.kv.kv_heads, half = d / 2;
    const int64_t repeat = spec.heads / kv_heads;
    std::vector<std::vector<const KvWrite*>> writes_of(static_cast<size_t>(rows));
    for (const KvWrite& w : plan->writes) writes_of[static_cast<size_t>(w.row)].push_back(&w);
    Tensor d_qkv = at::empty({rows, width}, at::kFloat);
    const float *k_grads = floats(d_k), *v_grads = floats(d_v);
    const int64_t pieces = (rows + kGradRows - 1) / kGradRows;
    const bool norms = static_cast<bool>(spec.q_norm);
    const Tensor partial = at::zeros({norms ? pieces : 1, 2 * d}, at::kFloat);
    parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
      std::vector<float> dk(static_cast<size_t>(kv_heads * d)), dv(dk.size());
      for (int64_t piece = begin; piece < end; ++piece)
        for (int64_t row = piece * kGradRows; row < std::min(rows, (piece + 1) * kGradRows); ++row) {
          std::fill(dk.begin(), dk.end(), 0.f);
          std::fill(dv.begin(), dv.end(), 0.f);
          for (const KvWrite* w : writes_of[static_cast<size_t>(row)])
            for (int64_t h = 0; h < spec.heads; ++h) {
              const int64_t from = ((w->block * spec.heads + h) * kernels::kKvBlock + w->slot) * d;
              float *k_sum = dk.data() + h / repeat * d, *v_sum = dv.data() + h / repeat * d;
              for (int64_t j = 0; j < d; ++j) k_sum[j] += k_grads[from + j], v_sum[j] += v_grads[from + j];
            }
          const int64_t position = plan->positions[static_cast<size_t>(row)];
          float* d_norms = floats(partial) + (norms ? piece * 2 * d : 0);
          kernels::table().rope_grad(
              spec.heads, kv_heads, d, norms ? floats(qkv) + row * width : floats(d_qkv) + row * width,
              floats(rope.cos) + position * half, floats(rope.sin) + position * half, spec.q_norm.weight,
              spec.k_norm.weight, spec.q_norm.offset, spec.q_norm.eps, floats(d_q) + row * spec.heads * d, dk.data(),
              dv.data(), floats(d_qkv) + row * width, d_norms, d_norms + d);
        }
    });
    if (norms && spec.q_norm.grad != nullptr) {
      const float* sums = floats(partial);
      for (int64_t piece = 0; piece < pieces; ++piece, sums += 2 * d)
        for (int64_t j = 0; j < d; ++j) {
          spec.q_norm.grad[j] += sums[j];
          spec.k_norm.grad[j] += sums[d + j];
        }
    }
    return d_qkv;
  }
};

}  // namespace

KvStore make_kv_store(const kernels::KvLayout& layout, int64_t blocks) {
  KvStore store;
  store.memory = Buffer(blocks * (layout.k_block_bytes() + layout.v_block_bytes()));
  store.k = store.memory.data();
  store.v = store.k + blocks * layout.k_block_bytes();
  return store;
}

Tensor attention(const Tensor& qkv, const AttentionSpec& spec, const RopeTable& rope,
                 const std::shared_ptr<const RowPlan>& plan, const KvStore& store) {
  const int64_t rows = qkv.size(0), d = spec.kv.head_dim;
  HONE_CHECK(qkv.size(1) == (spec.heads + 2 * spec.kv.kv_heads) * d && qkv.scalar_type() == at::kFloat,
             ErrorKind::shape, "attention: expected an fp32 [T, {}] projection, got [{}, {}]",
             (spec.heads + 2 * spec.kv.kv_heads) * d, rows, qkv.size(1));
  HONE_ASSERT(static_cast<int64_t>(plan->positions.size()) == rows &&
              static_cast<int64_t>(plan->tables.size()) == rows);
  const bool graph = needs_graph(qkv);
  const Tensor input = qkv.detach();
  const Tensor q = rotate_and_store(input, spec, rope, *plan, store);
  Tensor out = empty({rows, spec.heads * d}, spec.kv.type);
  const Tensor lse = graph ? at::empty({rows, spec.heads}, at::kFloat) : Tensor();
  const kernels::Attention args = kernel_args(spec, *plan, store, q, out, graph ? floats(lse) : nullptr);
  const int64_t chunks = (rows + kRowsPerItem - 1) / kRowsPerItem;
  parallel_for(chunks * spec.kv.kv_heads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = i / spec.kv.kv_heads * kRowsPerItem;
      kernels::table().attention(args, row, std::min(rows, row + kRowsPerItem), i % spec.kv.kv_heads);
    }
  });
  if (!graph) return out;
  auto node = std::make_unique<AttentionGrad>();
  node->spec = spec, node->rope = rope, node->plan = plan, node->store = store;
  node->q = q, node->out = out.detach(), node->lse = lse, node->width = qkv.size(1);
  if (spec.q_norm) node->qkv = input;
  return record(std::move(out), std::move(node), qkv);
}

Tensor rope_reference(const Tensor& x, const Tensor& cos, const Tensor& sin) {
  const auto halves = x.chunk(2, -1);
  const Tensor c = cos.unsqueeze(1), s = sin.unsqueeze(1);
  return at::cat({halves[0] * c - halves[1] * s, halves[1] * c + halves[0] * s}, -1);
}

Tensor attention_reference(const Tensor& q, const Tensor& k, const Tensor& v, double scale, int64_t window) {
  const int64_t repeat = q.size(1) / k.size(1), t = q.size(0);
  const Tensor keys = k.repeat_interleave(repeat, 1), values = v.repeat_interleave(repeat, 1);
  const Tensor scores = at::einsum("qhd,khd->hqk", {q, keys}) * scale;
  const Tensor i = at::arange(t).unsqueeze(1), j = at::arange(t).unsqueeze(0);
  Tensor hidden = j > i;
  if (window > 0) hidden = hidden.logical_or(j <= i - window);
  const Tensor probs = scores.masked_fill(hidden, -INFINITY).softmax(-1);
  return at::einsum("hqk,khd->qhd", {probs, values});
}

}  // namespace hone
