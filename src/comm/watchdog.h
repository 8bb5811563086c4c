// A thread that shows the other ranks that this process lives, and notices when one of them has failed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <torch/csrc/distributed/c10d/Store.hpp>

#include "comm/failure.h"

namespace hone {

// Keys of the rendezvous store.
inline constexpr const char* kAbortKey = "abort";  // the message that ended the group
std::string beat_key(int rank);                    // "TICK CALLS", or kLeft
std::string acknowledged_key(int rank);            // this rank has seen the message
inline constexpr const char* kLeft = "left";       // ended in good order

class Watchdog {
 public:
  struct Options {
    c10::intrusive_ptr<c10d::Store> store;  // used by nobody else
    int rank = 0;
    std::chrono::milliseconds interval{500};
    std::shared_ptr<Failure> failure;  // set when the group has been aborted
    std::function<int64_t()> calls;    // collectives begun, for the others' messages
    std::function<void()> on_failure;  // runs after `failure` was set, on the watching thread
  };

  explicit Watchdog(Options options);
  ~Watchdog();

  void look_now();
  /// The store cannot be reached any more. Not yet a failure: rank 0 may have ended in good order.
  bool store_lost() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace hone
