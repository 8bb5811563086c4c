#include "train/adamw.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/rng.h"
#include "base/threads.h"
#include "hone/error.h"

namespace hone {
namespace {

nlohmann::json read_golden() {
  std::ifstream file(HONE_TEST_GOLDEN "/train/adamw.json");
  return nlohmann::json::parse(file);
}

/// Largest |a - b| / (|b| + floor).
double relative_difference(const std::vector<float>& a, const std::vector<float>& b, double floor) {
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]) / (std::abs(b[i]) + floor));
  return worst;
}

/// Runs body at 1, 2 and 3 threads and puts the number back.
template <class Body>
void at_every_thread_count(Body&& body) {
  const int before = num_threads();
  for (const int threads : {1, 2, 3}) {
    set_num_threads(threads);
    body(threads);
  }
  set_num_threads(before);
}

std::vector<float> random_floats(size_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> values(count);
  for (float& x : values) x = static_cast<float>(rng.uniform() - 0.5);
  return values;
}

TEST(AdamW, EqualsTorch) {
  const nlohmann::json golden = read_golden();
  ASSERT_EQ(golden["cases"].size(), 3u);
  double worst = 0;
  for (const auto& c : golden["cases"]) {
    const AdamWOptions options{.lr = c["options"]["lr"],
                               .beta1 = c["options"]["betas"][0],
                               .beta2 = c["options"]["betas"][1],
                               .eps = c["options"]["eps"],
                               .weight_decay = c["options"]["weight_decay"]};
    std::vector<float> weights = c["start"], m(weights.size()), v(weights.size());
    std::vector<float> largest(weights.size());  // |gradient| that each element has seen: what m's rounding scales with
    int64_t step = 0;
    for (const auto& values : c["gradients"]) {
      const std::vector<float> gradient = values;
      for (size_t i = 0; i < gradient.size(); ++i) largest[i] = std::max(largest[i], std::abs(gradient[i]));
      adamw_step(weights, gradient, m, v, ++step, options);
      const std::vector<float> expected = c["weights"][static_cast<size_t>(step - 1)];
      // an update moves a weight by about lr: that is the scale its rounding errors have
      const double difference = relative_difference(weights, expected, options.lr);
      EXPECT_LT(difference, 4e-7) << "step " << step;
      worst = std::max(worst, difference);
    }
    EXPECT_EQ(step, 7);
    for (size_t i = 0; i < m.size(); ++i) EXPECT_NEAR(m[i], c["m"][i].get<float>(), 1e-6 * largest[i]) << i;
    if (options.beta1 == 0) {
      EXPECT_EQ(m, c["gradients"].back().get<std::vector<float>>());
    }
    EXPECT_LT(relative_difference(v, c["v"], 1e-20), 1e-6);
  }
  std::cout << "largest relative difference of a weight from torch " << worst << "\n";
}

TEST(AdamW, FirstStepInClosedForm) {
  std::vector<float> weights = {2.f, 2.f}, m(2), v(2);
  const std::vector<float> gradients = {0.5f, 0.f};
  adamw_step(weights, gradients, m, v, 1, {.lr = 0.1, .weight_decay = 0.5}, 0.5);
  EXPECT_FLOAT_EQ(weights[0], 2 * 0.95f - 0.1f);  // the first step has the sign of the gradient and length lr
  EXPECT_FLOAT_EQ(weights[1], 2 * 0.95f);
  EXPECT_FLOAT_EQ(m[0], 0.1f * 0.25f);  // scaled gradient
  EXPECT_FLOAT_EQ(v[0], 0.001f * 0.0625f);
}

TEST(AdamW, EqualBitsForEveryThreadCount) {
  const size_t count = 300'001;  // several pieces and a tail
  const auto gradients = random_floats(count, 1), start = random_floats(count, 2);
  std::vector<float> first;
  at_every_thread_count([&](int threads) {
    std::vector<float> weights = start, m(count), v(count);
    for (int64_t step = 1; step <= 3; ++step) {
      adamw_step(weights, gradients, m, v, step, {.lr = 1e-3, .weight_decay = 0.1}, 0.7);
    }
    if (first.empty()) first = weights;
    EXPECT_EQ(std::memcmp(first.data(), weights.data(), count * sizeof(float)), 0) << threads;
  });
}

