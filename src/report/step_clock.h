// How long steps take, and so how much time is left.
#pragma once

#include <deque>
#include <optional>

namespace hone {

/// Times are seconds of one monotonic clock, handed in. The estimate is a trimmed mean of recent steps, so that one
/// slow step (a page cache warming up, a laptop lid) moves it little; paused time (evaluation, saving) does not count.
class StepClock {
 public:
  explicit StepClock(double now) : step_start_(now) {}
  /// What follows is not part of a step, until resume() or step_done(). Repeated calls are one pause.
  void pause(double now);
  void resume(double now);
  void step_done(double now);
  /// Nothing before the first step is done.
  std::optional<double> seconds_per_step() const;
  /// Time that `steps_left` steps take from now on, with the running one counted off.
  std::optional<double> seconds_left(double now, double steps_left) const;

 private:
  double elapsed(double now) const;  // in the running step, without pauses
  double step_start_;
  double paused_ = 0;  // in the running step
  std::optional<double> pause_start_;
  std::deque<double> recent_;  // durations, newest last
  bool first_ = true;          // recent_ holds only the stage's first step, which pays for warming up
};

}  // namespace hone
