// Every option against the bounds in its `fields` line.
#pragma once

#include <string>

#include "base/check.h"
#include "base/text.h"
#include "config/fields.h"
#include "hone/recipe.h"

namespace hone::config {

/// "a number from 0 to 1", "above 0": for messages and the reference page; "" for no bounds.
std::string describe_bounds(const Bounds& bounds);

/// Visits a struct; adds a problem for every value outside its bounds.
class BoundsChecker {
 public:
  BoundsChecker(std::string key, RecipeProblems& problems) : key_(std::move(key)), problems_(problems) {}

  template <class T>
  void operator()(const char* name, const T& value, const char* help, const Bounds& bounds = {}) {
    const std::string key = key_.empty() ? name : key_ + "." + name;
    if constexpr (std::is_same_v<T, int64_t> || std::is_same_v<T, double>)
      check_number(key, value, help, bounds);
    else if constexpr (std::is_same_v<T, std::string>)
      check_name(key, value, bounds);
    else
      check_inside(key, value, help, bounds);
  }
  template <class T>
  void inline_struct(const T& c) {
    T::fields(c, *this);
  }
  void rest(const nlohmann::json&, const char*) {}

 private:
  template <class T>
  void check_number(const std::string& key, T value, const char* help, const Bounds& bounds) {
    const auto x = static_cast<double>(value);
    const bool inside = (bounds.open_low ? x > bounds.low : x >= bounds.low) &&
                        (bounds.open_high ? x < bounds.high : x <= bounds.high) && std::abs(x) <= kLargest;
    if (!inside)
      problems_.push_back({key, fmt::format("expected {}, got {} ({})", describe_bounds(bounds), value, help)});
  }

  void check_name(const std::string& key, const std::string& value, const Bounds& bounds);

  template <class T>
  void check_inside(const std::string& key, const std::optional<T>& value, const char* help, const Bounds& bounds) {
    if (!value) return;
    if constexpr (Fields<T>)
      check_inside(key, *value, help, bounds);
    else
      check_number(key, *value, help, bounds);
  }
  template <Fields T>
  void check_inside(const std::string& key, const T& value, const char*, const Bounds&) {
    BoundsChecker inner(key, problems_);
    T::fields(value, inner);
  }
  template <Fields T>
  void check_inside(const std::string& key, const std::vector<T>& values, const char* help, const Bounds& bounds) {
    for (size_t i = 0; i < values.size(); ++i) check_inside(key + "." + std::to_string(i), values[i], help, bounds);
  }
  void check_inside(const std::string&, const std::vector<StageConfig>&, const char*, const Bounds&) {
  }  // by stage name
  template <class T>
  void check_inside(const std::string&, const T&, const char*, const Bounds&) {}

  static constexpr double kLargest = 1.7976931348623157e308;  // NaN and infinities compare false

  std::string key_;
  RecipeProblems& problems_;
};

}  // namespace hone::config
