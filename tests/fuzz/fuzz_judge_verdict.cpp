// Any bytes are a judge's reply: a verdict that holds exactly one of score and winner, or a reason why not.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

#include "reward/judge_verdict.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view reply(reinterpret_cast<const char*>(data), size);
  std::string why;
  const auto verdict = hone::parse_judge_verdict(reply, why);
  if (verdict.has_value() != why.empty()) std::abort();
  if (!verdict) return 0;
  if (verdict->score.has_value() == verdict->winner.has_value()) std::abort();
  if (verdict->score && !std::isfinite(*verdict->score)) std::abort();
  if (verdict->winner && *verdict->winner != "A" && *verdict->winner != "B" && *verdict->winner != "tie") std::abort();
  return 0;
}
