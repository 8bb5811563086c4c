// What this machine can do at most with the compute threads, measured in a second: the yardstick of `hone bench`.
#pragma once

#include <algorithm>

#include <nlohmann/json.hpp>

#include "ops/weights.h"

namespace hone {

struct MachineLimits {
  double read_gb_s = 0;                       // memory reads
  double bf16_gflop_s = 0, fp32_gflop_s = 0;  // multiply-adds that stay in registers

  double flop_s(Type type) const { return 1e9 * (type == Type::bf16 ? bf16_gflop_s : fp32_gflop_s); }
  /// Seconds that `flops` and `bytes` take at least when they overlap.
  double seconds(Type type, double flops, double bytes) const {
    return std::max(flops / flop_s(type), bytes / (1e9 * read_gb_s));
  }
};

MachineLimits measure_limits();
nlohmann::json to_json(const MachineLimits& limits);

}  // namespace hone
