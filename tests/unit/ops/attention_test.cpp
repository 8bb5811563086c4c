#include "ops/attention.h"

#include "base/threads.h"
#include "ops/linear.h"
#include "unit/ops/ops_test_util.h"

namespace hone {
namespace {

using namespace hone::testing;

struct Shape {
  int64_t heads, kv_heads, head_dim, window;
  bool norms;
};

/// One sequence of `length` rows, blocks in order, rows [first, length) computed now.
std::shared_ptr<RowPlan> one_sequence(int64_t length, int64_t first = 0) {
  auto plan = std::make_shared<RowPlan>();
  plan->num_blocks = (length + kernels::kKvBlock - 1) / kernels::kKvBlock;
  std::vector<int32_t>& table = plan->storage.emplace_back();
  for (int32_t b = 0; b < plan->num_blocks; ++b) table.push_back(b);
  for (int64_t p = first; p < length; ++p) {
    plan->positions.push_back(static_cast<int32_t>(p));
    plan->tables.push_back(table.data());
    plan->writes.push_back({static_cast<int32_t>(p - first), static_cast<int32_t>(p / kernels::kKvBlock),
                            static_cast<int32_t>(p % kernels::kKvBlock)});
  }
  plan->trees = {0, length - first};
  return plan;
}

RopeTable rope_table(int64_t positions, int64_t d) {
  const Tensor angle =
      at::arange(positions, at::kDouble).unsqueeze(1) * at::pow(10000.0, -at::arange(0, d, 2, at::kDouble) / d);
  return {angle.cos().to(at::kFloat), angle.sin().to(at::kFloat)};
}

class AttentionTest : public ::testing::TestWithParam<Shape> {};
INSTANTIATE_TEST_SUITE_P(Shapes, AttentionTest,
                         ::testing::Values(Shape{9, 3, 64, 0, false}, Shape{4, 2, 16, 0, true},
                                           Shape{4, 1, 40, 17, true}, Shape{2, 2, 128, 64, false}));

TEST_P(AttentionTest, MatchesTheReferenceAndItsGradients) {
  const Shape s = GetParam();
  at::manual_seed(13);
  TestNorm qn(s.head_dim), kn(s.head_dim);
  AttentionSpec spec{.kv = {Type::f32, s.kv_heads, s.head_dim}, .heads = s.heads, .scale = 0.2f, .window = s.window};
  if (s.norms) spec.q_norm = qn.norm, spec.k_norm = kn.norm;
  for (const int64_t t : {1, 5, 64, 65, 150}) {
    qn.grad.zero_(), kn.grad.zero_();
    const int64_t width = (s.heads + 2 * s.kv_heads) * s.head_dim;
    const Tensor qkv = at::randn({t, width}).requires_grad_(true);
    const auto plan = one_sequence(t);
    const RopeTable rope = rope_table(200, s.head_dim);
    const Tensor out = attention(qkv, spec, rope, plan, make_kv_store(spec.kv, plan->num_blocks));

    const Tensor x = qkv.detach().clone().requires_grad_(true);
    const Tensor qw = qn.values.clone().requires_grad_(true), kw = kn.values.clone().requires_grad_(true);
    const Tensor heads = x.view({t, s.heads + 2 * s.kv_heads, s.head_dim});
    Tensor q = heads.slice(1, 0, s.heads), k = heads.slice(1, s.heads, s.heads + s.kv_heads);
    const Tensor v = heads.slice(1, s.heads + s.kv_heads);
    if (s.norms) q = rms_norm_reference(q, qw, 0, 1e-5), k = rms_norm_reference(k, kw, 0, 1e-5);
    const Tensor c = rope.cos.slice(0, 0, t), sn = rope.sin.slice(0, 0, t);
    const Tensor expected =
        attention_reference(rope_reference(q, c, sn), rope_reference(k, c, sn), v, 0.2, s.window).reshape({t, -1});
    EXPECT_LT(difference(out, expected), 2e-5) << "t = " << t;
    const Tensor probe = at::randn({t, s.heads * s.head_dim});
    const auto mine = torch::autograd::grad({(out * probe).sum()}, {qkv});
    auto reference = torch::autograd::grad({(expected * probe).sum()},
                                           s.norms ? std::vector<Tensor>{x, qw, kw} : std::vector<Tensor>{x});
    EXPECT_LT(difference(mine[0], reference[0]), 5e-5) << "t = " << t;
    if (s.norms) {
      EXPECT_LT(difference(qn.grad, reference[1]), 1e-4) << "t = " << t;
      EXPECT_LT(difference(kn.grad, reference[2]), 1e-4) << "t = " << t;
    }
  }
}

TEST_P(AttentionTest, ChunkedPrefillAndDecodeGiveTheSameBits) {
  const Shape s = GetParam();
  for (Type type : {Type::bf16, Type::f32}) {
    at::manual_seed(14);
    TestNorm qn(s.head_dim), kn(s.head_dim);
    AttentionSpec spec{.kv = {type, s.kv_heads, s.head_dim}, .heads = s.heads, .scale = 0.15f, .window = s.window};
    if (s.norms) spec.q_norm = qn.norm, spec.k_norm = kn.norm;
    const int64_t t = 140, width = (s.heads + 2 * s.kv_heads) * s.head_dim;
    const Tensor qkv = at::randn({t, width});
    const RopeTable rope = rope_table(200, s.head_dim);
    const Tensor whole = attention(qkv, spec, rope, one_sequence(t), make_kv_store(spec.kv, 3));
    for (const std::vector<int64_t>& cuts :
         {std::vector<int64_t>{1, 2, 140}, {63, 64, 65, 140}, {100, 101, 102, 140}}) {
      const KvStore store = make_kv_store(spec.kv, 3);
      int64_t from = 0;
      for (const int64_t to : cuts) {
        const Tensor part = attention(qkv.slice(0, from, to).contiguous(), spec, rope, one_sequence(to, from), store);
        ASSERT_TRUE(same_bits(part, whole.slice(0, from, to))) << "rows " << from << ".." << to;
        from = to;
      }
    }
    const KvStore store = make_kv_store(spec.kv, 3);
    for (int64_t p = 0; p < t; ++p) {
      const Tensor one = attention(qkv.slice(0, p, p + 1).contiguous(), spec, rope, one_sequence(p + 1, p), store);
      ASSERT_TRUE(same_bits(one, whole.slice(0, p, p + 1))) << "position " << p;
    }
  }
}

/// The kernel itself on bf16 rows: the tables of multiply-adds widen everything and give the gradients of the rounded
/// rows; matrix tiles round the probabilities on the way.
TEST_P(AttentionTest, GradientsOfBf16RowsOnEveryInstructionSet) {
  const Shape s = GetParam();
  if (s.norms) return;
  at::manual_seed(15);
  const int64_t t = 230, d = s.head_dim, repeat = s.heads / s.kv_heads;
  const auto rounded = [](Tensor x) { return cast(cast(x, Type::bf16), Type::f32); };
  const Tensor qkv = rounded(at::randn({t, (s.heads + 2 * s.kv_heads) * d})),
               d_out = rounded(at::randn({t, s.heads, d}));
  const Tensor heads = qkv.view({t, s.heads + 2 * s.kv_heads, d});
  std::vector<Tensor> x;
  for (const auto& [from, to] : {std::pair{int64_t{0}, s.heads},
                                 {s.heads, s.heads + s.kv_heads},
                                 {s.heads + s.kv_heads, s.heads + 2 * s.kv_heads}})
    x.push_back(heads.slice(1, from, to).contiguous().requires_grad_(true));
  const Tensor expected_out = attention_reference(x[0], x[1], x[2], 0.2, s.window);
  const auto expected = torch::autograd::grad({(expected_out * d_out).sum()}, {x[0], x[1], x[2]});
  const Tensor delta = (expected_out.detach() * d_out).sum(-1).contiguous();

  const kernels::KvLayout kv{Type::bf16, s.kv_heads, d};
  const auto plan = one_sequence(t);
  const KvStore store = make_kv_store(kv, plan->num_blocks);
  const Tensor q = empty({t, s.heads, d}, Type::bf16), out = empty({t, s.heads, d}, Type::bf16);
  const Tensor lse = at::empty({t, s.heads}), cos = at::ones({d / 2}), sin = at::zeros({d / 2});
  for (const KvWrite& w : plan->writes)
    kernels::table().rope_store(kv, s.heads, floats(qkv) + w.row * qkv.size(1), floats(cos), floats(sin), nullptr,
                                nullptr, 0, 0, static_cast<uint16_t*>(q.mutable_data_ptr()) + w.row * s.heads * d,
                                store.k + w.block * kv.k_block_bytes(), store.v + w.block * kv.v_block_bytes(), w.slot);
  const kernels::Attention forward{kv,
                                   s.heads,
                                   store.k,
                                   store.v,
                                   plan->tables.data(),
                                   plan->positions.data(),
                                   0.2f,
                                   s.window,
                                   q.const_data_ptr(),
                                   out.mutable_data_ptr(),
                                   floats(lse)};
  for (int64_t h = 0; h < s.kv_heads; ++h) kernels::table().attention(forward, 0, t, h);
  const Tensor d_out_bf16 = cast(d_out, Type::bf16);

  const auto relative = [](const Tensor& a, const Tensor& b) { return ((a - b).norm() / b.norm()).item<double>(); };
  std::vector<Tensor> chained;  // gradients of the tables of multiply-adds
  for (const char* isa : {"avx512bf16", "avx512", "avx2", "portable", "amx_plain", "amx"}) {
    const kernels::Table* table = kernels::table_of(isa);
    if (table == nullptr) continue;
    const Tensor d_q = at::empty({t, s.heads, d});
    const Tensor d_k = at::zeros({plan->num_blocks, s.heads, kernels::kKvBlock, d}), d_v = at::zeros_like(d_k);
    const kernels::AttentionGrad args{forward,    d_out_bf16.const_data_ptr(), floats(d_q), floats(delta), floats(d_k),
                                      floats(d_v)};
    for (int64_t h = 0; h < s.heads; ++h) table->attention_grad(args, 0, t, h);
    const auto by_row = [&](const Tensor& g) {  // [t, kv_heads, d]
      return g.transpose(1, 2).reshape({-1, s.kv_heads, repeat, d}).slice(0, 0, t).sum(2);
    };
    const bool tiles = std::string_view(isa).starts_with("amx");
    const double most = tiles ? 0.01 : 2e-5;
    EXPECT_LT(relative(d_q, expected[0]), most) << isa;
    EXPECT_LT(relative(by_row(d_k), expected[1]), most) << isa;
    EXPECT_LT(relative(by_row(d_v), expected[2]), most) << isa;
    if (!tiles && isa != std::string_view("portable"))
      chained.push_back(at::cat({d_q.flatten(), d_k.flatten(), d_v.flatten()}));
  }
  for (const Tensor& other : chained) EXPECT_TRUE(same_bits(other, chained[0]));
}

}  // namespace
}  // namespace hone
