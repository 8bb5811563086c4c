// What the training stages share around their loops: saving, resuming, timing, memory.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include <nlohmann/json.hpp>

#include "stage/context.h"
#include "train/trainer.h"

namespace hone {

/// Loads the newest checkpoint of the stage into `trainer`, drops metrics and samples beyond it, and returns it;
/// nothing for a stage that starts afresh. Error(recipe) if the data it was made with had another fingerprint than
/// `data`.
std::optional<Checkpoint> resume_stage(const StageContext& context, Trainer& trainer, const std::string& data);

/// Saves weights, moments and `state`, to which step and updates are added. `reference` holds the weights of a
/// reference model that is not the stage's starting point.
void save_stage(const StageContext& context, const Trainer& trainer, int64_t step, nlohmann::json state, int64_t keep,
                std::span<const float> reference = {});

/// Seconds since the last call of lap() or the construction.
class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// Peak resident memory of the process, in GB.
double peak_rss_gb();

}  // namespace hone
