// Rewards: functions that score one completion, the table that names them, and the pool of threads that runs them while
// decoding goes on. docs/rewards.md defines every built-in reward.
//
//   RewardTable table = builtin_rewards();
//   table.add("short", [](const nlohmann::json&) {
//     return [](const ScoreInput& in) { return in.num_tokens < 50 ? correct() : wrong("50 tokens or more"); };
//   });
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "hone/recipe.h"
#include "hone/types.h"

namespace hone {

/// `unscorable` means that nothing can be said about the completion (no gold answer, a scorer that failed): it is no
/// low reward but no signal at all, and the sample leaves its group's statistics.
enum class VerdictKind { correct, wrong, unscorable };

std::string_view verdict_name(VerdictKind kind);  // "correct" | "wrong" | "unscorable"

struct Verdict {
  float reward = 0.f;  // finite; 0 where unscorable
  VerdictKind verdict = VerdictKind::wrong;
  std::string why;                     // one line for a person
  std::map<std::string, float> parts;  // optional components of `reward`, for the metrics
};

inline Verdict correct(std::string why = "") { return {1.f, VerdictKind::correct, std::move(why), {}}; }
inline Verdict wrong(std::string why) { return {0.f, VerdictKind::wrong, std::move(why), {}}; }
inline Verdict unscorable(std::string why) { return {0.f, VerdictKind::unscorable, std::move(why), {}}; }

/// What an earlier part of the recipe said about a completion.
struct PartVerdict {
  std::string name;
  VerdictKind verdict = VerdictKind::unscorable;
  bool judges_answer = true;  // false for is_style_reward()
};

/// What a reward sees. The completion is a model's output: any bytes, any length.
struct ScoreInput {
  std::string_view prompt;       // as rendered for the model, generation prefix included
  std::string_view completion;   // decoded, without the stop token or stop string
  const nlohmann::json& fields;  // the record the prompt was made from
  Finish finish = Finish::stop;
  int64_t num_tokens = -1;                    // of the completion; -1 where it is not known
  int64_t step = -1;                          // of training, from 0; -1 outside of it (evaluation, hone score)
  std::span<const PartVerdict> earlier = {};  // those that judge answers, then style rules, then group rewards
};

/// Whether the answer is right, for rewards that depend on it: the verdict of the earlier part called `name`, or where
/// `name` is empty that of the first one that judges answers. Failing that, what the record's field `correct` says.
VerdictKind answer_verdict(const ScoreInput& in, const std::string& name = "");

/// True for built-in rewards that judge how something is said rather than whether it is right.
bool is_style_reward(std::string_view type);

/// Must be safe to call from several threads at once. An exception makes the sample unscorable.
using RewardFunction = std::function<Verdict(const ScoreInput&)>;

/// Scores all completions of one prompt together, since each is compared with the others; one verdict for each. They
/// are those that every other part could score. The same rules hold.
using GroupRewardFunction = std::function<std::vector<Verdict>(std::span<const ScoreInput>)>;

/// Reads a reward's own options (Error(recipe) for unknown ones) and returns the scorer.
using RewardMaker = std::function<RewardFunction(const nlohmann::json& options)>;
using GroupRewardMaker = std::function<GroupRewardFunction(const nlohmann::json& options)>;

/// Names of rewards. A plain list: what is in it was put there by builtin_rewards() or by the caller.
class RewardTable {
 public:
  /// Error(usage) if the name is empty or taken.
  void add(const std::string& name, RewardMaker maker);
  void add_group(const std::string& name, GroupRewardMaker maker);

  /// Error(recipe) for an unknown name lists the known ones and the nearest. A group reward scores a group of one.
  RewardFunction make(const std::string& name, const nlohmann::json& options = nlohmann::json::object()) const;
  /// The same for a whole group; a reward of single completions scores each by itself.
  GroupRewardFunction make_group(const std::string& name,
                                 const nlohmann::json& options = nlohmann::json::object()) const;
  bool is_group(const std::string& name) const;
  std::vector<std::string> names() const;

 private:
  void check_known(const std::string& name) const;

  std::map<std::string, RewardMaker> makers_;
  std::map<std::string, GroupRewardMaker> group_makers_;
};

/// code, cosine_length, exact_answer, finish, format, instructions, language_consistency, length, logic, math, overlong,
/// repetition: the rewards that ask no model.
RewardTable rule_rewards();
/// Those, judge and reward_model.
RewardTable builtin_rewards();

/// What a pool did since its statistics were last taken.
struct RewardStats {
  int64_t samples = 0;        // scored or not
  int64_t unscorable = 0;     // for whatever reason; timeouts and exceptions included
  int64_t timeouts = 0;       // scorer calls given up
  int64_t exceptions = 0;     // scorer calls that threw
  double scorer_seconds = 0;  // wall time inside scorers, summed over workers
  double wait_seconds = 0;    // wall time the caller spent in wait()

  double unscorable_frac() const {
    return samples > 0 ? static_cast<double>(unscorable) / static_cast<double>(samples) : 0.0;
  }
};

/// Threads that score completions as they finish. A sample's reward is the weighted sum of the parts that apply to it;
/// it is unscorable if any of them is, or if none applies. A part applies if the record's field `reward` names it or,
/// where the record has no such field, if its `sources` hold the prompt's source; and if the step of training lies
/// within [from_step, until_step). Results do not depend on the number of workers. Not itself thread-safe: one thread
/// submits and waits.
class RewardPool {
 public:
  /// Builds every reward at once. Error(recipe) for unknown types or options, duplicate names, weights that are not
  /// finite, an empty list, workers < 1 or a timeout that is not positive.
  RewardPool(const std::vector<RewardConfig>& rewards, const RewardTable& table, int workers, double timeout_s);
  ~RewardPool();
  RewardPool(const RewardPool&) = delete;
  RewardPool& operator=(const RewardPool&) = delete;

  /// The step of training, from 0, that the samples submitted from now on belong to: it decides which parts rest and
  /// how much the others weigh. Never called (evaluation): every part counts in full.
  void set_step(int64_t step);

  /// Queues one finished sample and returns at once. Everything a scorer needs is copied; `sample` itself is written
  /// only by wait(), and must stay where it is until then. Samples submitted with the same `prompt` object are a group.
  void submit(const Prompt& prompt, Sample& sample);

  /// Scores the groups, and returns when every submitted sample has its reward, parts, scored and why. A call that runs
  /// longer than the timeout is given up: its sample becomes unscorable, its thread is left behind and replaced.
  /// Error(internal) once kMaxHanging calls are left behind and still running, since they keep their memory and their
  /// core.
  void wait();

  /// Statistics since the last call.
  RewardStats take_stats();

  static constexpr int kMaxHanging = 64;
  static constexpr size_t kMaxCompletion = size_t{16} << 20;  // bytes; a longer completion is unscorable
  static constexpr size_t kMaxWhy = 1000;                     // bytes kept of what one part says
  static constexpr size_t kMaxParts = 64;                     // components kept of one part

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with workers: one that hangs may outlive the pool
};

}  // namespace hone
