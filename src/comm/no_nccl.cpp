// Builds without CUDA.
#include "comm/device_group.h"

namespace hone {

std::unique_ptr<DeviceGroup> make_device_group(const c10::intrusive_ptr<c10d::Store>&, int, int, const CommOptions&,
                                               std::shared_ptr<Failure>) {
  fail(ErrorKind::cuda, "a tensor on a GPU needs NCCL, which this build has not: configure with the cuda preset");
}

}  // namespace hone
