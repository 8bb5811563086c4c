// length: 1 up to a length, 0 past it, with a linear ramp between if asked for.
#include <algorithm>

#include "base/check.h"
#include "hone/options.h"
#include "reward/rewards.h"

namespace hone {
namespace {

struct LengthOptions {
  int64_t max = 0;
  int64_t ramp = 0;
  std::string unit = "tokens";

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("max", c.max, "length that still gets something", at_least(1));
    v("ramp", c.ramp, "the reward falls from 1 to 0 over this many units before max", at_least(0));
    v("unit", c.unit, "what is counted", one_of({"tokens", "characters"}));
  }
};

/// Code points; every byte that continues none counts, so broken UTF-8 is never free.
int64_t count_characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

}  // namespace

RewardFunction make_length(const nlohmann::json& json) {
  const auto options = read_options<LengthOptions>(json, "reward 'length'");
  HONE_CHECK(options.max > 0, ErrorKind::recipe, "reward 'length': option max is required");
  HONE_CHECK(options.ramp <= options.max, ErrorKind::recipe, "reward 'length': ramp {} is longer than max {}",
             options.ramp, options.max);
  return [options](const ScoreInput& in) {
    const bool tokens = options.unit == "tokens";
    if (tokens && in.num_tokens < 0) return unscorable("the number of tokens is not known here; use unit: characters");
    const int64_t length = tokens ? in.num_tokens : count_characters(in.completion);
    const std::string why = fmt::format("{} of at most {} {}", length, options.max, options.unit);
    if (length > options.max) return wrong(why);
    if (length <= options.max - options.ramp) return correct(why);
    const auto left = static_cast<float>(options.max - length);
    return Verdict{left / static_cast<float>(options.ramp), VerdictKind::wrong, why, {}};
  };
}

}  // namespace hone
