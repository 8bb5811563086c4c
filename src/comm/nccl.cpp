// CUDA builds: c10d's NCCL group. One rank on one GPU has run (tests/unit/comm/nccl_test.cpp); several never have.
#include <cstdlib>

#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "comm/device_group.h"
#include "comm/rendezvous.h"

namespace hone {
namespace {

class NcclGroup final : public DeviceGroup {
 public:
  NcclGroup(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size, const CommOptions& options,
            std::shared_ptr<Failure> failure)
      : timeout_(options.collective_timeout), failure_(std::move(failure)) {
    // c10d's own reaction to a failed collective is to end the process; here it becomes an Error. An explicit setting
    // of the user stays.
    ::setenv("TORCH_NCCL_ASYNC_ERROR_HANDLING", "0", /*overwrite=*/0);
    try {
      auto nccl_options = c10d::ProcessGroupNCCL::Options::create();
      nccl_options->timeout = timeout_;
      group_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, nccl_options);
    } catch (const std::exception& e) {
      fail(ErrorKind::comm, "rank {} could not start NCCL: {}", rank, first_line(e));
    }
  }

  void all_reduce(const at::Tensor& tensor, ReduceOp op) override {
    // NCCL rounds half precision at every hop: sum it in fp32 and round once, as on the CPU.
    const bool half = tensor.scalar_type() == at::kBFloat16 || tensor.scalar_type() == at::kHalf;
    const at::Tensor wide = (half ? tensor.to(at::kFloat) : tensor).contiguous();
    std::vector<at::Tensor> tensors = {wide};
    c10d::AllreduceOptions options;
    options.reduceOp = op == ReduceOp::sum ? c10d::ReduceOp::SUM : c10d::ReduceOp::MAX;
    run([&] { return group_->allreduce(tensors, options); });
    if (!wide.is_same(tensor)) tensor.copy_(wide);
  }

  void broadcast(const at::Tensor& tensor, int root) override {
    const at::Tensor dense = tensor.contiguous();
    std::vector<at::Tensor> tensors = {dense};
    c10d::BroadcastOptions options;
    options.rootRank = root;
    run([&] { return group_->broadcast(tensors, options); });
    if (!dense.is_same(tensor)) tensor.copy_(dense);
  }

  void abort() noexcept override {
    try {
      group_->abort();
    } catch (const std::exception&) {  // already broken
    }
  }

 private:
  /// Waits on the host: the work's own wait() only orders streams, and a failure elsewhere would go unnoticed.
  template <class Start>
  void run(Start&& start) {
    failure_->throw_if_set();
    try {
      const c10::intrusive_ptr<c10d::Work> work = start();
      const auto deadline = std::chrono::steady_clock::now() + timeout_;
      while (!work->isCompleted() && !failure_->get()) {
        if (std::chrono::steady_clock::now() > deadline) {
          fail(ErrorKind::comm, "NCCL did not complete within {} s", timeout_.count() / 1000.0);
        }
        failure_->wait_for(std::chrono::microseconds(100));
      }
      if (work->isCompleted()) work->wait();
    } catch (const std::exception& e) {
      fail(ErrorKind::comm, "{}", first_line(e));
    }
    failure_->throw_if_set();
  }

  std::chrono::milliseconds timeout_;
  std::shared_ptr<Failure> failure_;
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> group_;
};

}  // namespace

std::unique_ptr<DeviceGroup> make_device_group(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                               const CommOptions& options, std::shared_ptr<Failure> failure) {
  return std::make_unique<NcclGroup>(store, rank, size, options, std::move(failure));
}

}  // namespace hone
