// What ended the group, shared by the thread that computes and the threads that watch.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include "base/check.h"

namespace hone {

class Failure {
 public:
  /// The first message wins; everyone who waits wakes up.
  void set(std::string message) {
    std::lock_guard lock(mutex_);
    if (!message_) message_ = std::move(message);
    changed_.notify_all();
  }
  std::optional<std::string> get() const {
    std::lock_guard lock(mutex_);
    return message_;
  }
  void throw_if_set() const {
    if (const auto message = get()) throw Error(ErrorKind::comm, *message);
  }

  /// Wakes the waiters up to look at their condition again.
  void notify() {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  /// Returns when `done()`, when a failure is set, or after `limit`. `done` runs under the lock: keep it short.
  template <class Done>
  void wait_for(std::chrono::microseconds limit, Done&& done) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, limit, [&] { return message_ || done(); });
  }
  void wait_for(std::chrono::microseconds limit) {
    wait_for(limit, [] { return false; });
  }
  template <class Done>
  void wait(Done&& done) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return message_ || done(); });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::string> message_;
};

}  // namespace hone
