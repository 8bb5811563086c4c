// cosine_length: correct answers are worth more the shorter they are, wrong ones less (Yeo et al. 2025; TRL and open-r1
// have the same formula).
#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"
#include "hone/options.h"
#include "reward/measure.h"
#include "reward/rewards.h"

namespace hone {
namespace {

struct CosineOptions {
  double min_value_wrong = -1.0;
  double max_value_wrong = -0.5;
  double min_value_correct = 0.5;
  double max_value_correct = 1.0;
  int64_t max_len = 1000;
  std::optional<double> exceed;
  std::string unit = "tokens";
  std::string correct_by;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("min_value_wrong", c.min_value_wrong, "reward of a wrong answer of length 0");
    v("max_value_wrong", c.max_value_wrong, "reward of a wrong answer of length max_len");
    v("min_value_correct", c.min_value_correct, "reward of a correct answer of length max_len");
    v("max_value_correct", c.max_value_correct, "reward of a correct answer of length 0");
    v("max_len", c.max_len, "length at which the curve ends", at_least(1));
    v("exceed", c.exceed, "reward beyond max_len; default: as at max_len");
    v("unit", c.unit, "what is counted", one_of({"tokens", "characters"}));
    v("correct_by", c.correct_by, "name of the reward that says whether the completion is correct");
  }
};

}  // namespace

/// From start at length 0 to end at max_len along half a cosine.
RewardFunction make_cosine_length(const nlohmann::json& json) {
  const auto options = read_options<CosineOptions>(json, "reward 'cosine_length'");
  HONE_CHECK(
      options.min_value_wrong <= options.max_value_wrong && options.min_value_correct <= options.max_value_correct,
      ErrorKind::recipe, "reward 'cosine_length': a min_value is above its max_value");
  return [options](const ScoreInput& in) {
    const VerdictKind answer = answer_verdict(in, options.correct_by);
    if (answer == VerdictKind::unscorable) return unknown_answer();
    const auto length = completion_length(in, options.unit);
    if (!length) return unknown_length();
    const bool right = answer == VerdictKind::correct;
    const double start = right ? options.max_value_correct : options.min_value_wrong;
    const double end = right ? options.min_value_correct : options.max_value_wrong;
    const double progress = std::min(1.0, static_cast<double>(*length) / static_cast<double>(options.max_len));
    double reward = end + 0.5 * (start - end) * (1.0 + std::cos(progress * std::numbers::pi));
    if (*length > options.max_len) reward = options.exceed.value_or(end);
    return Verdict{static_cast<float>(reward),
                   answer,
                   fmt::format("{} after {} of {} {}", verdict_name(answer), *length, options.max_len, options.unit),
                   {}};
  };
}

}  // namespace hone