TEST(AdamW, RefusesWhatItCannotUse) {
  std::vector<float> w(3), m(3), v(3), short_one(2);
  const std::vector<float> g(3), short_g(2);
  EXPECT_THROW(adamw_step(w, short_g, m, v, 1, {}), Error);
  EXPECT_THROW(adamw_step(w, g, short_one, v, 1, {}), Error);
  EXPECT_THROW(adamw_step(w, g, m, short_one, 1, {}), Error);
  EXPECT_THROW(adamw_step(w, g, m, v, 0, {}), Error);
  EXPECT_THROW(adamw_step(w, g, m, v, 1, {.lr = -1}), Error);
  EXPECT_THROW(adamw_step(w, g, m, v, 1, {.lr = std::nan("")}), Error);
  EXPECT_THROW(adamw_step(w, g, m, v, 1, {.beta1 = 1.0}), Error);
  EXPECT_THROW(adamw_step(w, g, m, v, 1, {.beta2 = -0.1}), Error);
  EXPECT_THROW(adamw_step(w, g, m, v, 1, {.eps = 0}), Error);
  EXPECT_THROW(adamw_step(w, g, m, v, 1, {.eps = 1e-60}), Error);  // 0 as a float
  EXPECT_THROW(adamw_step(w, g, m, v, 1, {.weight_decay = INFINITY}), Error);
  EXPECT_THROW(adamw_step(w, g, m, v, 1, {}, std::nan("")), Error);
  adamw_step({}, {}, {}, {}, 1, {});
}

TEST(GradNorm, EqualsTheDoubleSum) {
  for (const size_t count : {0, 1, 7, 8, 9, 65536, 65537, 200'000}) {
    const auto values = random_floats(count, count);
    long double sum = 0;
    for (const float x : values) sum += static_cast<long double>(x) * x;
    EXPECT_NEAR(squared_norm(values), static_cast<double>(sum), 1e-13 * static_cast<double>(sum));
    EXPECT_DOUBLE_EQ(grad_norm(values), std::sqrt(squared_norm(values)));
  }
  EXPECT_DOUBLE_EQ(grad_norm(std::vector<float>{3e38f, 3e38f}), std::sqrt(2.0) * static_cast<double>(3e38f));
}

TEST(GradNorm, EqualBitsForEveryThreadCount) {
  const auto values = random_floats(700'003, 9);
  set_num_threads(1);
  const double expected = squared_norm(values);
  at_every_thread_count([&](int threads) { EXPECT_EQ(squared_norm(values), expected) << threads; });
}

TEST(GradNorm, FindsWhatIsNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    for (const size_t where : {0, 5, 65535, 65536, 131'071}) {
      auto values = random_floats(131'072, 3);
      values[where] = bad;
      EXPECT_FALSE(std::isfinite(grad_norm(values))) << where;
    }
  }
}

TEST(ClipFactor, EqualsTorch) {
  const nlohmann::json golden = read_golden();
  ASSERT_EQ(golden["clip"].size(), 4u);
  for (const auto& c : golden["clip"]) {
    const std::vector<float> values = c["values"];
    const double norm = grad_norm(values), factor = clip_factor(norm, c["max_norm"]);
    EXPECT_NEAR(norm, c["norm"].get<double>(), 1e-6 * norm);
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_FLOAT_EQ(values[i] * static_cast<float>(factor), c["clipped"][i].get<float>());
    }
  }
  EXPECT_EQ(clip_factor(1e9, 0), 1.0);  // off
  EXPECT_THROW(clip_factor(std::nan(""), 1), Error);
  EXPECT_THROW(clip_factor(INFINITY, 0), Error);
  EXPECT_THROW(clip_factor(1, -1), Error);
}

}  // namespace
}  // namespace hone
