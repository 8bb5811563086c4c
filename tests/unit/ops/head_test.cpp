#include "ops/head.h"

#include "base/threads.h"
#include "unit/ops/ops_test_util.h"

namespace hone {
namespace {

using namespace hone::testing;

TEST(Head, LogProbsEntropyAndGradientsMatchTorch) {
  at::manual_seed(11);
  for (const double temperature : {1.0, 0.7, 2.5}) {
    for (const int64_t vocab : {50, 1024, 5003}) {
      TestMatrix w(vocab, 32, Type::f32, 3.0);
      const Tensor h = at::randn({61, 32}).requires_grad_(true);
      std::vector<int32_t> targets;
      for (int64_t i = 0; i < 61; ++i) targets.push_back(static_cast<int32_t>(i * 977 % vocab));
      const HeadOutput out = head_logprobs(h, w.matrix, targets, static_cast<float>(temperature));
      const Tensor h2 = h.detach().clone().requires_grad_(true), w2 = w.values.clone().requires_grad_(true);
      const Tensor logits = h2.matmul(w2.t());
      const Tensor index = at::tensor(targets, at::kInt).to(at::kLong);
      const Tensor logp = logprobs_reference(logits, index, temperature);
      const Tensor all = (logits / temperature).log_softmax(-1);
      const Tensor entropy = -((logits / temperature).softmax(-1) * all).sum(-1);
      EXPECT_LT(difference(out.logp, logp), 1e-5);
      EXPECT_LT(difference(out.entropy, entropy), 1e-5);
      EXPECT_TRUE(out.correct.equal(logits.argmax(-1) == index));
      const Tensor a = at::randn({61}), b = at::randn({61});
      const auto mine = torch::autograd::grad({(out.logp * a + out.entropy * b).sum()}, {h});
      const auto reference = torch::autograd::grad({(logp * a + entropy * b).sum()}, {h2, w2});
      EXPECT_LT(difference(mine[0], reference[0]), 3e-5);
      EXPECT_LT(difference(w.grad, reference[1]), 3e-5);
    }
  }
}

TEST(Head, TheSamplersStatisticsAreTheTrainersBitForBit) {
  at::manual_seed(12);
  for (Type type : {Type::bf16, Type::f32}) {
    TestMatrix w(3001, 64, type, 4.0);
    const Tensor h = cast(at::randn({130, 64}), type);
    for (const float temperature : {1.f, 0.7f}) {
      std::vector<int32_t> targets;
      for (int i = 0; i < 130; ++i) targets.push_back(i * 23 % 3001);
      const HeadOutput trained = head_logprobs(h, w.matrix, targets, temperature);
      for (const int64_t batch : {1, 2, 13, 130}) {
        const Tensor logits = head_logits(h.slice(0, 130 - batch).contiguous(), w.matrix);
        for (int64_t r = 0; r < batch; ++r) {
          const float* row = floats(logits) + r * 3001;
          const float scale = 1.f / temperature;
          const float lse = log_sum_exp(row_stats(row, 3001, scale).row);
          const int64_t i = 130 - batch + r;
          ASSERT_EQ(row[targets[static_cast<size_t>(i)]] * scale - lse, floats(trained.logp)[i]);
        }
      }
    }
  }
}

TEST(Head, NotANumberIsNeverLost) {
  TestMatrix w(40, 8, Type::f32);
  Tensor h = at::randn({2, 8});
  floats(h)[3] = NAN;
  const HeadOutput out = head_logprobs(h, w.matrix, {1, 1}, 1.f);
  EXPECT_TRUE(std::isnan(floats(out.logp)[0]));
  EXPECT_FALSE(std::isnan(floats(out.logp)[1]));
}

TEST(Head, RefusesTargetsOutsideTheVocabulary) {
  TestMatrix w(40, 8, Type::f32);
  EXPECT_THROW(head_logprobs(at::randn({1, 8}), w.matrix, {40}, 1.f), Error);
  EXPECT_THROW(head_logprobs(at::randn({1, 8}), w.matrix, {0}, 0.f), Error);
}

}  // namespace
}  // namespace hone
