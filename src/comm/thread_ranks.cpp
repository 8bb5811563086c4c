#include "comm/thread_ranks.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "base/check.h"

namespace hone {
namespace {

/// Where the threads meet: everyone posts a pointer, waits for the rest, reads the others' memory, waits again.
class Hub {
 public:
  Hub(int size, std::chrono::milliseconds timeout)
      : timeout_(timeout), posted_(static_cast<size_t>(size)), size_(size) {}

  void post(int rank, const std::byte* data) {
    std::lock_guard lock(mutex_);
    posted_[static_cast<size_t>(rank)] = data;
  }
  const std::byte* posted(int rank) const { return posted_[static_cast<size_t>(rank)]; }  // between two meetings

  void meet(int rank) {
    std::unique_lock lock(mutex_);
    throw_if_failed();
    const int64_t meeting = meeting_;
    if (++arrived_ == size_) {
      arrived_ = 0;
      ++meeting_;
      changed_.notify_all();
      return;
    }
    const auto over = [&] { return meeting_ != meeting || !failure_.empty() || left_ > 0; };
    const bool in_time = changed_.wait_for(lock, timeout_, over);
    if (meeting_ != meeting) return;
    throw_if_failed();
    if (in_time)
      fail_locked(fmt::format("{} of {} ranks left while rank {} waits in a collective", left_, size_, rank));
    else
      fail_locked(fmt::format("a collective did not complete in {} ms", timeout_.count()));
    throw_if_failed();
  }

  void fail(int rank, std::string_view message) {
    std::lock_guard lock(mutex_);
    fail_locked(fmt::format("rank {} failed: {}", rank, message));
  }

  void leave() {
    std::lock_guard lock(mutex_);
    ++left_;
    changed_.notify_all();
  }

  void check() {
    std::lock_guard lock(mutex_);
    throw_if_failed();
  }

 private:
  void throw_if_failed() const { HONE_CHECK(failure_.empty(), ErrorKind::comm, "{}", failure_); }
  void fail_locked(std::string message) {
    if (failure_.empty()) failure_ = std::move(message);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  const std::chrono::milliseconds timeout_;
  std::vector<const std::byte*> posted_;
  const int size_;
  int arrived_ = 0, left_ = 0;
  int64_t meeting_ = 0;
  std::string failure_;
};

class ThreadComm final : public Comm {
 public:
  ThreadComm(Hub& hub, int rank, int size) : Comm(rank, size, rank), hub_(hub) {}

  void abort(std::string_view message) noexcept override {
    try {
      hub_.fail(rank(), message);
    } catch (const std::exception&) {  // out of memory for the message: the others time out
    }
  }

 private:
  void check_alive() override { hub_.check(); }

  void all_gather(std::span<const std::byte> mine, std::span<std::byte> all) override {
    exchange(mine, [&](int from, const std::byte* theirs) {
      std::memcpy(all.data() + mine.size() * static_cast<size_t>(from), theirs, mine.size());
    });
  }
  void all_to_all(std::span<const std::byte> in, std::span<std::byte> out) override {
    const size_t part = in.size() / static_cast<size_t>(size());
    exchange(in, [&](int from, const std::byte* theirs) {
      std::memcpy(out.data() + part * static_cast<size_t>(from), theirs + part * static_cast<size_t>(rank()), part);
    });
  }
  void broadcast_raw(std::span<std::byte> data, int root) override {
    exchange(data, [&](int from, const std::byte* theirs) {
      if (from == root && rank() != root) std::memcpy(data.data(), theirs, data.size());
    });
  }

  template <class Take>
  void exchange(std::span<const std::byte> mine, Take&& take) {
    hub_.post(rank(), mine.data());
    hub_.meet(rank());
    for (int from = 0; from < size(); ++from) take(from, hub_.posted(from));
    hub_.meet(rank());  // nobody's memory goes away while another still reads it
  }

  Hub& hub_;
};

}  // namespace

void run_thread_ranks(int size, const std::function<void(Comm&)>& body, const CommOptions& options) {
  HONE_CHECK(size >= 1 && size <= 1024, ErrorKind::usage, "thread ranks: expected 1 to 1024, got {}", size);
  Hub hub(size, options.collective_timeout);
  std::mutex mutex;
  std::exception_ptr first;  // recorded before the hub tells the others, whose own errors follow from it
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      ThreadComm comm(hub, rank, size);
      try {
        body(comm);
      } catch (const std::exception& e) {
        {
          std::lock_guard lock(mutex);
          if (!first) first = std::current_exception();
        }
        hub.fail(rank, e.what());
      }
      hub.leave();
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (first) std::rethrow_exception(first);
}

}  // namespace hone
