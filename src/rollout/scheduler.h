// Which rows run next: prompts are prefilled in chunks, their samples fork off the shared pages, and a sequence gives
// its pages back and is recomputed later when there are too few.
#pragma once

#include <deque>
#include <list>
#include <memory>
#include <vector>

#include "rollout/engine.h"
#include "rollout/kv_blocks.h"
#include "rollout/sequence.h"

namespace hone {

/// Rows of one forward pass, and what their outputs are for.
struct Step {
  std::vector<int32_t> ids;
  std::shared_ptr<RowPlan> plan = std::make_shared<RowPlan>();
  struct Output {
    int32_t row;           // whose logits are wanted
    Sequence* sequence;    // the next token goes here, or
    SharedPrompt* prompt;  // this prompt is complete
  };
  std::vector<Output> outputs;
  int64_t prefill_tokens = 0;
};

/// Sequences that want their first token from their prompt's logits, and pages {from, to} to copy for them.
struct Forks {
  std::vector<Sequence*> sequences;
  std::vector<std::pair<int32_t, int32_t>> copies;
};

class Scheduler {
 public:
  Scheduler(const Policy& policy, const EngineOptions& options, const SamplingConfig& sampling, int64_t blocks,
            std::vector<Group>& groups, EngineStats& stats);
  bool done() const { return waiting_.empty() && prompts_.empty() && running_.empty() && preempted_.empty(); }
  /// Starts samples of complete prompts. The page in which a prompt ends is private to each of its samples: `copies`
  /// must be carried out before anything else touches the cache.
  Forks fork();
  Step next();
  void finish(Sequence* sequence);

 private:
  void start_prompts();
  bool reserve(Sequence& sequence, int64_t positions);
  void preempt_last();
  void add_rows(Step& step, const std::vector<int32_t>& table, int64_t first, int64_t count);

  const Policy& policy_;
  const EngineOptions& options_;
  EngineStats& stats_;
  BlockPool pool_;
  std::deque<Group*> waiting_;
  std::list<SharedPrompt> prompts_;                 // being prefilled, or with samples still to fork
  std::vector<std::unique_ptr<Sequence>> running_;  // in order of admission, so groups stay together
  std::deque<std::unique_ptr<Sequence>> preempted_;
};

/// Pages that `tokens` positions fill.
inline int64_t blocks_for(int64_t tokens) { return (tokens + kernels::kKvBlock - 1) / kernels::kKvBlock; }

}  // namespace hone
