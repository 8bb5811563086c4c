#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "hone/data.h"
#include "hone/error.h"

namespace hone {
namespace {

TEST(EpochOrder, IsAPermutationThatDependsOnSeedAndEpoch) {
  std::set<std::vector<int64_t>> orders;
  for (const uint64_t seed : {0, 1}) {
    for (const int64_t epoch : {0, 1, 2}) {
      auto order = epoch_order(50, seed, epoch);
      EXPECT_EQ(order, epoch_order(50, seed, epoch));
      orders.insert(order);
      std::sort(order.begin(), order.end());
      for (int64_t i = 0; i < 50; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
    }
  }
  EXPECT_EQ(orders.size(), 6u);
}

TEST(EpochSampler, VisitsEveryRecordOncePerEpochWhateverTheBatch) {
  for (const int64_t batch : {1, 3, 7, 10, 25}) {
    EpochSampler sampler(10, 5);
    std::vector<int64_t> drawn;
    while (std::ssize(drawn) < 50) {
      for (const int64_t i : sampler.next(batch)) drawn.push_back(i);
    }
    for (int64_t epoch = 0; epoch < 5; ++epoch) {
      const std::vector<int64_t> part(drawn.begin() + epoch * 10, drawn.begin() + epoch * 10 + 10);
      EXPECT_EQ(part, epoch_order(10, 5, epoch)) << batch;
    }
  }
}

TEST(EpochSampler, ResumesFromItsCursor) {
  EpochSampler whole(10, 5);
  const auto all = whole.next(47);
  for (const int64_t cut : {0, 1, 9, 10, 11, 40}) {
    EpochSampler first(10, 5);
    auto drawn = first.next(cut);
    EpochSampler second(10, 5, first.cursor());
    for (const int64_t i : second.next(47 - cut)) drawn.push_back(i);
    EXPECT_EQ(drawn, all);
    EXPECT_EQ(second.cursor(), whole.cursor());
  }
  EXPECT_EQ(whole.cursor(), (DataCursor{4, 7}));
}

TEST(EpochSampler, RefusesWhatCannotBe) {
  EXPECT_THROW(EpochSampler(0, 0), Error);
  EXPECT_THROW(EpochSampler(10, 0, {0, 10}), Error);
  EXPECT_THROW(EpochSampler(10, 0, {-1, 0}), Error);
  EXPECT_THROW(EpochSampler(10, 0).next(-1), Error);
  EXPECT_TRUE(EpochSampler(10, 0).next(0).empty());
}

}  // namespace
}  // namespace hone
