// The NCCL group where a GPU is at hand (skipped elsewhere). One GPU holds one rank: what several ranks add is
// untested.
#include <thread>

#include <gmock/gmock.h>
#include <torch/csrc/distributed/c10d/HashStore.hpp>

#include "comm/device_group.h"

namespace hone {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Nccl : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!at::hasCUDA()) GTEST_SKIP() << "no GPU, or a build without CUDA";
  }
  std::unique_ptr<DeviceGroup> group(int rank = 0, int size = 1) {
    CommOptions options;
    options.collective_timeout = std::chrono::seconds(30);
    return make_device_group(store_, rank, size, options, failure_);
  }
  static at::Tensor values(int64_t rows, int64_t cols, at::ScalarType type) {
    const auto generator = at::make_generator<at::CPUGeneratorImpl>(7);
    return at::randn({rows, cols}, generator, at::kFloat).to(type).to(at::kCUDA);
  }

  c10::intrusive_ptr<c10d::Store> store_ = c10::make_intrusive<c10d::HashStore>();
  std::shared_ptr<Failure> failure_ = std::make_shared<Failure>();
};

TEST_F(Nccl, OneRankKeepsItsValues) {
  const auto nccl = group();
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kHalf, at::kLong}) {
    const at::Tensor before = values(257, 33, type);
    for (const ReduceOp op : {ReduceOp::sum, ReduceOp::max}) {
      const at::Tensor dense = before.clone(), columns = before.clone().t();
      nccl->all_reduce(dense, op);
      nccl->all_reduce(columns, op);
      EXPECT_TRUE(at::equal(dense, before)) << type;
      EXPECT_TRUE(at::equal(columns, before.t())) << type;
    }
    const at::Tensor sent = before.clone().slice(1, 0, 33, 2);
    nccl->broadcast(sent, 0);
    EXPECT_TRUE(at::equal(sent, before.slice(1, 0, 33, 2))) << type;
  }
}

TEST_F(Nccl, AFailureElsewhereEndsTheNextCollective) {
  const auto nccl = group();
  const at::Tensor x = values(4, 4, at::kFloat);
  nccl->all_reduce(x, ReduceOp::sum);
  failure_->set("rank 3 failed: out of memory");
  nccl->abort();
  try {
    nccl->all_reduce(x, ReduceOp::sum);
    FAIL() << "a broken group went on";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::comm);
    EXPECT_THAT(e.what(), HasSubstr("rank 3 failed: out of memory"));
  }
}

TEST_F(Nccl, TwoRanksOnOneGpuAreRefused) {
  std::string messages[2];
  std::thread ranks[2];
  for (int r = 0; r < 2; ++r)
    ranks[r] = std::thread([&, r] {
      try {
        const auto nccl = group(r, 2);
        nccl->all_reduce(values(4, 4, at::kFloat), ReduceOp::sum);
      } catch (const Error& e) {
        messages[r] = e.what();
      }
    });
  for (std::thread& t : ranks) t.join();
  for (const std::string& message : messages) EXPECT_THAT(message, Not(testing::IsEmpty()));
}

}  // namespace
}  // namespace hone
