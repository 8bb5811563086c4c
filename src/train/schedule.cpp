#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace hone {
namespace {

double cosine(double progress) { return std::max(0.0, 0.5 * (1.0 + std::cos(std::numbers::pi * progress))); }

/// Factor of the peak rate after `progress` (0..1) of the steps that follow the warm-up.
struct Shape {
  std::string_view name;
  double (*factor)(double progress, double min_rate);
};
const Shape kShapes[] = {
    {"constant", [](double, double) { return 1.0; }},
    {"linear", [](double progress, double) { return 1.0 - progress; }},
    {"cosine", [](double progress, double) { return cosine(progress); }},
    {"cosine_with_min_lr",
     [](double progress, double min_rate) { return cosine(progress) * (1 - min_rate) + min_rate; }},
};

const Shape& find_shape(const std::string& name) {
  std::vector<std::string> known;
  for (const Shape& shape : kShapes) {
    if (shape.name == name) return shape;
    known.emplace_back(shape.name);
  }
  fail(ErrorKind::usage, "lr_scheduler_type: unknown value '{}', expected one of {}{}", quote_for_message(name),
       join(known, " | "), did_you_mean(name, known));
}

}  // namespace

int64_t warmup_steps(const OptimConfig& config, int64_t total_steps) {
  HONE_CHECK(total_steps >= 0, ErrorKind::usage, "total_steps must be at least 0, got {}", total_steps);
  HONE_CHECK(config.warmup_steps >= 0, ErrorKind::usage, "warmup_steps must be at least 0, got {}",
             config.warmup_steps);
  HONE_CHECK(config.warmup_ratio >= 0 && config.warmup_ratio <= 1, ErrorKind::usage,
             "warmup_ratio must be between 0 and 1, got {}", config.warmup_ratio);
  if (config.warmup_steps > 0) return config.warmup_steps;
  return static_cast<int64_t>(std::ceil(static_cast<double>(total_steps) * config.warmup_ratio));
}

double learning_rate_at(int64_t step, int64_t total_steps, const OptimConfig& config) {
  HONE_CHECK(step >= 0, ErrorKind::usage, "step must be at least 0, got {}", step);
  HONE_CHECK(config.min_lr_rate >= 0 && config.min_lr_rate <= 1, ErrorKind::usage,
             "min_lr_rate must be between 0 and 1, got {}", config.min_lr_rate);
  const Shape& shape = find_shape(config.lr_scheduler_type);
  const int64_t warmup = warmup_steps(config, total_steps);
  if (step < warmup) return config.learning_rate * (static_cast<double>(step) / static_cast<double>(warmup));
  // transformers' cosine would rise again past the end; here every shape keeps its last value.
  const double progress =
      step >= total_steps ? 1.0 : static_cast<double>(step - warmup) / static_cast<double>(total_steps - warmup);
  return config.learning_rate * shape.factor(progress, config.min_lr_rate);
}

}  // namespace hone
