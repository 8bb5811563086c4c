#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "reward/code/runner.h"
#include "reward_test_util.h"
#include "sandbox/layers.h"

namespace hone {

/// The code reward with one set of options, made once: its sandboxes stay warm over all tests.
inline const RewardFunction& code_reward(const std::string& options = "{}") {
  static std::map<std::string, RewardFunction> made;
  RewardFunction& reward = made[options];
  if (!reward) reward = rule_rewards().make("code", nlohmann::json::parse(options));
  return reward;
}

inline Verdict score_code(const std::string& completion, const nlohmann::json& fields,
                          const std::string& options = "{}") {
  return code_reward(options)({.prompt = "", .completion = completion, .fields = fields});
}

/// Why no safe sandbox can be had here; "" if it can.
inline const std::string& no_sandbox() {
  static const std::string missing = [] {
    const SandboxReport report = probe_sandbox(code_sandbox());
    return report.strong() ? "" : report.missing();
  }();
  return missing;
}

/// Base of tests that run code: skipped where the machine lacks what a sandbox needs.
struct NeedsSandbox : testing::Test {
  void SetUp() override {
    if (!no_sandbox().empty()) GTEST_SKIP() << "no sandbox on this machine, missing: " << no_sandbox();
  }
};

inline nlohmann::json stdin_tests(const std::string& input, const std::string& output) {
  return {{"tests", {{"type", "stdin"}, {"cases", {{{"input", input}, {"output", output}}}}}}};
}
inline nlohmann::json call_tests(const std::string& name, const nlohmann::json& args, const nlohmann::json& output) {
  return {{"tests",
           {{"type", "call"},
            {"entry_point", name},
            {"cases", nlohmann::json::array({{{"args", args}, {"output", output}}})}}}};
}
inline nlohmann::json assert_tests(const nlohmann::json& asserts) {
  return {{"tests", {{"type", "asserts"}, {"asserts", asserts}}}};
}
inline nlohmann::json check_tests(const std::string& name, const std::string& code, const std::string& prefix = "") {
  return {{"tests", {{"type", "asserts"}, {"code", code}, {"entry_point", name}}}, {"prefix", prefix}};
}

}  // namespace hone
