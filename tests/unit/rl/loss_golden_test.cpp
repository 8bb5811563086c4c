// policy_loss against GRPOTrainer._compute_loss of TRL: losses, gradients and metrics, sequences of unequal lengths.
#include <cmath>

#include "unit/rl/rl_testing.h"

namespace hone {
namespace {

struct Worst {
  double loss = 0, gradient = 0;
};

LossConfig read_config(const nlohmann::json& c) {
  LossConfig config{.loss_type = c["loss_type"],
                    .epsilon = c["epsilon"],
                    .beta = c["beta"],
                    .kl_estimator = c["kl_estimator"],
                    .entropy_coef = c["entropy_coef"]};
  if (!c["epsilon_high"].is_null()) config.epsilon_high = c["epsilon_high"];
  if (!c["delta"].is_null()) config.delta = c["delta"];
  return config;
}

at::Tensor floats(const nlohmann::json& values) {
  return testing::vector_tensor(values.get<std::vector<double>>(), at::kFloat);
}

void expect_close(const std::vector<double>& actual, const std::vector<double>& expected, double& worst) {
  ASSERT_EQ(actual.size(), expected.size());
  double scale = 0;
  for (const double e : expected) scale = std::max(scale, std::abs(e));
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_NEAR(actual[i], expected[i], 1e-5 * scale) << i;
    if (scale > 0) worst = std::max(worst, std::abs(actual[i] - expected[i]) / scale);
  }
}

void check_case(const nlohmann::json& batch, const nlohmann::json& c, int64_t max_completion_length, Worst& worst) {
  const LossConfig config = read_config(c);
  const LossInputs in{.logp = floats(batch["logp"]).requires_grad_(true),
                      .logp_old = floats(batch["logp_old"]),
                      .logp_ref = config.beta > 0 ? floats(batch["logp_ref"]) : at::Tensor(),
                      .advantages = floats(batch["advantages"]),
                      .entropy = floats(batch["entropy"]).requires_grad_(true),
                      .lengths = batch["lengths"]};
  double denominator = loss_denominator(config.loss_type, count_tokens(in.lengths), max_completion_length);
  // TRL keeps masked rows in the number of sequences; here they count for nothing.
  if (config.loss_type == "grpo" || config.loss_type == "dr_grpo") {
    denominator *= batch["num_rows"].get<double>() / static_cast<double>(in.lengths.size());
  }
  const LossOutput out = policy_loss(in, config, denominator);
  out.loss.backward();

  const double loss = c["loss"];
  EXPECT_NEAR(out.loss.item<double>(), loss, 1e-5 * std::max(1e-2, std::abs(loss)));
  worst.loss = std::max(worst.loss, std::abs(out.loss.item<double>() - loss));
  expect_close(testing::values_of(in.logp.grad()), c["grad"], worst.gradient);
  if (c.contains("grad_entropy")) {
    expect_close(testing::values_of(in.entropy.grad()), c["grad_entropy"], worst.gradient);
  }
  const LossMetrics& m = out.metrics;
  const double tokens = static_cast<double>(m.tokens);
  const auto& expected = c["metrics"];
  EXPECT_NEAR(m.kl_sum / tokens, expected.value("kl", 0.0), 1e-5);  // TRL reports none where beta is 0
  EXPECT_NEAR(m.entropy_sum / tokens, expected["entropy"].get<double>(), 1e-5);
  EXPECT_NEAR(m.clipped_low / tokens, expected["clip_ratio/low_mean"].get<double>(), 1e-6);
  EXPECT_NEAR(m.clipped_high / tokens, expected["clip_ratio/high_mean"].get<double>(), 1e-6);
  EXPECT_NEAR(m.clipped() / tokens, expected["clip_ratio/region_mean"].get<double>(), 1e-6);
  EXPECT_NEAR(m.clipped_low_min, expected["clip_ratio/low_min"].get<double>(), 1e-6);
  EXPECT_NEAR(m.clipped_high_max, expected["clip_ratio/high_max"].get<double>(), 1e-6);
}

TEST(PolicyLoss, EqualsTrl) {
  const auto golden = testing::read_golden("losses.json");
  Worst worst;
  size_t cases = 0;
  for (const auto& batch : golden["batches"]) {
    for (const auto& c : batch["cases"]) {
      SCOPED_TRACE(testing::describe(read_config(c)) + " of " + std::to_string(batch["num_rows"].get<int>()) + " rows");
      check_case(batch, c, golden["max_completion_length"], worst);
      ++cases;
    }
  }
  EXPECT_GE(cases, 70u);
  std::cout << cases << " cases, largest difference from TRL: loss " << worst.loss << ", gradient " << worst.gradient
            << " of its largest element\n";
}

}  // namespace
}  // namespace hone
