#include "base/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <stdexcept>
#include <vector>

namespace hone {
namespace {

TEST(ParallelFor, EveryItemRunsOnceForAnyThreadCount) {
  for (int threads : {1, 2, 3, 7}) {
    set_num_threads(threads);
    for (int64_t count : {0, 1, 2, 63, 1000}) {
      std::vector<std::atomic<int>> seen(static_cast<size_t>(count));
      parallel_for(count, 7, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) seen[static_cast<size_t>(i)]++;
      });
      for (auto& s : seen) EXPECT_EQ(s.load(), 1);
    }
  }
}

TEST(ParallelFor, ExceptionsReachTheCaller) {
  set_num_threads(2);
  EXPECT_THROW(parallel_for(100, 1, [](int64_t b, int64_t) { if (b == 37) throw std::runtime_error("x"); }),
               std::runtime_error);
  std::atomic<int> done{0};
  parallel_for(10, 1, [&](int64_t b, int64_t e) { done += static_cast<int>(e - b); });  // the pool still works
  EXPECT_EQ(done.load(), 10);
}

TEST(ParallelFor, NestedCallsRunSerially) {
  set_num_threads(2);
  std::atomic<int> sum{0};
  parallel_for(4, 1, [&](int64_t, int64_t) { parallel_for(3, 1, [&](int64_t b, int64_t e) { sum += static_cast<int>(e - b); }); });
  EXPECT_EQ(sum.load(), 12);
}

TEST(ParallelFor, DenormalsAreFlushedInsideAndKeptOutside) {
  set_num_threads(2);
  volatile float tiny = std::numeric_limits<float>::min();
  std::atomic<int> nonzero{0};
  parallel_for(8, 1, [&](int64_t b, int64_t e) { for (; b < e; ++b) { volatile float r = tiny * 0.25f; nonzero += r != 0.f; } });
  EXPECT_EQ(nonzero.load(), 0);
  volatile float outside = tiny * 0.25f;
  EXPECT_NE(outside, 0.f);
}

}  // namespace
}  // namespace hone
