// KL estimators against the exact KL on a small vocabulary, where every expectation is a sum over the tokens.
#include <cmath>

#include "unit/rl/rl_testing.h"

namespace hone {
namespace {

using testing::expect_error;
using testing::values_of;
using testing::vector_tensor;

constexpr int kVocab = 6;

std::vector<double> log_softmax(std::vector<double> logits) {
  double sum = 0;
  for (const double x : logits) sum += std::exp(x);
  for (double& x : logits) x -= std::log(sum);
  return logits;
}

struct Vocabulary {
  std::vector<double> policy = log_softmax({0.3, -1.0, 2.0, 0.0, -0.4, 1.1});
  std::vector<double> reference = log_softmax({1.0, 0.2, 0.5, -0.7, 0.9, -1.5});
  std::vector<double> sampler = log_softmax({0.1, -0.8, 1.5, 0.4, -0.2, 0.7});  // an older policy

  double kl(const std::vector<double>& p, const std::vector<double>& q) const {
    double sum = 0;
    for (int a = 0; a < kVocab; ++a) sum += std::exp(p[a]) * (p[a] - q[a]);
    return sum;
  }
  /// Gradient of KL(policy, reference) with respect to the policy's logits.
  std::vector<double> kl_gradient() const {
    std::vector<double> g;
    for (int a = 0; a < kVocab; ++a) {
      g.push_back(std::exp(policy[a]) * (policy[a] - reference[a] - kl(policy, reference)));
    }
    return g;
  }
  /// Expected gradient, over tokens drawn from `sampler`, of policy_loss with advantage 0 and beta 1.
  std::vector<double> expected_gradient(const std::vector<double>& drawn_from, const std::string& estimator) const {
    const at::Tensor logp = vector_tensor(policy).requires_grad_(true);
    const LossInputs in{.logp = logp,
                        .logp_old = vector_tensor(drawn_from),
                        .logp_ref = vector_tensor(reference),
                        .advantages = at::zeros({kVocab}, at::kDouble),
                        .lengths = {kVocab}};
    policy_loss(in, {.loss_type = "dapo", .beta = 1.0, .kl_estimator = estimator}, 1.0).loss.backward();
    const std::vector<double> token = values_of(logp.grad());
    // d logp(a) / d logit(j) = [a == j] - policy(j)
    std::vector<double> g(kVocab, 0.0);
    for (int a = 0; a < kVocab; ++a) {
      for (int j = 0; j < kVocab; ++j) {
        g[j] += std::exp(drawn_from[a]) * token[a] * ((a == j ? 1.0 : 0.0) - std::exp(policy[j]));
      }
    }
    return g;
  }
};

void expect_near(const std::vector<double>& a, const std::vector<double>& b) {
  for (int j = 0; j < kVocab; ++j) EXPECT_NEAR(a[j], b[j], 1e-12) << j;
}

TEST(KlPenalty, MeanIsTheKlForK1AndK3) {
  const Vocabulary v;
  for (const char* estimator : {"k1", "k3", "k3_unbiased"}) {
    const auto values = values_of(kl_penalty(vector_tensor(v.policy), vector_tensor(v.reference), estimator));
    double mean = 0;
    for (int a = 0; a < kVocab; ++a) mean += std::exp(v.policy[a]) * values[a];
    EXPECT_NEAR(mean, v.kl(v.policy, v.reference), 1e-12) << estimator;
  }
  const auto k2 = values_of(kl_penalty(vector_tensor({-1.0}), vector_tensor({-3.0}), "k2"));
  EXPECT_DOUBLE_EQ(k2[0], 2.0);
}

TEST(KlPenalty, GradientOnPolicy) {
  const Vocabulary v;
  expect_near(v.expected_gradient(v.policy, "k2"), v.kl_gradient());
  expect_near(v.expected_gradient(v.policy, "k3_unbiased"), v.kl_gradient());
  expect_near(v.expected_gradient(v.policy, "k1"), std::vector<double>(kVocab, 0.0));
  // k3's is the gradient of KL(reference, policy): policy - reference
  std::vector<double> other_way;
  for (int a = 0; a < kVocab; ++a) other_way.push_back(std::exp(v.policy[a]) - std::exp(v.reference[a]));
  expect_near(v.expected_gradient(v.policy, "k3"), other_way);
}

TEST(KlPenalty, OnlyUnbiasedK3IsRightOffPolicy) {
  const Vocabulary v;
  expect_near(v.expected_gradient(v.sampler, "k3_unbiased"), v.kl_gradient());
  double distance = 0;
  const auto k2 = v.expected_gradient(v.sampler, "k2"), exact = v.kl_gradient();
  for (int j = 0; j < kVocab; ++j) distance += std::abs(k2[j] - exact[j]);
  EXPECT_GT(distance, 1e-3);
}

TEST(KlPenalty, IsExactlyZeroForEqualModelsAndAccurateNearThem) {
  const at::Tensor logp = at::tensor({-0.5f, -12.25f, -1e-6f});
  for (const char* estimator : {"k1", "k2", "k3", "k3_unbiased"}) {
    EXPECT_EQ(kl_penalty(logp, logp, estimator).abs().sum().item<float>(), 0.f) << estimator;
  }
  // exp(x) - x - 1 would lose every digit here
  const double k3 = kl_penalty(at::tensor({-0.5f}), at::tensor({-0.5f + 1.f / 1024}), "k3").item<double>();
  EXPECT_NEAR(k3, 0.5 / 1024 / 1024, 2e-10);
}

TEST(KlPenalty, RefusesWhatItCannotUse) {
  const at::Tensor three = at::zeros({3}), two = at::zeros({2});
  expect_error(ErrorKind::shape, "one shape", [&] { kl_penalty(three, two, "k1"); });
  expect_error(ErrorKind::shape, "one shape", [&] { kl_penalty(three, {}, "k1"); });
  expect_error(ErrorKind::usage, "k1 | k2 | k3 | k3_unbiased", [&] { kl_penalty(three, three, "low_var_kl"); });
}

}  // namespace
}  // namespace hone
