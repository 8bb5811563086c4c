#include "report/console.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "report/step_clock.h"
#include "report/terminal_text.h"

namespace hone {
namespace {

constexpr double kRedrawInterval = 0.1;  // seconds
constexpr int kMaxBarCells = 32;
constexpr int kMinBarCells = 8;

constexpr std::string_view kErase = "\r\x1b[K";
constexpr std::string_view kDim = "\x1b[2m", kBold = "\x1b[1m", kGreen = "\x1b[32m", kRed = "\x1b[31m",
                           kReset = "\x1b[0m";

/// Nonzero mismatch and values that are no numbers are what nobody should overlook.
bool is_alarming(const std::string& metric, double value) {
  return !std::isfinite(value) || (metric == "rollout_corr/max_abs_diff" && value != 0);
}

}  // namespace

std::vector<Column> grpo_columns(const std::string& accuracy_metric) {
  std::vector<Column> columns = {{"reward", "reward"}};
  if (!accuracy_metric.empty()) columns.push_back({accuracy_metric, "acc"});
  const std::vector<Column> rest = {{"kl", "kl"},
                                    {"entropy", "entropy"},
                                    {"completions/mean_length", "len"},
                                    {"completions/clipped_ratio", "clipped"},
                                    {"rollout_corr/max_abs_diff", "max_abs_diff"},
                                    {"grad_norm", "grad_norm"},
                                    {"learning_rate", "lr"},
                                    {"perf/gen_tok_per_s", "tok/s"},
                                    {"step_time", "s/step"}};
  columns.insert(columns.end(), rest.begin(), rest.end());
  return columns;
}

std::vector<Column> sft_columns() {
  return {{"loss", "loss"},           {"mean_token_accuracy", "acc"}, {"entropy", "entropy"},
          {"grad_norm", "grad_norm"}, {"learning_rate", "lr"},        {"perf/train_tok_per_s", "tok/s"},
          {"step_time", "s/step"}};
}

std::vector<Column> reward_model_columns() {
  return {{"loss", "loss"},           {"accuracy", "acc"},     {"margin", "margin"},
          {"grad_norm", "grad_norm"}, {"learning_rate", "lr"}, {"perf/train_tok_per_s", "tok/s"},
          {"step_time", "s/step"}};
}

struct Console::State {
  explicit State(ConsoleOptions given) : options(std::move(given)), clock(options.now()) {}

  std::mutex mutex;
  ConsoleOptions options;
  StepClock clock;
  std::string stage;  // empty: no stage runs
  std::vector<Column> columns;
  int64_t done = 0, total = 0, first_step = 0;
  double stage_start = 0;
  std::string phase;
  int64_t phase_done = 0, phase_total = 0;
  bool bar_drawn = false;
  double last_draw = -1;

  int width() const { return options.columns ? options.columns() : 0; }
  std::string paint(std::string_view color, std::string_view text) const {
    return options.color ? fmt::format("{}{}{}", color, text, kReset) : std::string(text);
  }
  void print(std::string_view line) {
    erase_bar();
    options.write_line(std::string(line) + '\n');
  }
  void erase_bar() {
    if (std::exchange(bar_drawn, false)) options.write_bar(kErase);
  }

  void draw_bar(bool now) {
    if (!options.write_bar || stage.empty()) return;
    const double time = options.now();
    if (!now && last_draw >= 0 && time - last_draw < kRedrawInterval) return;
    last_draw = time;
    options.write_bar(fmt::format("\r{}\x1b[K", bar(time)));
    bar_drawn = true;
  }

  /// "rl ━━━━━━──── 12/100 · 17m05s left · rollout 96/128", with less of it where the terminal is narrow.
  std::string bar(double time) const {
    const std::string_view dot = options.unicode ? " · " : " | ";
    std::string text = total > 0 ? fmt::format("{}/{}", done, total) : fmt::format("step {}", done);
    if (const auto left = total > 0 ? clock.seconds_left(time, static_cast<double>(total - done)) : std::nullopt) {
      text += fmt::format("{}{} left", dot, short_duration(*left));
    }
    if (!phase.empty()) {
      text += fmt::format("{}{}", dot, phase);
      if (phase_total > 0) text += fmt::format(" {}/{}", phase_done, phase_total);
    }
    // The last column stays free: writing into it makes some terminals wrap.
    const int columns = width() > 0 ? width() - 1 : 79;
    const int room = columns - display_width(stage) - display_width(text) - 2;
    if (total > 0 && room >= kMinBarCells)
      return fmt::format("{} {} {}", stage, cells(std::min(room, kMaxBarCells)), text);
    return cut_to_width(fmt::format("{} {}", stage, text), std::max(columns, 1));
  }

