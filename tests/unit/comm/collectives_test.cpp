// The collectives themselves, on ranks that are threads: every transport shares this code above its byte movers.
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include <gmock/gmock.h>

#include "comm/thread_ranks.h"

namespace hone {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Values whose sum depends on the order of addition.
at::Tensor rank_values(int rank, int64_t count) {
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(1234 + static_cast<uint64_t>(rank));
  return at::randn({count}, generator, at::kFloat) * std::pow(10.0, rank);
}

template <class Body>
std::string failure_of(int size, Body&& body) {
  try {
    run_thread_ranks(size, body, {.collective_timeout = std::chrono::seconds(20)});
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::comm);
    return e.what();
  }
  return "no error";
}

TEST(Collectives, SumIsInRankOrderBitForBit) {
  for (const int size : {1, 2, 3, 5}) {
    for (const int64_t count : {1, 2, 7, 1000, 300'000, 1'500'001}) {
      if (size > 3 && count > 300'000) continue;
      at::Tensor expected = rank_values(0, count);
      for (int r = 1; r < size; ++r) expected = expected + rank_values(r, count);
      run_thread_ranks(size, [&](Comm& comm) {
        at::Tensor mine = rank_values(comm.rank(), count);
        comm.all_reduce_sum(mine);
        EXPECT_TRUE(at::equal(mine, expected)) << size << " ranks, " << count << " values";
      });
    }
  }
}

TEST(Collectives, AnElementsBitsDoNotDependOnItsPlace) {
  run_thread_ranks(3, [](Comm& comm) {
    const at::Tensor values = rank_values(comm.rank(), 5000);
    at::Tensor whole = values.clone(), piece = values.slice(0, 1717, 1901).clone();
    comm.all_reduce_sum(whole);
    comm.all_reduce_sum(piece);
    EXPECT_TRUE(at::equal(whole.slice(0, 1717, 1901), piece));
  });
}

TEST(Collectives, TypesAndStrides) {
  run_thread_ranks(3, [](Comm& comm) {
    const int r = comm.rank();
    at::Tensor whole = at::full({4, 6}, int64_t{1} << 60, at::kLong);
    comm.all_reduce_max(whole);
    EXPECT_TRUE(at::equal(whole, at::full({4, 6}, int64_t{1} << 60, at::kLong)));
    at::Tensor fine = at::full({3}, 0.1 * (r + 1), at::kDouble);
    comm.all_reduce_sum(fine);
    EXPECT_EQ(fine[0].item<double>(), (0.1 * 1 + 0.1 * 2) + 0.1 * 3);

    at::Tensor matrix = at::arange(12, at::kFloat).view({3, 4}) * (r + 1);
    comm.all_reduce_sum(matrix.t().slice(0, 1, 3));  // columns 1 and 2 only
    const at::Tensor base = at::arange(12, at::kFloat).view({3, 4});
    EXPECT_TRUE(at::equal(matrix.slice(1, 1, 3), base.slice(1, 1, 3) * 6));
    EXPECT_TRUE(at::equal(matrix.slice(1, 0, 1), base.slice(1, 0, 1) * (r + 1)));

    at::Tensor leaf = at::ones({2}).requires_grad_();
    comm.all_reduce_sum(leaf);
    EXPECT_TRUE(at::equal(leaf.detach(), at::full({2}, 3.f)));

    at::Tensor empty = at::empty({0, 5});
    comm.all_reduce_sum(empty);
    std::vector<float> values = {1.f * r, 2.f};
    comm.all_reduce_sum(values);
    EXPECT_EQ(values, (std::vector<float>{3.f, 6.f}));
    values = {-1.f * r, std::sqrt(1.f * r)};
    comm.all_reduce_max(values);
    EXPECT_EQ(values, (std::vector<float>{0.f, std::sqrt(2.f)}));
  });
}

TEST(Collectives, HalfPrecisionIsRoundedOnce) {
  run_thread_ranks(3, [](Comm& comm) {
    // 256 + 1 is not a bf16 number: rounding after every addition would lose both ones.
    at::Tensor value = at::full({5}, comm.rank() == 0 ? 256.0 : 1.0, at::kBFloat16);
    comm.all_reduce_sum(value);
    EXPECT_TRUE(at::equal(value, at::full({5}, 258.0, at::kBFloat16)));
    at::Tensor half = at::full({5}, comm.rank() == 0 ? 2048.0 : 1.0, at::kHalf);
    comm.all_reduce_sum(half);
    EXPECT_TRUE(at::equal(half, at::full({5}, 2050.0, at::kHalf)));
  });
}

TEST(Collectives, Numbers) {
  run_thread_ranks(4, [](Comm& comm) {
    const double r = comm.rank();
    EXPECT_EQ(comm.all_reduce_sum(0.1 * (r + 1)), ((0.1 + 0.2) + 0.1 * 3) + 0.4);
    EXPECT_EQ(comm.all_reduce_max(-r), 0.0);
    EXPECT_EQ(comm.all_reduce_sum(int64_t{1} << (40 + comm.rank())), int64_t{15} << 40);
    EXPECT_EQ(comm.all_reduce_max(static_cast<int64_t>(comm.rank())), 3);
  });
}

TEST(Collectives, NanCannotHide) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (int broken = 0; broken < 3; ++broken) {
    run_thread_ranks(3, [&](Comm& comm) {
      const double mine = comm.rank() == broken ? nan : 1e9;
      EXPECT_TRUE(std::isnan(comm.all_reduce_max(mine)));
      EXPECT_TRUE(std::isnan(comm.all_reduce_sum(mine)));
      at::Tensor values = at::full({3}, mine, at::kFloat);
      comm.all_reduce_max(values);
      EXPECT_TRUE(values.isnan().all().item<bool>());
    });
  }
}

TEST(Collectives, Broadcast) {
  run_thread_ranks(3, [](Comm& comm) {
    at::Tensor tensor = at::full({2, 3}, comm.rank(), at::kInt);
    comm.broadcast(tensor, 2);
    EXPECT_TRUE(at::equal(tensor, at::full({2, 3}, 2, at::kInt)));
    at::Tensor wide = at::full({4, 4}, comm.rank(), at::kFloat);
    comm.broadcast(wide.slice(1, 0, 2));
    EXPECT_EQ(wide.sum().item<float>(), 8.f * comm.rank());
    EXPECT_EQ(comm.broadcast_bytes(comm.rank() == 1 ? "hello" : "something longer", 1), "hello");
    EXPECT_EQ(comm.broadcast_bytes("", 0), "");
  });
}

TEST(Collectives, GatherOfUnequalStrings) {
  for (const size_t scale : {size_t{1}, size_t{500'000}}) {  // padded in one round; one by one
    run_thread_ranks(3, [&](Comm& comm) {
      const auto part = [&](int r) { return std::string(scale * static_cast<size_t>(r), static_cast<char>('a' + r)); };
      const std::vector<std::string> all = comm.all_gather_bytes(part(comm.rank()));
      EXPECT_EQ(all, (std::vector<std::string>{part(0), part(1), part(2)}));
    });
  }
  run_thread_ranks(2, [](Comm& comm) { EXPECT_EQ(comm.all_gather_bytes("").size(), 2u); });
}

TEST(Collectives, DisagreementIsAnErrorOnEveryRank) {
  std::atomic<int> failed = 0;
  const std::string message = failure_of(3, [&](Comm& comm) {
    comm.barrier();
    at::Tensor values = at::ones({comm.rank() == 2 ? 7 : 8});
    try {
      comm.all_reduce_sum(values);
    } catch (const Error&) {
      ++failed;
      throw;
    }
  });
  EXPECT_THAT(message,
              AllOf(HasSubstr("ranks disagree"), HasSubstr("8 x Float"), HasSubstr("rank 2"), HasSubstr("7 x Float")));
  EXPECT_EQ(failed, 3);
  EXPECT_THAT(failure_of(2,
                         [](Comm& comm) {
                           if (comm.rank() == 0)
                             comm.barrier();
                           else
                             comm.all_reduce_sum(1.0);
                         }),
              AllOf(HasSubstr("barrier"), HasSubstr("all_reduce_sum of a number")));
  EXPECT_THAT(failure_of(2, [](Comm& comm) { comm.broadcast_bytes("", comm.rank()); }), HasSubstr("from rank 1"));
  EXPECT_THAT(failure_of(2, [](Comm& comm) { comm.broadcast_bytes("", 2); }), HasSubstr("root"));
}

TEST(Collectives, WrongTensorsAreRefused) {
  const std::unique_ptr<Comm> comm = make_single_comm();
  EXPECT_THROW(comm->all_reduce_sum(at::Tensor()), Error);
  EXPECT_THROW(comm->all_reduce_sum(at::ones({2}, at::kByte)), Error);
  EXPECT_THROW(comm->all_reduce_sum(at::ones({2, 2}).to_sparse()), Error);
}

TEST(Collectives, AFailingRankEndsTheOthers) {
  std::atomic<int> informed = 0;
  try {
    run_thread_ranks(3, [&](Comm& comm) {
      if (comm.rank() == 1) throw std::runtime_error("disk on fire");
      try {
        comm.barrier();
      } catch (const Error& e) {
        EXPECT_STREQ(e.what(), "rank 1 failed: disk on fire");
        EXPECT_THROW(comm.barrier(), Error);  // and stays failed
        ++informed;
      }
    });
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "disk on fire");  // the cause, with its own type
  }
  EXPECT_EQ(informed, 2);
}

TEST(Collectives, WithAbortKeepsTheExceptionAndTellsTheOthers) {
  const std::string message = failure_of(2, [](Comm& comm) {
    with_abort(comm, [&] {
      if (comm.rank() == 0) throw Error(ErrorKind::comm, "reward of 7 elephants");
      comm.barrier();
    });
  });
  EXPECT_EQ(message, "reward of 7 elephants");
  EXPECT_EQ(with_abort(*make_single_comm(), [] { return 7; }), 7);
}

TEST(Collectives, ARankThatLeavesEarlyIsNotWaitedFor) {
  EXPECT_THAT(failure_of(3,
                         [](Comm& comm) {
                           if (comm.rank() != 2) comm.barrier();
                         }),
              HasSubstr("left"));
}

TEST(Collectives, AHangingRankTimesOut) {
  EXPECT_THROW(run_thread_ranks(2,
                                [](Comm& comm) {
                                  if (comm.rank() == 1) std::this_thread::sleep_for(std::chrono::milliseconds(300));
                                  comm.barrier();
                                },
                                {.collective_timeout = std::chrono::milliseconds(50)}),
               Error);
}

TEST(Collectives, OneRankIsTheIdentity) {
  const std::unique_ptr<Comm> comm = make_single_comm();
  EXPECT_EQ(comm->rank(), 0);
  EXPECT_EQ(comm->size(), 1);
  EXPECT_TRUE(comm->is_main());
  at::Tensor values = at::arange(5, at::kFloat);
  comm->all_reduce_sum(values);
  EXPECT_TRUE(at::equal(values, at::arange(5, at::kFloat)));
  EXPECT_EQ(comm->all_reduce_sum(2.5), 2.5);
  EXPECT_EQ(comm->all_gather_bytes("x"), std::vector<std::string>{"x"});
  EXPECT_EQ(comm->broadcast_bytes("y"), "y");
  comm->barrier();
  comm->abort("enough");
  EXPECT_THROW(comm->barrier(), Error);
}

}  // namespace
}  // namespace hone
