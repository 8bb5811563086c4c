#include "report/step_clock.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace hone {

constexpr size_t kWindow = 20;

void StepClock::pause(double now) {
  if (!pause_start_) pause_start_ = now;
}

void StepClock::resume(double now) {
  if (pause_start_) paused_ += now - *pause_start_;
  pause_start_.reset();
}

double StepClock::elapsed(double now) const {
  const double until = pause_start_ ? *pause_start_ : now;
  return std::max(0.0, until - step_start_ - paused_);
}

void StepClock::step_done(double now) {
  resume(now);
  if (first_ && recent_.size() == 1) recent_.clear(), first_ = false;
  recent_.push_back(elapsed(now));
  if (recent_.size() > kWindow) recent_.pop_front();
  step_start_ = now;
  paused_ = 0;
}

std::optional<double> StepClock::seconds_per_step() const {
  if (recent_.empty()) return std::nullopt;
  std::vector<double> sorted(recent_.begin(), recent_.end());
  std::sort(sorted.begin(), sorted.end());
  const auto cut = static_cast<std::ptrdiff_t>(sorted.size() / 5);  // a fifth of the steps at either end
  const double sum = std::accumulate(sorted.begin() + cut, sorted.end() - cut, 0.0);
  return sum / static_cast<double>(sorted.size() - 2 * static_cast<size_t>(cut));
}

std::optional<double> StepClock::seconds_left(double now, double steps_left) const {
  const std::optional<double> average = seconds_per_step();
  if (!average || steps_left <= 0) return average ? std::optional<double>(0.0) : std::nullopt;
  // A running step that is overdue takes nothing off the steps behind it.
  return std::max(*average - elapsed(now), 0.0) + *average * (steps_left - 1);
}

}  // namespace hone
