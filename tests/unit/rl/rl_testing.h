// Shared by the tests of rl/: random inputs, golden files, expected errors.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/rng.h"
#include "hone/error.h"
#include "hone/loss.h"

namespace hone::testing {

inline nlohmann::json read_golden(const std::string& name) {
  std::ifstream file(std::string(HONE_TEST_GOLDEN) + "/rl/" + name);
  EXPECT_TRUE(file.good()) << name;
  return nlohmann::json::parse(file);
}

/// `body` must throw a hone::Error of this kind whose one-line message contains `text`.
template <class Body>
void expect_error(ErrorKind kind, const std::string& text, Body&& body) {
  try {
    body();
    ADD_FAILURE() << "no error; expected one with '" << text << "'";
  } catch (const Error& e) {
    EXPECT_EQ(static_cast<int>(e.kind()), static_cast<int>(kind)) << e.what();
    EXPECT_NE(std::string(e.what()).find(text), std::string::npos) << e.what();
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos) << e.what();
  }
}

inline at::Tensor vector_tensor(const std::vector<double>& values, at::ScalarType type = at::kDouble) {
  return at::tensor(values, at::dtype(at::kDouble)).to(type);
}

inline std::vector<double> values_of(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kDouble).contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

/// Log-probs with ratios and references far enough apart to reach every branch; one advantage per sequence, of changing
/// sign.
inline LossInputs random_inputs(const std::vector<int64_t>& lengths, uint64_t seed, at::ScalarType type) {
  Rng rng(seed);
  std::vector<double> logp, logp_old, logp_ref, advantages, entropy;
  for (size_t i = 0; i < lengths.size(); ++i) {
    const int64_t length = lengths[i];
    const double advantage = ((seed + i) % 2 == 0 ? 1 : -1) * (0.3 + 1.2 * rng.uniform());
    for (int64_t t = 0; t < length; ++t) {
      logp.push_back(-3 * rng.uniform() - 0.05);
      logp_old.push_back(logp.back() + 2 * rng.uniform() - 1);
      logp_ref.push_back(logp.back() + 3 * rng.uniform() - 1.5);
      advantages.push_back(advantage);
      entropy.push_back(3 * rng.uniform());
    }
  }
  return {.logp = vector_tensor(logp, type).requires_grad_(true),
          .logp_old = vector_tensor(logp_old, type),
          .logp_ref = vector_tensor(logp_ref, type),
          .advantages = vector_tensor(advantages, type),
          .entropy = vector_tensor(entropy, type).requires_grad_(true),
          .lengths = lengths};
}

/// The configurations that together take every branch of policy_loss.
inline std::vector<LossConfig> every_config() {
  std::vector<LossConfig> configs;
  for (const char* loss_type : {"grpo", "dapo", "bnpo", "dr_grpo"}) {
    for (const char* estimator : {"k1", "k2", "k3", "k3_unbiased"}) {
      configs.push_back({.loss_type = loss_type, .beta = 0.1, .kl_estimator = estimator});
      configs.push_back({.loss_type = loss_type,
                         .epsilon = 0.1,
                         .epsilon_high = 0.3,
                         .delta = 1.8,
                         .beta = 0.05,
                         .kl_estimator = estimator,
                         .entropy_coef = 0.02});
    }
  }
  return configs;
}

inline std::string describe(const LossConfig& c) {
  return c.loss_type + " " + c.kl_estimator + (c.delta ? " delta" : "");
}

}  // namespace hone::testing
