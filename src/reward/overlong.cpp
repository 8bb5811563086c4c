// overlong: DAPO's soft punishment of completions near the length limit.
#include "base/check.h"
#include "hone/options.h"
#include "reward/measure.h"
#include "reward/rewards.h"

namespace hone {
namespace {

struct OverlongOptions {
  int64_t max = 20480;
  int64_t cache = 4096;
  std::string unit = "tokens";

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("max", c.max, "length from which the punishment is whole", at_least(1));
    v("cache", c.cache, "length before max over which it grows from 0 to -1", at_least(0));
    v("unit", c.unit, "what is counted", one_of({"tokens", "characters"}));
  }
};

}  // namespace

/// 0 up to max - cache, ((max - cache) - length) / cache up to max, -1 beyond.
RewardFunction make_overlong(const nlohmann::json& json) {
  const auto options = read_options<OverlongOptions>(json, "reward 'overlong'");
  HONE_CHECK(options.cache <= options.max, ErrorKind::recipe, "reward 'overlong': cache {} is longer than max {}",
             options.cache, options.max);
  return [options](const ScoreInput& in) {
    const auto length = completion_length(in, options.unit);
    if (!length) return unknown_length();
    const int64_t free = options.max - options.cache;
    const std::string why = fmt::format("{} {}, free up to {}", *length, options.unit, free);
    if (*length <= free) return Verdict{0.f, VerdictKind::correct, why, {}};
    if (*length > options.max) return Verdict{-1.f, VerdictKind::wrong, why, {}};
    const double reward = static_cast<double>(free - *length) / static_cast<double>(options.cache);
    return Verdict{static_cast<float>(reward), VerdictKind::wrong, why, {}};
  };
}

}  // namespace hone
