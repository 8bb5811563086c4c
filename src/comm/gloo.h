// Byte collectives on the CPU: c10d's Gloo group, made interruptible.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include <torch/csrc/distributed/c10d/Store.hpp>

#include "comm/failure.h"
#include "hone/comm.h"

namespace hone {

class GlooGroup {
 public:
  /// `host` is the rendezvous address: ranks that meet on the loopback device stay on it; otherwise the interface named
  /// by GLOO_SOCKET_IFNAME, else the one this machine's host name resolves to. Connects to every rank.
  GlooGroup(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, const std::string& host,
            const CommOptions& options, std::shared_ptr<Failure> failure);
  ~GlooGroup();

  // Each returns when this rank's part is done and throws Error(comm) with the transport's words. A failure that is set
  // meanwhile breaks it off.
  void all_gather(std::span<const std::byte> mine, std::span<std::byte> all);
  void all_to_all(std::span<const std::byte> in, std::span<std::byte> out);
  void broadcast(std::span<std::byte> data, int root);

  /// Closes the connections: whoever waits for this rank gets an error at once. From any thread, any number of times.
  void close() noexcept;

 private:
  class Group;
  template <class Start>
  void run(Start&& start);

  c10::intrusive_ptr<Group> group_;
  std::shared_ptr<Failure> failure_;
};

}  // namespace hone
