// What the pipeline hands to a stage.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "hone/comm.h"
#include "hone/recipe.h"
#include "hone/reward.h"
#include "model/policy.h"
#include "report/console.h"
#include "report/metrics_writer.h"
#include "text/chat_tokens.h"

namespace hone {

struct StageContext {
  const Recipe& recipe;
  std::string name;  // of the stage
  std::filesystem::path run_dir, stage_dir;
  Policy& policy;  // the weights the stage starts from, and leaves changed
  const ChatTokenizer& chat;
  const RewardTable& rewards;
  Comm& comm;
  MetricsWriter* metrics = nullptr;      // rank 0 only
  Console* console = nullptr;            // rank 0 only
  std::function<bool()> stop_requested;  // a signal asked the run to save and end
};

enum class StageEnd { done, stopped };

/// This rank's share of n items that all ranks enumerate alike: [first, last).
struct Share {
  int64_t first, last;
};
inline Share share_of(int64_t n, const Comm& comm) {
  return {n * comm.rank() / comm.size(), n * (comm.rank() + 1) / comm.size()};
}

}  // namespace hone
