// The ranks of one run: who am I, sums and gathers over all of us, and how one failing rank ends the others.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "hone/error.h"

namespace hone {

struct CommOptions {
  std::chrono::milliseconds rendezvous_timeout = std::chrono::minutes(5);     // until every rank has shown up
  std::chrono::milliseconds collective_timeout = std::chrono::minutes(30);    // one collective, slow ranks included
  std::chrono::milliseconds watch_interval = std::chrono::milliseconds(500);  // how soon a failure elsewhere is noticed
};

enum class ReduceOp { sum, max };

/// A group of ranks. Collectives must be called by every rank in the same order from one thread; each one first agrees
/// on what is being done, so ranks that drift apart get an Error(comm) naming both calls instead of a hang.
///
/// A sum adds the ranks' values element by element in rank order: the bits depend on the rank count only, never on
/// timing, buffer layout or transport. (CUDA tensors are summed by NCCL, whose order is fixed for a given topology.)
/// Half-precision tensors are summed in fp32 and rounded once; a NaN on any rank makes sums and maxima NaN.
///
/// Once a rank has failed, every call on every rank throws Error(comm) with the failing rank's own message.
class Comm {
 public:
  virtual ~Comm() = default;
  Comm(const Comm&) = delete;
  Comm& operator=(const Comm&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }
  int local_rank() const { return local_rank_; }  // among the ranks of this machine; picks the GPU
  bool is_main() const { return rank_ == 0; }

  /// In place, on every rank. fp32, fp64, bf16, fp16 or int64, any strides, same size and dtype on all ranks.
  void all_reduce_sum(const at::Tensor& tensor) { all_reduce(tensor, ReduceOp::sum); }
  void all_reduce_max(const at::Tensor& tensor) { all_reduce(tensor, ReduceOp::max); }
  void all_reduce_sum(std::span<float> values);
  void all_reduce_max(std::span<float> values);

  double all_reduce_sum(double value);
  double all_reduce_max(double value);
  int64_t all_reduce_sum(int64_t value);
  int64_t all_reduce_max(int64_t value);

  /// `root`'s contents on every rank; the others' size and dtype must agree.
  void broadcast(const at::Tensor& tensor, int root = 0);
  /// `root`'s bytes, whatever the others pass.
  std::string broadcast_bytes(std::string_view bytes, int root = 0);

  /// One string of any length from every rank, in rank order, on every rank.
  std::vector<std::string> all_gather_bytes(std::string_view mine);

  /// Returns when every rank has arrived.
  void barrier();

  /// Ends the group: every other rank's current or next call throws `rank R failed: MESSAGE` within seconds. The first
  /// message wins. Never throws; call it before this rank gives up (see with_abort).
  virtual void abort(std::string_view message) noexcept = 0;

 protected:
  Comm(int rank, int size, int local_rank) : rank_(rank), size_(size), local_rank_(local_rank) {}

  // What a transport provides; called only where size() > 1. Byte counts are equal on all ranks.
  virtual void all_gather(std::span<const std::byte> mine, std::span<std::byte> all) = 0;  // all: size() x mine
  virtual void all_to_all(std::span<const std::byte> in, std::span<std::byte> out) = 0;    // size() equal parts each
  virtual void broadcast_raw(std::span<std::byte> data, int root) = 0;
  virtual void device_all_reduce(const at::Tensor& tensor, ReduceOp op);  // tensors that are not on the CPU
  virtual void device_broadcast(const at::Tensor& tensor, int root);
  virtual void check_alive() {}  // throws what ended the group
  int64_t calls() const { return calls_; }

 private:
  struct Call;  // what a rank is about to do: see collectives.cpp
  void all_reduce(const at::Tensor& tensor, ReduceOp op);
  template <class T>
  T all_reduce_number(T value, ReduceOp op);
  void check_root(int root, const char* call) const;
  std::vector<Call> agree(const Call& mine);

  int rank_, size_, local_rank_;
  std::atomic<int64_t> calls_{0};  // collectives begun
};

/// The ranks that the launcher started, from the environment: torchrun's RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and
/// MASTER_PORT; else OpenMPI's OMPI_COMM_WORLD_*; else Slurm's SLURM_PROCID, SLURM_NTASKS, SLURM_LOCALID and node list;
/// else one rank, which opens no socket. Call it once per process. Gloo over TCP, and NCCL for CUDA tensors where the
/// build has it. With several ranks SIGPIPE is ignored from here on, unless the program handles it: Gloo would let a
/// rank that fails kill the others. Error(usage) names the variables that contradict each other; Error(comm) names the
/// ranks that did not show up in time.
std::unique_ptr<Comm> make_comm(const CommOptions& options = {});

/// One rank: every collective is the identity.
std::unique_ptr<Comm> make_single_comm();

/// Runs `body` and, if it throws, aborts the group with the exception's message before passing it on.
template <class Body>
auto with_abort(Comm& comm, Body&& body) {
  try {
    return body();
  } catch (const std::exception& e) {
    comm.abort(e.what());
    throw;
  }
}

}  // namespace hone
