// What a person sees in the terminal: one line a step, and below it a progress bar with the time left.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "report/metrics_writer.h"

namespace hone {

/// One number of the step line: which metric, and the label before it.
struct Column {
  std::string metric;
  std::string label;
};

/// The fixed order of the step line. `accuracy_metric` is the reward part that says whether an answer was right, e.g.
/// "rewards/exact_answer/mean"; empty leaves that column out. Metrics that a step lacks are left out of its line.
std::vector<Column> grpo_columns(const std::string& accuracy_metric);
std::vector<Column> sft_columns();
std::vector<Column> reward_model_columns();

/// Where the console writes. `detect_console()` fills it for this process; tests hand in their own.
struct ConsoleOptions {
  std::function<void(std::string_view)> write_line;  // whole lines, newline included (stdout)
  std::function<void(std::string_view)> write_bar;   // the bar and the escapes that erase it; empty: no bar
  std::function<int()> columns;                      // terminal width now; <= 0 or empty: not known
  bool wrap_lines = false;                           // lines are broken between numbers at that width
  bool color = false;                                // NO_COLOR and TERM=dumb turn it off
  bool unicode = false;                              // the locale is UTF-8
  std::function<double()> now;                       // seconds, monotonic
};

/// Lines go to stdout. The bar goes to stderr if that is a terminal, else to stdout if that is one, else there is none.
ConsoleOptions detect_console();

/// Thread-safe. While it lives, log lines (base/log.h) step around the bar. Text that is not printable is shown as '?'.
class Console {
 public:
  explicit Console(ConsoleOptions options = detect_console());
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// `first_step`: how many of the `total_steps` were done before (resume).
  void start_stage(const std::string& name, int64_t total_steps, std::vector<Column> columns, int64_t first_step = 0);

  /// Progress inside a step, e.g. phase("rollout", 96, 128); total 0 = unknown. Cheap: draws at most ten times a
  /// second.
  void phase(std::string_view text, int64_t done, int64_t total);

  /// The same for work between steps (evaluation, saving): its time does not count in the time left.
  void pause_phase(std::string_view text, int64_t done, int64_t total);

  /// Step `step` (1 .. total) is done: prints its line.
  void step(int64_t step, const Metrics& metrics);

  /// One or more lines of its own, e.g. the result of an evaluation.
  void note(std::string_view text);

  /// Ends the stage: removes the bar and says how long it took.
  void finish();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace hone
