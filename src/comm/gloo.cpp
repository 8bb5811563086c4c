#include "comm/gloo.h"

#include <csignal>
#include <cstdlib>

#include <gloo/context.h>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "base/check.h"
#include "comm/rendezvous.h"

namespace hone {
namespace {

std::shared_ptr<gloo::transport::Device> make_device(const std::string& host) {
  using c10d::ProcessGroupGloo;
  if (const char* interface = std::getenv("GLOO_SOCKET_IFNAME"); interface != nullptr && *interface != '\0') {
    return ProcessGroupGloo::createDeviceForInterface(interface);
  }
  const bool loopback = host == "localhost" || host == "::1" || host.starts_with("127.");
  return loopback ? ProcessGroupGloo::createDeviceForHostname("127.0.0.1") : ProcessGroupGloo::createDefaultDevice();
}

/// Gloo writes to its sockets without MSG_NOSIGNAL: a rank that fails would kill those that still send to it. A host
/// program's own handler is left alone.
void ignore_broken_pipes() {
  struct sigaction action {};
  if (::sigaction(SIGPIPE, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) {
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, nullptr);
  }
}

at::Tensor as_tensor(std::span<const std::byte> bytes) {
  return at::from_blob(const_cast<std::byte*>(bytes.data()), {static_cast<int64_t>(bytes.size())}, at::kByte);
}

}  // namespace

/// c10d offers no abort for Gloo, but its connections are within a subclass's reach.
class GlooGroup::Group final : public c10d::ProcessGroupGloo {
 public:
  using ProcessGroupGloo::ProcessGroupGloo;
  void close_connections() {
    for (const auto& context : contexts_) context->closeConnections();
  }
};

GlooGroup::GlooGroup(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, const std::string& host,
                     const CommOptions& options, std::shared_ptr<Failure> failure)
    : failure_(std::move(failure)) {
  ignore_broken_pipes();
  try {
    auto gloo_options = c10d::ProcessGroupGloo::Options::create(options.rendezvous_timeout);
    gloo_options->devices.push_back(make_device(host));
    gloo_options->threads = 1;  // collectives run one after the other
    group_ = c10::make_intrusive<Group>(store, rank, size, gloo_options);
    group_->setTimeout(options.collective_timeout);
  } catch (const std::exception& e) {
    fail(ErrorKind::comm,
         "rank {} could not connect to the other ranks over Gloo: {}; with several network interfaces, name the right "
         "one in GLOO_SOCKET_IFNAME",
         rank, first_line(e));
  }
}

GlooGroup::~GlooGroup() { close(); }

void GlooGroup::close() noexcept {
  try {
    group_->close_connections();
  } catch (const std::exception&) {  // already broken
  }
}

template <class Start>
void GlooGroup::run(Start&& start) {
  failure_->throw_if_set();
  try {
    const c10::intrusive_ptr<c10d::Work> work = start();
    const auto future = work->getFuture();
    future->addCallback([failure = failure_](c10::ivalue::Future&) { failure->notify(); });
    failure_->wait([&] { return future->completed(); });
    // The transfer reads and writes the caller's memory: never return before it has ended, which closing brings about.
    if (!future->completed()) close();
    work->wait();
  } catch (const std::exception& e) {
    fail(ErrorKind::comm, "{}", first_line(e));
  }
}

void GlooGroup::all_gather(std::span<const std::byte> mine, std::span<std::byte> all) {
  at::Tensor in = as_tensor(mine), out = as_tensor(all);
  run([&] { return group_->_allgather_base(out, in); });
}

void GlooGroup::all_to_all(std::span<const std::byte> in_bytes, std::span<std::byte> out_bytes) {
  at::Tensor in = as_tensor(in_bytes), out = as_tensor(out_bytes);
  std::vector<int64_t> equal_parts;
  run([&] { return group_->alltoall_base(out, in, equal_parts, equal_parts); });
}

void GlooGroup::broadcast(std::span<std::byte> data, int root) {
  std::vector<at::Tensor> tensors = {as_tensor(data)};
  c10d::BroadcastOptions options;
  options.rootRank = root;
  run([&] { return group_->broadcast(tensors, options); });
}

}  // namespace hone
