// policy_loss against a scalar re-statement in double and finite differences, and what it does at the edges.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "rl/loss_types.h"
#include "unit/rl/rl_testing.h"

namespace hone {
namespace {

using testing::describe;
using testing::every_config;
using testing::expect_error;
using testing::random_inputs;
using testing::values_of;
using testing::vector_tensor;

constexpr int64_t kMaxLength = 11;

double denominator_of(const LossConfig& config, const LossInputs& in) {
  return loss_denominator(config.loss_type, count_tokens(in.lengths), kMaxLength);
}

/// The objective as docs/objectives.md states it, one token at a time.
double closed_form(const LossInputs& in, const LossConfig& c) {
  const auto logp = values_of(in.logp), old = values_of(in.logp_old), ref = values_of(in.logp_ref);
  const auto advantages = values_of(in.advantages), entropy = values_of(in.entropy);
  double total = 0;
  size_t t = 0;
  for (const int64_t length : in.lengths) {
    double sequence = 0;
    for (int64_t i = 0; i < length; ++i, ++t) {
      const double r = std::exp(logp[t] - old[t]), a = advantages[t], x = logp[t] - ref[t];
      const double high = 1 + c.epsilon_high.value_or(c.epsilon);
      double loss = -std::min(r * a, std::max(1 - c.epsilon, std::min(high, r)) * a);
      if (c.delta && a < 0) loss = std::min(loss, *c.delta * std::abs(a));
      double kl = c.kl_estimator == "k1" ? x : c.kl_estimator == "k2" ? x * x / 2 : std::exp(-x) + x - 1;
      if (c.kl_estimator == "k3_unbiased") kl *= r;
      sequence += loss + c.beta * kl - c.entropy_coef * entropy[t];
    }
    total += c.loss_type == "grpo" ? sequence / static_cast<double>(length) : sequence;
  }
  const double n = static_cast<double>(in.lengths.size());
  if (c.loss_type == "grpo") return total / n;
  if (c.loss_type == "dr_grpo") return total / (n * kMaxLength);
  return total / static_cast<double>(t);
}

TEST(PolicyLoss, EqualsTheClosedForm) {
  for (const LossConfig& config : every_config()) {
    const LossInputs in = random_inputs({5, 1, 11, 3}, 7, at::kDouble);
    const LossOutput out = policy_loss(in, config, denominator_of(config, in));
    EXPECT_NEAR(out.loss.item<double>(), closed_form(in, config), 1e-13) << describe(config);
    EXPECT_DOUBLE_EQ(out.metrics.loss, out.loss.item<double>());
    EXPECT_GT(out.metrics.clipped_low, 0);
    EXPECT_GT(out.metrics.clipped_high, 0);
    EXPECT_EQ(out.metrics.dual_clipped > 0, config.delta.has_value());
  }
}

TEST(PolicyLoss, GradientEqualsFiniteDifferences) {
  const double h = 1e-6;
  for (const LossConfig& config : every_config()) {
    const LossInputs in = random_inputs({4, 2, 9}, 21, at::kDouble);
    policy_loss(in, config, denominator_of(config, in)).loss.backward();
    const auto gradient = values_of(in.logp.grad());
    for (size_t t = 0; t < gradient.size(); ++t) {
      double side[2];
      for (const int s : {0, 1}) {
        LossInputs moved = in;
        moved.logp = in.logp.detach().clone();
        moved.logp[static_cast<int64_t>(t)] += s == 0 ? -h : h;
        moved.entropy = in.entropy.detach();
        side[s] = closed_form(moved, config);
      }
      EXPECT_NEAR(gradient[t], (side[1] - side[0]) / (2 * h), 1e-8) << describe(config) << " token " << t;
    }
    if (config.entropy_coef > 0) {
      const auto weights = token_weights(config.loss_type, in.lengths);
      const auto entropy_gradient = values_of(in.entropy.grad());
      EXPECT_NEAR(entropy_gradient[5], -config.entropy_coef * weights[5] / denominator_of(config, in), 1e-9);
    }
  }
}

TEST(PolicyLoss, OnPolicyIsThePlainPolicyGradient) {
  for (const char* loss_type : {"grpo", "dapo", "bnpo", "dr_grpo"}) {
    LossInputs in = random_inputs({3, 8, 1}, 3, at::kFloat);
    in.logp_old = in.logp.detach().clone();
    in.logp_ref = at::Tensor();
    const LossConfig config{.loss_type = loss_type, .epsilon_high = 0.28, .delta = 3.0};
    const LossOutput out = policy_loss(in, config, denominator_of(config, in));
    out.loss.backward();
    const auto gradient = values_of(in.logp.grad()), advantages = values_of(in.advantages);
    const auto weights = token_weights(loss_type, in.lengths);
    for (size_t t = 0; t < gradient.size(); ++t) {
      EXPECT_NEAR(gradient[t], -advantages[t] * weights[t] / denominator_of(config, in), 1e-7);
    }
    EXPECT_EQ(out.metrics.log_ratio_abs_max, 0.0);
    EXPECT_EQ(out.metrics.ratio_min, 1.0);
    EXPECT_EQ(out.metrics.ratio_max, 1.0);
    EXPECT_EQ(out.metrics.clipped(), 0);
  }
}

TEST(PolicyLoss, DualClipBoundsTheLossOfNegativeAdvantagesOnly) {
  const LossConfig config{.delta = 3.0};
  for (const double advantage : {-2.0, 2.0}) {
    const at::Tensor logp = vector_tensor({-0.1}).requires_grad_(true);
    const LossInputs in{.logp = logp,
                        .logp_old = vector_tensor({-5.1}),  // ratio e^5
                        .advantages = vector_tensor({advantage}),
                        .lengths = {1}};
    const LossOutput out = policy_loss(in, config, 1.0);
    out.loss.backward();
    EXPECT_DOUBLE_EQ(out.loss.item<double>(), advantage < 0 ? 6.0 : -2.4);
    EXPECT_EQ(logp.grad().item<double>(), 0.0);
  }
}

TEST(PolicyLoss, HugeRatiosStayFinite) {
  for (const double gap : {-300.0, -30.0, 30.0, 300.0}) {
    for (const float advantage : {-1.f, 0.f, 1.f}) {
      const at::Tensor logp = vector_tensor({-1.0}, at::kFloat).requires_grad_(true);
      const LossInputs in{.logp = logp,
                          .logp_old = vector_tensor({-1.0 - gap}, at::kFloat),
                          .advantages = at::full({1}, advantage),
                          .lengths = {1}};
      policy_loss(in, {}, 1.0).loss.backward();
      EXPECT_TRUE(std::isfinite(logp.grad().item<float>())) << gap << " " << advantage;
    }
  }
}

// One test is one process here, so this is the first exp of two threads: see importance_ratio.
TEST(PolicyLoss, TheFirstRatiosAreThoseOfEveryLaterCall) {
  at::manual_seed(3);
  const at::Tensor x = at::randn({20000, 32}).matmul(at::randn({32, 1})).squeeze(1);  // the threads are up
  const at::Tensor first = importance_ratio(x), second = importance_ratio(x);
  EXPECT_TRUE(first.equal(second));
  for (int64_t i = 0; i < x.numel(); i += 97)
    EXPECT_NEAR(first[i].item<double>() / std::exp(std::clamp(x[i].item<double>(), -20., 20.)), 1, 1e-6);
}

TEST(PolicyLoss, KlInTheRewardLeavesTheLossButIsReported) {
  const LossInputs in = random_inputs({4, 3}, 5, at::kDouble);
  const LossConfig config{.beta = 0.5, .kl_estimator = "k1", .kl_place = "reward"};
  const LossOutput out = policy_loss(in, config, 7.0);
  EXPECT_DOUBLE_EQ(out.metrics.loss, out.metrics.policy_loss);
  EXPECT_NEAR(out.metrics.kl_sum, (in.logp - in.logp_ref).sum().item<double>(), 1e-12);
}

TEST(PolicyLoss, EmptyMicroBatchGivesZero) {
  for (const LossConfig& config : every_config()) {
    const LossInputs in = random_inputs({}, 1, at::kFloat);
    const LossOutput out = policy_loss(in, config, 5.0);
    out.loss.backward();
    EXPECT_EQ(out.loss.item<float>(), 0.f);
    EXPECT_EQ(out.metrics.tokens, 0);
  }
}

TEST(PolicyLoss, RefusesInputsThatDoNotFit) {
  const LossInputs good = random_inputs({4, 3}, 5, at::kFloat);
  const auto refuse = [&](ErrorKind kind, const std::string& text, auto change) {
    LossInputs in = good;
    LossConfig config;
    double denominator = 7;
    change(in, config, denominator);
    expect_error(kind, text, [&] { policy_loss(in, config, denominator); });
  };
  using In = LossInputs&;
  using Cfg = LossConfig&;
  const auto shape = ErrorKind::shape, usage = ErrorKind::usage, internal = ErrorKind::internal;
  refuse(shape, "logp must be a flat", [](In in, Cfg, double&) { in.logp = at::Tensor(); });
  refuse(shape, "logp must be a flat", [](In in, Cfg, double&) { in.logp = in.logp.detach().to(at::kLong); });
  refuse(shape, "logp must be a flat", [](In in, Cfg, double&) { in.logp = in.logp.reshape({7, 1}); });
  refuse(shape, "required", [](In in, Cfg, double&) { in.logp_old = at::Tensor(); });
  refuse(shape, "logp_old must be like logp", [](In in, Cfg, double&) { in.logp_old = in.logp_old.slice(0, 1); });
  refuse(shape, "advantages must be like logp", [](In in, Cfg, double&) { in.advantages = at::zeros({1}); });
  refuse(shape, "Double", [](In in, Cfg, double&) { in.logp_ref = in.logp_ref.to(at::kDouble); });
  refuse(shape, "add up to 6", [](In in, Cfg, double&) { in.lengths = {3, 3}; });
  refuse(shape, "leave masked", [](In in, Cfg, double&) { in.lengths = {7, 0}; });
  refuse(shape, "sequence of -1", [](In in, Cfg, double&) { in.lengths = {8, -1}; });
  refuse(internal, "positive number", [](In, Cfg, double& d) { d = 0; });
  refuse(internal, "positive number", [](In, Cfg, double& d) { d = -3; });
  refuse(internal, "positive number", [](In, Cfg, double& d) { d = std::nan(""); });
  refuse(internal, "positive number", [](In, Cfg, double& d) { d = INFINITY; });
  refuse(usage, "did you mean 'dapo'", [](In, Cfg c, double&) { c.loss_type = "dap"; });
  refuse(usage, "no log-probs of a reference", [](In in, Cfg c, double&) { c.beta = 0.1, in.logp_ref = at::Tensor(); });
  refuse(usage, "kl_estimator", [](In, Cfg c, double&) { c.kl_estimator = "k4"; });
  refuse(usage, "kl_place", [](In, Cfg c, double&) { c.kl_place = "nowhere"; });
  refuse(usage, "entropy_coef", [](In in, Cfg c, double&) { c.entropy_coef = 0.1, in.entropy = at::Tensor(); });
  refuse(usage, "entropy_coef", [](In in, Cfg c, double&) { c.entropy_coef = 0.1, in.entropy = in.entropy.detach(); });
  refuse(usage, "delta must be above 1", [](In, Cfg c, double&) { c.delta = 0.5; });
  refuse(usage, "epsilon", [](In, Cfg c, double&) { c.epsilon = -0.1; });
}

}  // namespace
}  // namespace hone
