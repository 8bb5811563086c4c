#include "hone/advantage.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/text.h"

namespace hone {
namespace {

/// Statistics of one group's usable rewards; squared deviations are exactly 0 where all of them are equal.
RewardStatistics group_statistics(const Group& group) {
  RewardStatistics s{.num_groups = 1};
  double sum = 0;
  for (const Sample& sample : group.samples) {
    if (has_usable_reward(sample)) {
      ++s.num_scored;
      sum += sample.reward;
    } else {
      ++s.num_unscorable;
    }
  }
  if (s.num_scored > 0) s.mean = sum / static_cast<double>(s.num_scored);
  for (const Sample& sample : group.samples) {
    if (has_usable_reward(sample)) s.squared_deviations += (sample.reward - s.mean) * (sample.reward - s.mean);
  }
  // The mean of n equal floats is exact in double (24 + log2 n bits), so equal rewards have no deviation at all.
  s.num_zero_std_groups = s.squared_deviations == 0 ? 1 : 0;
  return s;
}

void check_option(const char* option, const std::string& value, const std::vector<std::string>& known) {
  HONE_CHECK(std::find(known.begin(), known.end(), value) != known.end(), ErrorKind::usage,
             "{}: unknown value '{}', expected one of {}{}", option, quote_for_message(value), join(known, " | "),
             did_you_mean(value, known));
}

}  // namespace

bool has_usable_reward(const Sample& sample) { return sample.scored && std::isfinite(sample.reward); }

double RewardStatistics::std() const {
  return num_scored < 2 ? 0.0 : std::sqrt(squared_deviations / static_cast<double>(num_scored - 1));
}

double RewardStatistics::frac_reward_zero_std() const {
  return num_groups == 0 ? 0.0 : static_cast<double>(num_zero_std_groups) / static_cast<double>(num_groups);
}

double RewardStatistics::unscorable_frac() const {
  const int64_t samples = num_scored + num_unscorable;
  return samples == 0 ? 0.0 : static_cast<double>(num_unscorable) / static_cast<double>(samples);
}

RewardStatistics merge(const RewardStatistics& a, const RewardStatistics& b) {
  RewardStatistics s{.num_groups = a.num_groups + b.num_groups,
                     .num_zero_std_groups = a.num_zero_std_groups + b.num_zero_std_groups,
                     .num_scored = a.num_scored + b.num_scored,
                     .num_unscorable = a.num_unscorable + b.num_unscorable};
  if (s.num_scored == 0) return s;
  // Chan, Golub, LeVeque 1979: combines means and squared deviations without cancellation.
  const double n = static_cast<double>(s.num_scored), share_b = static_cast<double>(b.num_scored) / n;
  const double shift = b.mean - a.mean;
  s.mean = a.num_scored == 0 ? b.mean : a.mean + shift * share_b;
  s.squared_deviations =
      a.squared_deviations + b.squared_deviations + shift * shift * static_cast<double>(a.num_scored) * share_b;
  return s;
}

RewardStatistics reward_statistics(const std::vector<Group>& groups) {
  RewardStatistics s;
  for (const Group& group : groups) s = merge(s, group_statistics(group));
  return s;
}

std::vector<float> group_advantages(const std::vector<Group>& groups, const AdvantageConfig& config,
                                    std::optional<double> batch_std) {
  check_option("scale_rewards", config.scale_rewards, {"group", "batch", "none"});
  check_option("baseline", config.baseline, {"mean", "leave_one_out"});
  HONE_CHECK(std::isfinite(config.epsilon) && config.epsilon >= 0, ErrorKind::usage,
             "advantage epsilon: expected a finite number >= 0, got {}", config.epsilon);
  const bool by_batch = config.scale_rewards == "batch";
  const double std_of_batch = !by_batch ? 0 : batch_std ? *batch_std : reward_statistics(groups).std();
  HONE_CHECK(std::isfinite(std_of_batch) && std_of_batch >= 0, ErrorKind::usage,
             "batch_std: expected a finite number >= 0, got {}", std_of_batch);

  std::vector<float> advantages;
  for (const Group& group : groups) {
    const RewardStatistics s = group_statistics(group);
    const double n = static_cast<double>(s.num_scored);
    // r_i - mean of the others = (r_i - mean) n / (n - 1)
    const double baseline_factor = config.baseline == "leave_one_out" ? n / (n - 1) : 1.0;
    const double scale = config.scale_rewards == "none" ? 1.0 : (by_batch ? std_of_batch : s.std()) + config.epsilon;
    for (const Sample& sample : group.samples) {
      if (!has_usable_reward(sample) || s.num_zero_std_groups > 0) {
        advantages.push_back(0.f);
        continue;
      }
      const double advantage = (sample.reward - s.mean) * baseline_factor / scale;
      HONE_CHECK(std::abs(advantage) <= std::numeric_limits<float>::max(), ErrorKind::data,
                 "prompt {}: reward {} in a group of mean {} has no finite advantage; bound the reward or set "
                 "scale_rewards: group",
                 group.prompt.id, sample.reward, s.mean);
      advantages.push_back(static_cast<float>(advantage));
    }
  }
  return advantages;
}

}  // namespace hone
