// length: k1.5's length reward, which compares the completions of a prompt with each other; or, with `max`, a cap.
#include <algorithm>

#include "base/check.h"
#include "hone/options.h"
#include "reward/measure.h"
#include "reward/rewards.h"

namespace hone {
namespace {

struct LengthOptions {
  std::string unit = "tokens";
  std::string correct_by;
  int64_t max = 0;
  int64_t ramp = 0;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("unit", c.unit, "what is counted", one_of({"tokens", "characters"}));
    v("correct_by", c.correct_by, "name of the reward that says which completions are correct");
    v("max", c.max, "a cap instead of the comparison: length that still gets something", at_least(1));
    v("ramp", c.ramp, "with max: the reward falls from 1 to 0 over this many units before it", at_least(0));
  }
};

Verdict below_cap(const ScoreInput& in, const LengthOptions& options) {
  const auto length = completion_length(in, options.unit);
  if (!length) return unknown_length();
  const std::string why = fmt::format("{} of at most {} {}", *length, options.max, options.unit);
  if (*length > options.max) return wrong(why);
  if (*length <= options.max - options.ramp) return correct(why);
  const auto left = static_cast<float>(options.max - *length);
  return Verdict{left / static_cast<float>(options.ramp), VerdictKind::wrong, why, {}};
}

/// lambda = 0.5 - (len - min) / (max - min) over all completions of the group; a correct one gets lambda, a wrong one
/// min(0, lambda); all get 0 if every length is the same.
std::vector<Verdict> compare(std::span<const ScoreInput> group, const LengthOptions& options) {
  std::vector<int64_t> lengths;
  for (const ScoreInput& in : group) {
    const auto length = completion_length(in, options.unit);
    if (!length) return std::vector<Verdict>(group.size(), unknown_length());
    lengths.push_back(*length);
  }
  const auto [shortest, longest] = std::minmax_element(lengths.begin(), lengths.end());
  std::vector<Verdict> verdicts;
  for (size_t i = 0; i < group.size(); ++i) {
    const VerdictKind answer = answer_verdict(group[i], options.correct_by);
    if (answer == VerdictKind::unscorable) {
      verdicts.push_back(unknown_answer());
      continue;
    }
    const auto above = static_cast<double>(lengths[i] - *shortest), range = static_cast<double>(*longest - *shortest);
    double lambda = range > 0 ? 0.5 - above / range : 0.0;
    if (answer == VerdictKind::wrong) lambda = std::min(0.0, lambda);
    verdicts.push_back({static_cast<float>(lambda),
                        answer,
                        fmt::format("{} {}; the group has {} to {}", lengths[i], options.unit, *shortest, *longest),
                        {}});
  }
  return verdicts;
}

}  // namespace

GroupRewardFunction make_length(const nlohmann::json& json) {
  const auto options = read_options<LengthOptions>(json, "reward 'length'");
  HONE_CHECK(options.max > 0 || options.ramp == 0, ErrorKind::recipe,
             "reward 'length': ramp belongs to a cap: option max is required");
  HONE_CHECK(options.ramp <= options.max, ErrorKind::recipe, "reward 'length': ramp {} is longer than max {}",
             options.ramp, options.max);
  HONE_CHECK(options.max == 0 || options.correct_by.empty(), ErrorKind::recipe,
             "reward 'length': correct_by has no effect with max: a cap does not look at the answer");
  return [options](std::span<const ScoreInput> group) {
    if (options.max == 0) return compare(group, options);
    std::vector<Verdict> verdicts;
    for (const ScoreInput& in : group) verdicts.push_back(below_cap(in, options));
    return verdicts;
  };
}

}  // namespace hone
