#include "base/threads.h"

#include <sched.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/check.h"

namespace hone {
namespace {

thread_local bool inside_parallel = false;

/// FTZ + DAZ for a scope: the host program's own floating-point mode comes back afterwards.
class FlushDenormals {
 public:
#if defined(__x86_64__)
  FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040); }
  ~FlushDenormals() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#endif
};

void pause_cpu() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

/// One parallel region at a time; workers spin briefly for the next region (decode issues thousands a second) and then
/// sleep, so an idle host program pays nothing.
class Pool {
 public:
  explicit Pool(int threads) {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { work(); });
  }
  ~Pool() {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
      epoch_.fetch_add(1);
    }
    wake_.notify_all();
    for (std::thread& t : workers_) t.join();
  }
  int size() const { return static_cast<int>(workers_.size()) + 1; }

  void run(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
    std::lock_guard region(region_mutex_);
    body_ = &body, count_ = count, grain_ = grain;
    error_ = nullptr;
    next_.store(0);
    active_.store(static_cast<int>(workers_.size()));
    {
      std::lock_guard lock(mutex_);
      epoch_.fetch_add(1);
    }
    wake_.notify_all();
    take_pieces();
    for (int spins = 0; active_.load(std::memory_order_acquire) > 0; ++spins) {
      if (spins < kSpins) pause_cpu();
      else std::this_thread::yield();
    }
    if (error_) std::rethrow_exception(error_);
  }

 private:
  static constexpr int kSpins = 4000;

  void take_pieces() {
    const FlushDenormals mode;
    inside_parallel = true;
    for (;;) {
      const int64_t begin = next_.fetch_add(grain_);
      if (begin >= count_) break;
      try {
        (*body_)(begin, std::min(begin + grain_, count_));
      } catch (...) {
        std::lock_guard lock(mutex_);
        if (!error_) error_ = std::current_exception();
        next_.store(count_);
      }
    }
    inside_parallel = false;
  }

  void work() {
    uint64_t seen = 0;
    for (;;) {
      for (int spins = 0; epoch_.load(std::memory_order_acquire) == seen && spins < kSpins; ++spins) pause_cpu();
      if (epoch_.load(std::memory_order_acquire) == seen) {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return epoch_.load() != seen; });
      }
      seen = epoch_.load(std::memory_order_acquire);
      if (stop_) return;
      take_pieces();
      active_.fetch_sub(1, std::memory_order_release);
    }
  }

  std::vector<std::thread> workers_;
  std::mutex region_mutex_, mutex_;
  std::condition_variable wake_;
  std::atomic<uint64_t> epoch_{0};
  std::atomic<int64_t> next_{0};
  std::atomic<int> active_{0};
  const std::function<void(int64_t, int64_t)>* body_ = nullptr;
  int64_t count_ = 0, grain_ = 1;
  std::exception_ptr error_;
  bool stop_ = false;
};

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

std::mutex pool_mutex;
std::shared_ptr<Pool> pool;

std::shared_ptr<Pool> current_pool() {
  std::lock_guard lock(pool_mutex);
  if (!pool) pool = std::make_shared<Pool>(usable_cores());
  return pool;
}

}  // namespace

void set_num_threads(int count) {
  HONE_CHECK(count >= 1 && count <= 1024, ErrorKind::usage, "threads must be between 1 and 1024, got {}", count);
  std::lock_guard lock(pool_mutex);
  if (!pool || pool->size() != count) pool = std::make_shared<Pool>(count);
}

int num_threads() { return current_pool()->size(); }

void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  if (count <= 0) return;
  grain = std::max<int64_t>(1, grain);
  const std::shared_ptr<Pool> workers = inside_parallel ? nullptr : current_pool();
  if (!workers || workers->size() == 1 || count <= grain) {
    const FlushDenormals mode;
    body(0, count);
    return;
  }
  workers->run(count, grain, body);
}

}  // namespace hone
