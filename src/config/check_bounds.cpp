#include "config/check_bounds.h"

#include <algorithm>
#include <cmath>

namespace hone::config {

std::string describe_bounds(const Bounds& bounds) {
  if (!bounds.names.empty()) return "one of " + join(bounds.names, ", ");
  const bool low = std::isfinite(bounds.low), high = std::isfinite(bounds.high);
  const auto number = [](double x) {
    return std::trunc(x) == x ? fmt::format("{}", static_cast<int64_t>(x)) : fmt::format("{}", x);
  };
  if (!low && !high) return "a finite number";
  if (low && high && bounds.low == bounds.high) return number(bounds.low);
  if (low && high && !bounds.open_low && !bounds.open_high)
    return "from " + number(bounds.low) + " to " + number(bounds.high);
  std::string text = low ? (bounds.open_low ? "above " : "at least ") + number(bounds.low) : "";
  if (high) text += std::string(low ? " and " : "") + (bounds.open_high ? "below " : "at most ") + number(bounds.high);
  return text;
}

void BoundsChecker::check_name(const std::string& key, const std::string& value, const Bounds& bounds) {
  if (bounds.names.empty() || std::find(bounds.names.begin(), bounds.names.end(), value) != bounds.names.end()) return;
  if (value.empty()) {
    problems_.push_back({key, "missing; expected " + describe_bounds(bounds)});
    return;
  }
  problems_.push_back({key, fmt::format("expected {}, got {}{}", describe_bounds(bounds), quote_for_message(value),
                                        did_you_mean(value, bounds.names))});
}

}  // namespace hone::config
