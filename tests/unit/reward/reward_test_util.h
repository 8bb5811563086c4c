#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "hone/reward.h"

namespace hone {

/// The verdict of one built-in reward on one completion.
inline Verdict score(const std::string& reward, const std::string& completion,
                     const nlohmann::json& fields = nlohmann::json::object(),
                     const nlohmann::json& options = nlohmann::json::object(), Finish finish = Finish::stop,
                     int64_t num_tokens = -1) {
  return rule_rewards().make(reward, options)(
      {.prompt = "", .completion = completion, .fields = fields, .finish = finish, .num_tokens = num_tokens});
}

inline std::string kind(const Verdict& verdict) { return std::string(verdict_name(verdict.verdict)); }

}  // namespace hone
