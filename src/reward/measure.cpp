#include "reward/measure.h"

#include <algorithm>

namespace hone {

int64_t count_characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

std::optional<int64_t> completion_length(const ScoreInput& in, const std::string& unit) {
  if (unit == "characters") return count_characters(in.completion);
  return in.num_tokens < 0 ? std::nullopt : std::optional(in.num_tokens);
}

Verdict unknown_length() { return unscorable("the number of tokens is not known here; use unit: characters"); }

Verdict unknown_answer() {
  return unscorable("no reward and no field 'correct' says whether the completion is correct");
}

}  // namespace hone
