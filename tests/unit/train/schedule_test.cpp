#include "train/schedule.h"

#include <cmath>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "hone/error.h"

namespace hone {
namespace {

TEST(Schedule, EqualsTransformers) {
  std::ifstream file(HONE_TEST_GOLDEN "/train/schedule.json");
  const auto golden = nlohmann::json::parse(file);
  ASSERT_EQ(golden["cases"].size(), 20u);
  double worst = 0;
  for (const auto& c : golden["cases"]) {
    const OptimConfig config{.learning_rate = golden["learning_rate"],
                             .lr_scheduler_type = c["lr_scheduler_type"],
                             .min_lr_rate = c["min_lr_rate"],
                             .warmup_steps = c["warmup_steps"]};
    for (size_t step = 0; step < c["rates"].size(); ++step) {
      const double expected = c["rates"][step];
      const double actual = learning_rate_at(static_cast<int64_t>(step), c["total_steps"], config);
      EXPECT_NEAR(actual, expected, 1e-13 * config.learning_rate) << config.lr_scheduler_type << " step " << step;
      worst = std::max(worst, std::abs(actual - expected) / config.learning_rate);
    }
  }
  std::cout << golden["cases"].size() << " schedules, largest difference from transformers " << worst
            << " of the peak\n";
}

TEST(Schedule, WarmupLength) {
  EXPECT_EQ(warmup_steps({.warmup_ratio = 0.1}, 21), 3);  // rounded up
  EXPECT_EQ(warmup_steps({.warmup_steps = 5, .warmup_ratio = 0.5}, 20), 5);
  EXPECT_EQ(warmup_steps({}, 20), 0);
  EXPECT_EQ(warmup_steps({.warmup_ratio = 1}, 20), 20);
}

TEST(Schedule, KeepsItsLastValuePastTheEnd) {
  const auto rate = [](const char* type, int64_t step, int64_t total) {
    return learning_rate_at(step, total, {.learning_rate = 1, .lr_scheduler_type = type, .min_lr_rate = 0.2});
  };
  for (const int64_t step : {10, 11, 17, 1000}) {
    EXPECT_EQ(rate("constant", step, 10), 1.0);
    EXPECT_EQ(rate("linear", step, 10), 0.0);
    EXPECT_EQ(rate("cosine", step, 10), 0.0);
    EXPECT_DOUBLE_EQ(rate("cosine_with_min_lr", step, 10), 0.2);
  }
  EXPECT_EQ(rate("linear", 0, 0), 0.0);
}

TEST(Schedule, RefusesWhatItCannotUse) {
  EXPECT_THROW(learning_rate_at(-1, 10, {}), Error);
  EXPECT_THROW(learning_rate_at(0, -10, {}), Error);
  EXPECT_THROW(learning_rate_at(0, 10, {.warmup_steps = -1}), Error);
  EXPECT_THROW(learning_rate_at(0, 10, {.warmup_ratio = 1.5}), Error);
  EXPECT_THROW(learning_rate_at(0, 10, {.min_lr_rate = -0.5}), Error);
  try {
    learning_rate_at(0, 10, {.lr_scheduler_type = "cosin"});
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("did you mean 'cosine'"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace hone
