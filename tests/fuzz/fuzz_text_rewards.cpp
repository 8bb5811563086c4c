// Any bytes are a completion: every text rule gives a finite verdict for them.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "hone/reward.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using nlohmann::json;
  static const json fields = {
      {"task", "countdown"},
      {"numbers", {3, 5, 25}},
      {"target", 80},
      {"correct", true},
      {"question", "What is it?"},
      {"instructions", json::parse(R"([{"type": "sentences", "value": 2}, {"type": "highlights", "value": 1},
        {"type": "json"}, {"type": "forbidden_words", "value": ["a"]}, {"type": "title"}, {"type": "language",
        "value": "en"}, {"type": "capital_words", "max": 3}, {"type": "placeholders", "value": 1}])")}};
  static const std::vector<hone::RewardFunction> rewards = [] {
    const hone::RewardTable table = hone::rule_rewards();
    std::vector<hone::RewardFunction> made;
    for (const char* name : {"format", "repetition", "instructions", "logic", "language_consistency"})
      made.push_back(table.make(name));
    made.push_back(table.make("length", {{"max", 100}, {"unit", "characters"}}));
    return made;
  }();
  const std::string_view completion(reinterpret_cast<const char*>(data), size);
  for (const hone::RewardFunction& reward : rewards) {
    const hone::Verdict verdict = reward({.prompt = "q", .completion = completion, .fields = fields});
    if (!std::isfinite(verdict.reward) || verdict.verdict == hone::VerdictKind::unscorable) std::abort();
  }
  return 0;
}
