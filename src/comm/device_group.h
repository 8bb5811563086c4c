// Collectives of tensors on a GPU. nccl.cpp implements it in CUDA builds, no_nccl.cpp stands in elsewhere.
#pragma once

#include <memory>

#include <torch/csrc/distributed/c10d/Store.hpp>

#include "comm/failure.h"
#include "hone/comm.h"

namespace hone {

class DeviceGroup {
 public:
  virtual ~DeviceGroup() = default;
  /// Both return when the result is on the device; Error(comm) if the group failed meanwhile.
  virtual void all_reduce(const at::Tensor& tensor, ReduceOp op) = 0;
  virtual void broadcast(const at::Tensor& tensor, int root) = 0;
  /// Ends what is running on the device; from any thread.
  virtual void abort() noexcept = 0;
};

/// Collective. Error(cuda) in a build without NCCL.
std::unique_ptr<DeviceGroup> make_device_group(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                               const CommOptions& options, std::shared_ptr<Failure> failure);

}  // namespace hone
