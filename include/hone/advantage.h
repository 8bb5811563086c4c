// Advantages of the GRPO family: how much better a completion is than the others of its prompt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hone/types.h"

namespace hone {

/// The fields have GrpoConfig's names and meanings.
struct AdvantageConfig {
  std::string scale_rewards = "group";  // group | batch | none: whose standard deviation divides
  std::string baseline = "mean";        // mean | leave_one_out: what is subtracted
  double epsilon = 1e-4;                // added to the standard deviation
};

/// What the rewards of a batch look like. Records of several ranks combine with merge(); in the same order they give
/// the same bits on every rank.
struct RewardStatistics {
  int64_t num_groups = 0;
  int64_t num_zero_std_groups = 0;  // groups that teach nothing: all rewards equal, or fewer than two scored samples
  int64_t num_scored = 0;           // samples with a usable reward
  int64_t num_unscorable = 0;       // the others: not scored, or a reward that is not finite
  double mean = 0;                  // of the scored samples
  double squared_deviations = 0;    // sum of (reward - mean)^2

  double std() const;                   // sample standard deviation (n - 1), 0 for fewer than two samples
  double frac_reward_zero_std() const;  // share of groups
  double unscorable_frac() const;       // share of samples
};

/// Whether a sample's reward counts: it was scored, and with a finite number. A scorer that returns NaN said nothing.
bool has_usable_reward(const Sample& sample);

RewardStatistics reward_statistics(const std::vector<Group>& groups);
RewardStatistics merge(const RewardStatistics& a, const RewardStatistics& b);

/// One advantage per sample, groups in order: (reward - baseline) / (std + epsilon), computed in double.
/// A sample without a usable reward gets 0 and leaves its group's statistics; a group with fewer than two scored
/// samples, or with equal rewards, gets exactly 0 throughout. Standard deviations are sample ones (n - 1), as in TRL.
/// `batch_std` is the standard deviation over all ranks for scale_rewards "batch"; by default that of `groups`.
/// Error(usage) for an unknown option, Error(data) for rewards so large that an advantage is not a finite float.
std::vector<float> group_advantages(const std::vector<Group>& groups, const AdvantageConfig& config,
                                    std::optional<double> batch_std = std::nullopt);

}  // namespace hone
