// Ranks that are processes: Gloo for bytes, NCCL for GPU tensors, a store and a watchdog to fail together.
#include <atomic>
#include <mutex>
#include <thread>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>

#include "base/check.h"
#include "base/text.h"
#include "comm/device_group.h"
#include "comm/gloo.h"
#include "comm/quiet_torch.h"
#include "comm/rank_env.h"
#include "comm/rendezvous.h"
#include "comm/watchdog.h"
#include "hone/comm.h"

namespace hone {
namespace {

constexpr std::chrono::milliseconds kShortestLinger = std::chrono::seconds(1);  // on a busy machine

class DistributedComm final : public Comm {
 public:
  DistributedComm(const RankEnv& env, const CommOptions& options)
      : Comm(env.rank, env.size, env.local_rank),
        options_(options),
        rendezvous_(meet_ranks(env, options)),
        exceptions_(std::uncaught_exceptions()) {
    const auto gloo_store = c10::make_intrusive<c10d::PrefixStore>("gloo", rendezvous_.main);
    gloo_ = std::make_unique<GlooGroup>(gloo_store, env.rank, env.size, env.host, options, failure_);
    watchdog_ = std::make_unique<Watchdog>(Watchdog::Options{.store = rendezvous_.watch,
                                                             .rank = env.rank,
                                                             .interval = options.watch_interval,
                                                             .failure = failure_,
                                                             .calls = [this] { return calls(); },
                                                             .on_failure = [this] { disconnect(); }});
  }

  ~DistributedComm() override {
    if (std::uncaught_exceptions() > exceptions_) abort("it was left by an exception");
    watchdog_.reset();
    try {
      if (failure_->get())
        linger();
      else
        rendezvous_.main->set(beat_key(rank()), std::string(kLeft));
    } catch (const std::exception&) {  // the store went first
    }
  }

  void abort(std::string_view message) noexcept override {
    try {
      end_group(fmt::format("rank {} failed: {}", rank(), message));
      linger();
    } catch (const std::exception&) {  // no memory for the words: the others see that this rank falls silent
    }
  }

 private:
  void check_alive() override { failure_->throw_if_set(); }

  void all_gather(std::span<const std::byte> mine, std::span<std::byte> all) override {
    guard([&] { gloo_->all_gather(mine, all); });
  }
  void all_to_all(std::span<const std::byte> in, std::span<std::byte> out) override {
    guard([&] { gloo_->all_to_all(in, out); });
  }
  void broadcast_raw(std::span<std::byte> data, int root) override {
    guard([&] { gloo_->broadcast(data, root); });
  }
  void device_all_reduce(const at::Tensor& tensor, ReduceOp op) override {
    guard([&] { device_group().all_reduce(tensor, op); });
  }
  void device_broadcast(const at::Tensor& tensor, int root) override {
    guard([&] { device_group().broadcast(tensor, root); });
  }

  DeviceGroup& device_group() {
    if (!device_) {
      const auto store = c10::make_intrusive<c10d::PrefixStore>("nccl", rendezvous_.main);
      auto made = make_device_group(store, rank(), size(), options_, failure_);
      std::lock_guard lock(device_mutex_);
      device_ = std::move(made);
    }
    return *device_;
  }

  /// A transfer that breaks is only the symptom; what leaves from here is the cause, the same words on every rank.
  template <class Transfer>
  void guard(Transfer&& transfer) {
    try {
      transfer();
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::comm) throw;
      end_group(find_cause(e.what()));
    }
    failure_->throw_if_set();
  }

  /// Why a transfer broke: the message of a rank that aborted, else which rank fell silent, left or stands elsewhere.
  std::string find_cause(const std::string& symptom) {
    watchdog_->look_now();
    const auto patience = 4 * options_.watch_interval;  // for an abort message or a beat to arrive
    failure_->wait_for(patience, [this] { return watchdog_->store_lost(); });
    if (auto message = failure_->get()) return *message;
    const std::string where = fmt::format("rank {}, collective {}: {}", rank(), calls(), symptom);
    try {
      const std::vector<std::string> before = beats();
      failure_->wait_for(patience);
      if (auto message = failure_->get()) return *message;
      const std::vector<std::string> after = beats();
      std::vector<std::string> silent, left, behind;
      for (int r = 0; r < size(); ++r) {
        const std::string& beat = after[static_cast<size_t>(r)];
        if (r == rank()) continue;
        if (beat == kLeft)
          left.push_back(std::to_string(r));
        else if (beat == before[static_cast<size_t>(r)])
          silent.push_back(std::to_string(r));
        else if (const std::string at = beat.substr(beat.find(' ') + 1); at != std::to_string(calls()))
          behind.push_back(fmt::format("{} is at collective {}", r, at));
      }
      if (!silent.empty()) {
        return fmt::format("no sign of life from rank {} (killed, out of memory or cut off?); seen by {}",
                           join(silent, ", "), where);
      }
      if (!left.empty()) return fmt::format("rank {} has already left the group; seen by {}", join(left, ", "), where);
      if (!behind.empty()) return fmt::format("rank {}; seen by {}", join(behind, ", rank "), where);
      return where;
    } catch (const std::exception&) {
      return fmt::format("rank 0, which holds the rendezvous, is gone (killed or out of memory?); seen by {}", where);
    }
  }

  /// The latest sign of life of every rank; empty where there was none.
  std::vector<std::string> beats() {
    std::vector<std::string> out(static_cast<size_t>(size()));
    for (int r = 0; r < size(); ++r) {
      if (rendezvous_.main->check({beat_key(r)}))
        out[static_cast<size_t>(r)] = rendezvous_.main->get_to_str(beat_key(r));
    }
    return out;
  }

  /// Tells every rank; the message that was first is everyone's.
  void end_group(const std::string& message) {
    std::string first = message;
    try {
      rendezvous_.main->set(acknowledged_key(rank()), std::string("1"));
      first = rendezvous_.main->compareSet(kAbortKey, "", message);
    } catch (const std::exception&) {  // the store is gone, and the others notice that
    }
    failure_->set(first);
    disconnect();
  }

  /// Nobody may go on waiting for this rank. Also called from the watchdog's thread.
  void disconnect() noexcept {
    gloo_->close();
    std::lock_guard lock(device_mutex_);
    if (device_) device_->abort();
  }

  /// The store dies with the process that hosts it: stay until the others have read the message, as every live rank's
  /// watchdog does within its interval.
  void linger() {
    if (!rendezvous_.hosting || lingered_) return;
    lingered_ = true;
    std::vector<std::string> keys;
    for (int r = 0; r < size(); ++r) keys.push_back(acknowledged_key(r));
    const auto deadline = std::chrono::steady_clock::now() + std::max(4 * options_.watch_interval, kShortestLinger);
    while (!rendezvous_.main->check(keys) && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  QuietTorch quiet_;
  CommOptions options_;
  std::shared_ptr<Failure> failure_ = std::make_shared<Failure>();
  Rendezvous rendezvous_;
  const int exceptions_;  // in flight when this was made
  bool lingered_ = false;
  std::unique_ptr<GlooGroup> gloo_;
  std::mutex device_mutex_;
  std::unique_ptr<DeviceGroup> device_;
  std::unique_ptr<Watchdog> watchdog_;
};

}  // namespace

std::unique_ptr<Comm> make_comm(const CommOptions& options) {
  const RankEnv env = read_rank_env();
  if (env.size == 1) return make_single_comm();
  return std::make_unique<DistributedComm>(env, options);
}

}  // namespace hone
