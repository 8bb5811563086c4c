// The gradient of an optimiser step does not depend on how its sequences are cut into micro-batches, on their order, on
// masked completions beside them, or on ranks (which are micro-batches whose gradients are summed).
#include <algorithm>
#include <numeric>

#include "unit/rl/rl_testing.h"

namespace hone {
namespace {

using testing::describe;
using testing::every_config;
using testing::expect_error;
using testing::random_inputs;

const std::vector<int64_t> kLengths = {5, 1, 12, 3, 7};

/// One sequence each, in fp32.
std::vector<LossInputs> sequences() {
  std::vector<LossInputs> all;
  for (size_t i = 0; i < kLengths.size(); ++i) all.push_back(random_inputs({kLengths[i]}, 100 + i, at::kFloat));
  return all;
}

LossInputs pack(const std::vector<LossInputs>& all, const std::vector<size_t>& chosen) {
  std::vector<at::Tensor> logp, logp_old, logp_ref, advantages, entropy;
  LossInputs in;
  for (const size_t i : chosen) {
    logp.push_back(all[i].logp);
    logp_old.push_back(all[i].logp_old);
    logp_ref.push_back(all[i].logp_ref);
    advantages.push_back(all[i].advantages);
    entropy.push_back(all[i].entropy);
    in.lengths.push_back(all[i].lengths[0]);
  }
  in.logp = at::cat(logp);
  in.logp_old = at::cat(logp_old);
  in.logp_ref = at::cat(logp_ref);
  in.advantages = at::cat(advantages);
  in.entropy = at::cat(entropy);
  return in;
}

struct Step {
  std::vector<at::Tensor> gradients;  // d loss / d logp of each sequence
  LossMetrics metrics;
};

Step run_step(const LossConfig& config, const std::vector<std::vector<size_t>>& micro_batches) {
  const std::vector<LossInputs> all = sequences();
  TokenCounts counts;
  for (const auto& chosen : micro_batches) counts += count_tokens(pack(all, chosen).lengths);
  const double denominator = loss_denominator(config.loss_type, counts, 16);
  Step step;
  for (const auto& chosen : micro_batches) {
    const LossOutput out = policy_loss(pack(all, chosen), config, denominator);
    out.loss.backward();
    step.metrics += out.metrics;
  }
  for (const LossInputs& in : all) step.gradients.push_back(in.logp.grad());
  return step;
}

/// Every way to cut `order` into consecutive pieces.
std::vector<std::vector<std::vector<size_t>>> every_split(const std::vector<size_t>& order) {
  std::vector<std::vector<std::vector<size_t>>> splits;
  for (size_t cuts = 0; cuts < size_t{1} << (order.size() - 1); ++cuts) {
    std::vector<std::vector<size_t>> pieces(1);
    for (size_t i = 0; i < order.size(); ++i) {
      pieces.back().push_back(order[i]);
      if (i + 1 < order.size() && (cuts >> i & 1)) pieces.emplace_back();
    }
    splits.push_back(pieces);
  }
  return splits;
}

TEST(Split, EveryCutAndOrderHasTheSameGradientBits) {
  size_t compared = 0;
  for (const LossConfig& config : every_config()) {
    std::vector<size_t> order(kLengths.size());
    std::iota(order.begin(), order.end(), 0);
    const Step whole = run_step(config, {order});
    const std::vector<std::vector<size_t>> orders = {order, {4, 3, 2, 1, 0}, {2, 0, 1, 4, 3}};
    for (const auto& o : orders) {
      for (const auto& split : every_split(o)) {
        const Step step = run_step(config, split);
        for (size_t i = 0; i < whole.gradients.size(); ++i) {
          ASSERT_TRUE(at::equal(step.gradients[i], whole.gradients[i])) << describe(config) << " sequence " << i;
        }
        EXPECT_NEAR(step.metrics.loss, whole.metrics.loss, 1e-5);
        EXPECT_NEAR(step.metrics.kl_sum, whole.metrics.kl_sum, 1e-6);
        EXPECT_EQ(step.metrics.tokens, 28);
        EXPECT_EQ(step.metrics.sequences, 5);
        EXPECT_EQ(step.metrics.clipped_low, whole.metrics.clipped_low);
        EXPECT_EQ(step.metrics.clipped_high, whole.metrics.clipped_high);
        EXPECT_EQ(step.metrics.clipped_low_min, whole.metrics.clipped_low_min);
        EXPECT_EQ(step.metrics.clipped_high_max, whole.metrics.clipped_high_max);
        EXPECT_EQ(step.metrics.ratio_min, whole.metrics.ratio_min);
        EXPECT_EQ(step.metrics.ratio_max, whole.metrics.ratio_max);
        ++compared;
      }
    }
  }
  std::cout << compared << " splits compared bit for bit\n";
}

TEST(Split, MaskedCompletionsChangeNothing) {
  const std::vector<int64_t> masked = {5, 0, 3, 0}, without = {5, 3};
  const TokenCounts a = count_tokens(masked), b = count_tokens(without);
  EXPECT_EQ(a.sequences, b.sequences);
  EXPECT_EQ(a.tokens, b.tokens);
  for (const char* loss_type : {"grpo", "dapo", "bnpo", "dr_grpo"}) {
    EXPECT_EQ(token_weights(loss_type, masked), token_weights(loss_type, without));
    EXPECT_EQ(loss_denominator(loss_type, a, 9), loss_denominator(loss_type, b, 9));
  }
  Sample sample;
  sample.ids = {1, 2, 3};
  EXPECT_EQ(trained_length(sample, true), 3);
  for (const Finish finish : {Finish::length, Finish::context}) {
    sample.finish = finish;
    EXPECT_EQ(trained_length(sample, true), 0);
    EXPECT_EQ(trained_length(sample, false), 3);
  }
}

TEST(Split, Denominators) {
  const TokenCounts counts{.sequences = 3, .tokens = 20};
  EXPECT_EQ(loss_denominator("grpo", counts, 0), 3.0);
  EXPECT_EQ(loss_denominator("dapo", counts, 0), 20.0);
  EXPECT_EQ(loss_denominator("bnpo", counts, 0), 20.0);
  EXPECT_EQ(loss_denominator("dr_grpo", counts, 512), 1536.0);
  EXPECT_EQ(token_weights("grpo", std::vector<int64_t>{2, 4}), (std::vector<double>{0.5, 0.5, 0.25, 0.25, 0.25, 0.25}));
  expect_error(ErrorKind::usage, "max_completion_length", [&] { loss_denominator("dr_grpo", counts, 0); });
  expect_error(ErrorKind::data, "must be skipped", [&] { loss_denominator("grpo", {}, 9); });
  expect_error(ErrorKind::data, "must be skipped", [&] { loss_denominator("grpo", {-1, 5}, 9); });
  expect_error(ErrorKind::usage, "grpo | dapo | bnpo | dr_grpo", [&] { loss_denominator("ppo", counts, 9); });
  expect_error(ErrorKind::shape, "at least 0", [] { count_tokens(std::vector<int64_t>{3, -1}); });
  expect_error(ErrorKind::shape, "overflow", [] { count_tokens(std::vector<int64_t>{INT64_MAX, 1}); });
}

}  // namespace
}  // namespace hone
