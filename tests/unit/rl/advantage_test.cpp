#include "hone/advantage.h"

#include <cmath>
#include <limits>

#include "unit/rl/rl_testing.h"

namespace hone {
namespace {

using testing::expect_error;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// One group; NaN stands for a sample that was not scored.
Group make_group(const std::vector<float>& rewards, int64_t id = 0) {
  Group group;
  group.prompt.id = id;
  for (const float reward : rewards) {
    Sample sample;
    sample.scored = !std::isnan(reward);
    sample.reward = sample.scored ? reward : 0.f;
    group.samples.push_back(sample);
  }
  return group;
}

TEST(Advantages, EqualTrl) {
  const auto golden = testing::read_golden("advantages.json");
  ASSERT_EQ(golden["cases"].size(), 9u);
  double worst = 0;
  for (const auto& c : golden["cases"]) {
    const size_t size = c["num_generations"];
    std::vector<Group> groups;
    for (size_t i = 0; i < c["rewards"].size(); i += size) {
      std::vector<float> rewards;
      for (size_t j = i; j < i + size; ++j) {
        rewards.push_back(c["rewards"][j].is_null() ? kNan : c["rewards"][j].get<float>());
      }
      groups.push_back(make_group(rewards));
    }
    const std::vector<float> advantages = group_advantages(groups, {.scale_rewards = c["scale_rewards"]});
    ASSERT_EQ(advantages.size(), c["advantages"].size());
    for (size_t i = 0; i < advantages.size(); ++i) {
      const double expected = c["advantages"][i];
      EXPECT_NEAR(advantages[i], expected, 1e-5 * std::max(1.0, std::abs(expected))) << c["scale_rewards"] << i;
      worst = std::max(worst, std::abs(advantages[i] - expected) / std::max(1.0, std::abs(expected)));
    }
    const RewardStatistics statistics = reward_statistics(groups);
    EXPECT_NEAR(statistics.mean, c["metrics"]["reward"].get<double>(), 1e-5);
    EXPECT_NEAR(statistics.std(), c["metrics"]["reward_std"].get<double>(), 1e-4);
  }
  std::cout << golden["cases"].size() << " cases, largest difference from TRL " << worst << "\n";
}

TEST(Advantages, ClosedForm) {
  const std::vector<Group> groups = {make_group({0, 0, 1})};
  const double std = std::sqrt((2.0 / 9 + 4.0 / 9) / 2);
  EXPECT_FLOAT_EQ(group_advantages(groups, {})[2], static_cast<float>(2.0 / 3 / (std + 1e-4)));
  EXPECT_FLOAT_EQ(group_advantages(groups, {.scale_rewards = "none"})[0], -1.f / 3);
  // leave one out: the baseline of the last sample is 0, of the others 1/2
  const auto loo = group_advantages(groups, {.scale_rewards = "none", .baseline = "leave_one_out"});
  EXPECT_EQ(loo, (std::vector<float>{-0.5f, -0.5f, 1.f}));
}

TEST(Advantages, EqualRewardsGiveExactlyZero) {
  for (const float reward : {0.1f, 1.f / 3, 1e-30f, -7.7e20f}) {
    for (const char* scale : {"group", "batch", "none"}) {
      for (const char* baseline : {"mean", "leave_one_out"}) {
        const std::vector<Group> groups = {make_group(std::vector<float>(7, reward)), make_group({0, 1})};
        const auto advantages = group_advantages(groups, {.scale_rewards = scale, .baseline = baseline, .epsilon = 0});
        for (int i = 0; i < 7; ++i) EXPECT_EQ(advantages[i], 0.f) << scale << reward;
        EXPECT_GT(advantages[8], 0.f);
      }
    }
  }
}

TEST(Advantages, UnscorableSamplesLeaveTheirGroup) {
  Group with_nan = make_group({0, 1, kNan, 2});
  with_nan.samples.push_back({});
  with_nan.samples.back().scored = true;  // a scorer that returned NaN all the same
  with_nan.samples.back().reward = kNan;
  const auto advantages = group_advantages({with_nan}, {});
  const auto without = group_advantages({make_group({0, 1, 2})}, {});
  EXPECT_EQ(advantages, (std::vector<float>{without[0], without[1], 0.f, without[2], 0.f}));

  const RewardStatistics statistics = reward_statistics({with_nan, make_group({kNan, 5}), make_group({})});
  EXPECT_EQ(statistics.num_scored, 4);
  EXPECT_EQ(statistics.num_unscorable, 3);
  EXPECT_DOUBLE_EQ(statistics.unscorable_frac(), 3.0 / 7);
  EXPECT_DOUBLE_EQ(statistics.mean, 2.0);
  EXPECT_DOUBLE_EQ(statistics.frac_reward_zero_std(), 2.0 / 3);
  EXPECT_EQ(group_advantages({make_group({kNan, 5}), make_group({})}, {.baseline = "leave_one_out"}),
            (std::vector<float>{0.f, 0.f}));
}

TEST(Advantages, DoNotDependOnOtherGroupsOrOrder) {
  const Group a = make_group({0, 1, 1}), b = make_group({3, -2, 0.5f});
  const auto ab = group_advantages({a, b}, {}), ba = group_advantages({b, a}, {});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ab[i], ba[i + 3]);
    EXPECT_EQ(ab[i + 3], ba[i]);
  }
}

TEST(Advantages, RanksShareTheBatchDeviation) {
  const std::vector<Group> first = {make_group({0, 1, 4})}, second = {make_group({2, 2, 9}), make_group({1, kNan, 0})};
  const std::vector<Group> all = {first[0], second[0], second[1]};
  const RewardStatistics merged = merge(reward_statistics(first), reward_statistics(second));
  EXPECT_DOUBLE_EQ(merged.std(), reward_statistics(all).std());
  EXPECT_DOUBLE_EQ(merged.mean, reward_statistics(all).mean);
  EXPECT_EQ(merge({}, merged).mean, merged.mean);
  EXPECT_EQ(merge(merged, {}).squared_deviations, merged.squared_deviations);
  const auto whole = group_advantages(all, {.scale_rewards = "batch"});
  const auto part = group_advantages(second, {.scale_rewards = "batch"}, merged.std());
  for (size_t i = 0; i < part.size(); ++i) EXPECT_FLOAT_EQ(part[i], whole[i + 3]);
}

TEST(Advantages, RefuseWhatTheyCannotUse) {
  const std::vector<Group> groups = {make_group({0, 1})};
  expect_error(ErrorKind::usage, "did you mean 'group'", [&] { group_advantages(groups, {.scale_rewards = "grup"}); });
  expect_error(ErrorKind::usage, "baseline", [&] { group_advantages(groups, {.baseline = "median"}); });
  expect_error(ErrorKind::usage, "epsilon", [&] { group_advantages(groups, {.epsilon = -1}); });
  expect_error(ErrorKind::usage, "batch_std",
               [&] { group_advantages(groups, {.scale_rewards = "batch"}, std::numeric_limits<double>::infinity()); });
  const std::vector<Group> huge = {make_group({-3e38f, 3e38f, 3e38f}, 17)};
  expect_error(ErrorKind::data, "prompt 17",
               [&] { group_advantages(huge, {.scale_rewards = "none", .baseline = "leave_one_out"}); });
  EXPECT_TRUE(std::isfinite(group_advantages(huge, {})[0]));
  EXPECT_TRUE(group_advantages({}, {.scale_rewards = "batch"}).empty());
}

}  // namespace
}  // namespace hone
