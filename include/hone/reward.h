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

/// What a reward sees. The completion is a model's output: any bytes, any length.
struct ScoreInput {
  std::string_view prompt;       // as rendered for the model, generation prefix included
  std::string_view completion;   // decoded, without the stop token or stop string
  const nlohmann::json& fields;  // the record the prompt was made from
  Finish finish = Finish::stop;
  int64_t num_tokens = -1;  // of the completion; -1 where it is not known
};

/// Must be safe to call from several threads at once. An exception makes the sample unscorable.
using RewardFunction = std::function<Verdict(const ScoreInput&)>;

/// Reads a reward's own options (Error(recipe) for unknown ones) and returns the scorer.
using RewardMaker = std::function<RewardFunction(const nlohmann::json& options)>;

/// Names of rewards. A plain list: what is in it was put there by builtin_rewards() or by the caller.
class RewardTable {
 public:
  /// Error(usage) if the name is empty or taken.
  void add(const std::string& name, RewardMaker maker);
  /// Error(recipe) for an unknown name lists the known ones and the nearest.
  RewardFunction make(const std::string& name, const nlohmann::json& options = nlohmann::json::object()) const;
  std::vector<std::string> names() const;

 private:
  std::map<std::string, RewardMaker> makers_;
};

/// exact_answer, code, logic, format, length, finish.
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

/// Threads that score completions as they finish. A sample's reward is the weighted sum of the parts whose `sources`
/// hold its prompt's source; it is unscorable if any of them is, or if none applies. Results do not depend on the
/// number of workers. Not itself thread-safe: one thread submits and waits.
class RewardPool {
 public:
  /// Builds every reward at once. Error(recipe) for unknown types or options, duplicate names, weights that are not
  /// finite, an empty list, workers < 1 or a timeout that is not positive.
  RewardPool(const std::vector<RewardConfig>& rewards, const RewardTable& table, int workers, double timeout_s);
  ~RewardPool();
  RewardPool(const RewardPool&) = delete;
  RewardPool& operator=(const RewardPool&) = delete;

  /// Queues one finished sample and returns at once. Everything a scorer needs is copied; `sample` itself is written
  /// only by wait(), and must stay where it is until then.
  void submit(const Prompt& prompt, Sample& sample);

  /// Returns when every submitted sample has its reward, parts, scored and why. A scorer call that runs longer than the
  /// timeout is given up: its sample becomes unscorable, its thread is left behind and replaced. Error(internal) once
  /// kMaxHanging calls are left behind and still running, since they keep their memory and their core.
  void wait();

  /// Statistics since the last call.
  RewardStats take_stats();

  static constexpr int kMaxHanging = 64;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with workers: one that hangs may outlive the pool
};

}  // namespace hone