  std::string cells(int count) const {
    const double share = std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
    const int full = static_cast<int>(std::floor(share * count));
    std::string on, off;
    for (int i = 0; i < full; ++i) on += options.unicode ? "━" : "#";
    for (int i = full; i < count; ++i) off += options.unicode ? "─" : "-";
    return paint(kGreen, on) + paint(kDim, off);
  }

  /// Cells of the step line, wrapped between cells where the terminal is narrower than the line.
  std::string step_line(const Metrics& metrics, double time) const {
    const std::string last = std::to_string(std::max(total, done));
    std::string line = fmt::format("{} {:>{}}/{}", stage, done, last.size(), total > 0 ? std::to_string(total) : "?");
    int used = display_width(line);
    const int limit = options.wrap_lines ? width() : 0;
    line = paint(kBold, line);
    int padding = 0;  // owed by the cell before, so that no line ends in spaces
    const auto add = [&](const std::string& label, const std::string& value, std::string_view color, int cell_width) {
      const int cell = display_width(label) + 1 + display_width(value);
      if (limit > 0 && used + padding + 2 + cell > limit) {
        line += "\n  ";
        used = 2;
      } else {
        line.append(static_cast<size_t>(padding) + 2, ' ');
        used += padding + 2;
      }
      line += paint(kDim, label) + ' ' + (color.empty() ? value : paint(color, value));
      used += cell;
      padding = std::max(0, cell_width - display_width(value));
    };
    for (const Column& column : columns) {
      const auto found =
          std::find_if(metrics.begin(), metrics.end(), [&](const auto& m) { return m.first == column.metric; });
      if (found == metrics.end()) continue;
      add(column.label, short_number(found->second), is_alarming(column.metric, found->second) ? kRed : "", 7);
    }
    const auto left = total > 0 ? clock.seconds_left(time, static_cast<double>(total - done)) : std::nullopt;
    if (left) add("eta", short_duration(*left), "", 0);
    return line;
  }
};

Console::Console(ConsoleOptions options) : state_(std::make_shared<State>(std::move(options))) {
  // The guard shares the state: a message on another thread may outlive this console by a moment.
  set_log_guard([state = state_](const std::function<void()>& write) {
    const std::lock_guard lock(state->mutex);
    const bool shown = state->bar_drawn;
    state->erase_bar();
    write();
    if (shown) state->draw_bar(/*now=*/true);
  });
}

Console::~Console() {
  set_log_guard({});
  const std::lock_guard lock(state_->mutex);
  state_->erase_bar();
  state_->stage.clear();
}

void Console::start_stage(const std::string& name, int64_t total_steps, std::vector<Column> columns,
                          int64_t first_step) {
  const std::lock_guard lock(state_->mutex);
  State& s = *state_;
  s.stage = printable(name.empty() ? "stage" : name);
  s.columns = std::move(columns);
  s.total = total_steps;
  s.done = s.first_step = first_step;
  s.stage_start = s.options.now();
  s.clock = StepClock(s.stage_start);
  s.phase.clear();
  s.draw_bar(/*now=*/true);
}

void Console::phase(std::string_view text, int64_t done, int64_t total) {
  const std::lock_guard lock(state_->mutex);
  State& s = *state_;
  s.clock.resume(s.options.now());
  if (!s.options.write_bar) return;
  s.phase = printable(text);
  s.phase_done = done;
  s.phase_total = total;
  s.draw_bar(/*now=*/false);
}

void Console::pause_phase(std::string_view text, int64_t done, int64_t total) {
  phase(text, done, total);
  const std::lock_guard lock(state_->mutex);
  state_->clock.pause(state_->options.now());
}

void Console::step(int64_t step, const Metrics& metrics) {
  const std::lock_guard lock(state_->mutex);
  State& s = *state_;
  const double time = s.options.now();
  s.done = step;
  s.clock.step_done(time);
  s.phase.clear();
  s.print(s.step_line(metrics, time));
  s.draw_bar(/*now=*/true);
}

void Console::note(std::string_view text) {
  const std::lock_guard lock(state_->mutex);
  const bool shown = state_->bar_drawn;
  size_t end = 0;
  for (; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    state_->print(printable(text.substr(0, end)));
  }
  state_->print(printable(text));
  if (shown) state_->draw_bar(/*now=*/true);
}

void Console::finish() {
  const std::lock_guard lock(state_->mutex);
  State& s = *state_;
  s.erase_bar();
  if (s.stage.empty()) return;
  s.print(fmt::format("{} finished: {} steps in {}", s.stage, s.done - s.first_step,
                      short_duration(s.options.now() - s.stage_start)));
  s.stage.clear();
}

}  // namespace hone
