// metrics.jsonl and TensorBoard events of a run: one call a step, both on disk when it returns.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hone {

/// Names (TRL's; docs/metrics.md defines each) and values in the order in which they are written and shown.
using Metrics = std::vector<std::pair<std::string, double>>;

/// Writes RUN/metrics.jsonl and RUN/events.out.tfevents.*. Made on rank 0 only; not thread-safe.
///
/// metrics.jsonl has one line a call: {"stage": s, "step": i, "time": unix seconds, name: value, ...}; NaN and infinity
/// become null. Step i is the state after i updates, so an evaluation before a stage is step 0, and training and
/// evaluation of one step may be two lines. TensorBoard gets each value as the scalar `<stage>/<name>`.
class MetricsWriter {
 public:
  /// Opens both files for appending; creates `run_dir` where missing. A last line that a kill left half-written is cut.
  explicit MetricsWriter(const std::filesystem::path& run_dir);
  ~MetricsWriter();
  MetricsWriter(const MetricsWriter&) = delete;
  MetricsWriter& operator=(const MetricsWriter&) = delete;

  /// To be called where a stage continues after `step` (-1: starts afresh): lines of that stage beyond it leave
  /// metrics.jsonl, all at once or not at all, and a new events file tells TensorBoard to drop them too. Does nothing
  /// where there are none, so it may be called before every stage.
  void resume(const std::string& stage, int64_t step);

  /// Error(io) when the disk is full or the like; Error(internal) for a name that is empty, doubled or reserved
  /// (stage, step, time).
  void log(const std::string& stage, int64_t step, const Metrics& metrics);

  /// A text panel of TensorBoard under `<stage>/<name>` (shown as Markdown; text is fenced so that it shows as it is).
  void log_text(const std::string& stage, int64_t step, std::string_view name, std::string_view text);

 private:
  struct Files;
  std::unique_ptr<Files> files_;
};

}  // namespace hone
