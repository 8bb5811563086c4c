#include "ops/machine_limits.h"

#include <atomic>
#include <chrono>
#include <cmath>

#include "base/buffer.h"
#include "base/threads.h"

namespace hone {
namespace {

template <class Work>
double seconds_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Best of three, since the limit is what is wanted.
double flop_rate(Type type) {
  constexpr int64_t kRounds = 2'000'000;
  const int64_t threads = num_threads();
  double best = 0;
  for (int repeat = 0; repeat < 3; ++repeat) {
    std::atomic<double> flops = 0;
    std::atomic<float> sink = 0;
    const double s = seconds_of([&] {
      parallel_for(threads, 1, [&](int64_t, int64_t) {
        float out = 0;
        flops += kernels::table().spin_products(type, kRounds, &out);
        sink = out;
      });
    });
    best = std::max(best, flops / s);
  }
  return best;
}

double read_rate() {
  constexpr int64_t kBytes = int64_t{512} << 20, kPiece = int64_t{1} << 20;  // far more than any cache holds
  Buffer buffer(kBytes);
  for (int64_t i = 0; i < kBytes; i += 4096) buffer.data()[i] = 1;
  double best = 0;
  for (int repeat = 0; repeat < 4; ++repeat) {
    std::atomic<uint32_t> sink = 0;
    const double s = seconds_of([&] {
      parallel_for(kBytes / kPiece, 16, [&](int64_t begin, int64_t end) {
        sink ^= kernels::table().read_memory(buffer.data() + begin * kPiece, (end - begin) * kPiece);
      });
    });
    best = std::max(best, static_cast<double>(kBytes) / s);
  }
  return best;
}

}  // namespace

MachineLimits measure_limits() {
  return {.read_gb_s = 1e-9 * read_rate(),
          .bf16_gflop_s = 1e-9 * flop_rate(Type::bf16),
          .fp32_gflop_s = 1e-9 * flop_rate(Type::f32)};
}

nlohmann::json to_json(const MachineLimits& limits) {
  const auto round = [](double x) { return std::round(10 * x) / 10; };
  return {{"read_gb_s", round(limits.read_gb_s)},
          {"bf16_gflop_s", round(limits.bf16_gflop_s)},
          {"fp32_gflop_s", round(limits.fp32_gflop_s)}};
}

}  // namespace hone
