#include "comm/watchdog.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace hone {

std::string beat_key(int rank) { return "beat/" + std::to_string(rank); }
std::string acknowledged_key(int rank) { return "acknowledged/" + std::to_string(rank); }

/// Shared with the thread, which may outlive the Watchdog where the network swallowed a request; it uses nothing else
/// once it has been told to stop.
struct Watchdog::State {
  Options options;
  std::mutex mutex;
  std::condition_variable changed;
  bool stop = false, look = false, ended = false;
  std::atomic<bool> lost = false;  // not under the mutex: it is read under the lock of `failure`
  std::thread thread;

  void watch();
  bool pause();
  bool stopping() {
    std::lock_guard lock(mutex);
    return stop;
  }
};

/// Until the next look is due; false: stop.
bool Watchdog::State::pause() {
  std::unique_lock lock(mutex);
  changed.wait_for(lock, options.interval, [this] { return stop || look; });
  look = false;
  return !stop;
}

void Watchdog::State::watch() {
  try {
    c10d::Store& store = *options.store;
    int64_t tick = 0;
    do {
      store.set(beat_key(options.rank), fmt::format("{} {}", tick++, options.calls()));
      if (store.check({kAbortKey})) {
        std::string message = store.get_to_str(kAbortKey);
        store.set(acknowledged_key(options.rank), std::string("1"));
        options.failure->set(std::move(message));
        if (!stopping()) options.on_failure();
        break;
      }
    } while (pause());
  } catch (const std::exception&) {
    lost = true;
    options.failure->notify();
  }
  std::lock_guard lock(mutex);
  ended = true;
  changed.notify_all();
}

Watchdog::Watchdog(Options options) : state_(std::make_shared<State>()) {
  state_->options = std::move(options);
  state_->thread = std::thread([state = state_] { state->watch(); });
}

Watchdog::~Watchdog() {
  std::unique_lock lock(state_->mutex);
  state_->stop = true;
  state_->changed.notify_all();
  const bool ended = state_->changed.wait_for(lock, std::chrono::seconds(2), [this] { return state_->ended; });
  lock.unlock();
  if (ended)
    state_->thread.join();
  else
    state_->thread.detach();
}

void Watchdog::look_now() {
  std::lock_guard lock(state_->mutex);
  state_->look = true;
  state_->changed.notify_all();
}

bool Watchdog::store_lost() const { return state_->lost; }

}  // namespace hone
