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

}  // namespace
}  // namespace hone
