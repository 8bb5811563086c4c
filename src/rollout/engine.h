// The rollout engine: continuous batching over paged keys and values, on the policy's own weights and layers.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "hone/recipe.h"
#include "hone/types.h"
#include "model/policy.h"

namespace hone {

struct EngineOptions {
  int64_t max_running_sequences = 256;
  int64_t max_prefill_tokens = 512;  // prompt tokens in one forward pass; longer prompts are cut into chunks
  int64_t kv_blocks = 0;             // pages of 64 positions; 0 = as many as the request can use, within kv_memory_gb
  double kv_memory_gb = 4.0;
};

/// What, with a prompt's id and a sample's index, fixes every draw.
struct SampleKey {
  uint64_t seed = 0, step = 0;
};

struct GenerateHooks {
  /// A sample is complete; called from the thread that runs generate, in the order samples finish.
  std::function<void(Group& group, size_t sample)> finished;
  /// New text of a sample, never cutting a character.
  std::function<void(const Group& group, size_t sample, std::string_view text)> text;
  /// After every forward pass.
  std::function<void(int64_t finished_samples, int64_t all_samples, int64_t tokens)> progress;
};

struct EngineStats {
  int64_t forward_passes = 0, prefill_tokens = 0, decode_tokens = 0, preemptions = 0;
};

class Engine {
 public:
  explicit Engine(const Policy& policy, const EngineOptions& options = {}) : policy_(policy), options_(options) {}

  /// `samples` completions of every prompt. Each is a pure function of (weights, prompt, options, key, prompt id,
  /// index): batch, order, chunking, sharing, preemption and threads do not change a bit of it. Error(data) names a
  /// prompt that is empty, or leaves no room in the model's context.
  std::vector<Group> generate(std::vector<Prompt> prompts, int64_t samples, const SamplingConfig& sampling,
                              SampleKey key, const GenerateHooks& hooks = {});

  const EngineStats& stats() const { return stats_; }  // of the latest call

 private:
  const Policy& policy_;
  EngineOptions options_;
  EngineStats stats_;
};

}  // namespace hone
