// Checkpoints as a caller sees them: what comes back, how many are kept, who may write.
#include <cmath>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>

#include "base/files.h"
#include "comm/thread_ranks.h"
#include "unit/train/checkpoint_fixture.h"

namespace hone::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

template <class Body>
Error error_of(Body&& body) {
  try {
    body();
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos) << e.what();
    return e;
  }
  ADD_FAILURE() << "no error";
  return Error(ErrorKind::internal, "no error");
}

TEST_F(CheckpointTest, NothingSavedIsNoCheckpoint) {
  EXPECT_FALSE(load_latest(folder_));
  EXPECT_TRUE(checkpoint_steps(folder_).empty());
  remove_stale_saves(folder_);
  fs::create_directories(folder_ / "step-12x");
  fs::create_directories(folder_ / "step-7");  // not how a step is written
  fs::create_directories(folder_ / "step-000001.tmp");
  EXPECT_FALSE(load_latest(folder_));
}

TEST_F(CheckpointTest, ComesBackBitForBit) {
  const std::vector<float> odd = {0.f, -0.f, std::numeric_limits<float>::denorm_min(),
                                  -std::numeric_limits<float>::max(), 0.1f};
  const nlohmann::json state = {
      {"rng", {{"key", 18446744073709551615ull}, {"counter", -3}}}, {"lr", 0.1 + 0.2}, {"name", "\xc3\xbc"}};
  save_checkpoint(folder_, 7, {{"odd", {5}, odd}, {"none", {0, 3}, {}}}, state);
  const std::optional<Checkpoint> loaded = load_latest(folder_);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->step(), 7);
  EXPECT_EQ(loaded->path(), folder_ / "step-000007");
  EXPECT_EQ(loaded->state(), state);
  EXPECT_THAT(loaded->names(), ElementsAre("none", "odd"));
  EXPECT_TRUE(loaded->has("odd"));
  EXPECT_FALSE(loaded->has("even"));
  std::vector<float> values(5);
  loaded->read("odd", values);
  EXPECT_EQ(std::memcmp(values.data(), odd.data(), 5 * sizeof(float)), 0);
  loaded->read("none", {});
  std::vector<float> slice(2);
  loaded->read_slice("odd", 3, slice);
  EXPECT_THAT(slice, ElementsAre(odd[3], odd[4]));
}

TEST_F(CheckpointTest, WrongReadsAreRefused) {
  save(1);
  const Checkpoint loaded = open_checkpoint(folder_ / "step-000001");
  std::vector<float> values(601);
  EXPECT_THAT(error_of([&] { loaded.read("weights", values); }).what(), HasSubstr("600 values, expected 601"));
  EXPECT_THAT(error_of([&] { loaded.read("weight", values); }).what(), HasSubstr("did you mean 'weights'"));
  for (const int64_t begin : {int64_t{-1}, int64_t{1}, int64_t{600}, INT64_MAX, INT64_MIN}) {
    EXPECT_THROW(loaded.read_slice("weights", begin, std::span(values).first(600)), Error) << begin;
  }
}

TEST_F(CheckpointTest, KeepsTheNewest) {
  for (const int64_t step : {5, 10, 15, 20}) save(step, 2);
  EXPECT_THAT(checkpoint_steps(folder_), ElementsAre(15, 20));
  EXPECT_THAT(entries(), ElementsAre("step-000015", "step-000020"));
  save(25, 1);
  EXPECT_THAT(entries(), ElementsAre("step-000025"));
  save(1'234'567, 5);
  EXPECT_EQ(loaded_step(), 1'234'567);
}

TEST_F(CheckpointTest, ABrokenOneDoesNotPushAGoodOneOut) {
  save(5);
  save(10);
  save(20, 5);
  fs::remove(folder_ / "step-000020" / "manifest.json");
  save(15);  // resumed from 10
  EXPECT_THAT(entries(), ElementsAre("step-000010", "step-000015"));
}

TEST_F(CheckpointTest, TheSameStepAgainReplacesIt) {
  save(5);
  const State other(99);
  save_checkpoint(folder_, 5, other.tensors(), {{"second", true}});
  EXPECT_THAT(entries(), ElementsAre("step-000005"));
  EXPECT_EQ(load_latest(folder_)->state().at("second"), true);
}

TEST_F(CheckpointTest, NonFiniteValuesAreNotSaved) {
  save(1);
  State state(2);
  for (const float bad :
       {std::nanf(""), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
    state.moments[599] = bad;
    const Error e = error_of([&] { save_checkpoint(folder_, 2, state.tensors(), {}); });
    EXPECT_EQ(e.kind(), ErrorKind::data);
    EXPECT_THAT(e.what(), HasSubstr("'adam.m'"));
    EXPECT_THAT(e.what(), HasSubstr("at 599"));
  }
  EXPECT_THAT(error_of([&] {
                save_checkpoint(folder_, 2, {}, {{"a", {{"lr", std::nan("")}}}});
              }).what(),
              HasSubstr("state.a.lr"));
  EXPECT_THAT(entries(), ElementsAre("step-000001"));
  EXPECT_EQ(loaded_step(), 1);
}

TEST_F(CheckpointTest, BadArgumentsAreRefused) {
  const State state(1);
  EXPECT_EQ(error_of([&] { save_checkpoint(folder_, -1, {}, {}); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { save_checkpoint(folder_, 1, {}, {}, {.save_total_limit = 0}); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { save_checkpoint(folder_, 1, {{"w", {7}, state.weights}}, {}); }).kind(), ErrorKind::shape);
  EXPECT_EQ(error_of([&] { save_checkpoint(folder_, 1, {{"w", {-1}, state.weights}}, {}); }).kind(), ErrorKind::shape);
  EXPECT_EQ(error_of([&] { save_checkpoint(folder_, 1, {{"", {1}, state.scalar}}, {}); }).kind(), ErrorKind::shape);
  EXPECT_EQ(error_of([&] {
              save_checkpoint(folder_, 1, {{"w", {1}, state.scalar}, {"w", {1}, state.scalar}}, {});
            }).kind(),
            ErrorKind::shape);
  std::ofstream(root_ / "file") << "x";
  EXPECT_EQ(error_of([&] { save_checkpoint(root_ / "file", 1, {}, {}); }).kind(), ErrorKind::io);
  EXPECT_EQ(error_of([&] { load_latest(root_ / "file"); }).kind(), ErrorKind::io);
  EXPECT_FALSE(load_latest(folder_));
}

TEST_F(CheckpointTest, StaleSavesAreRemoved) {
  save(1);
  fs::create_directories(folder_ / "step-000002.tmp" / "deep");
  std::ofstream(folder_ / "step-000002.tmp" / "deep" / "file") << "x";
  fs::create_directories(folder_ / "step-000001.old");
  fs::create_directories(folder_ / "notes.tmp");  // not ours
  EXPECT_EQ(loaded_step(), 1);
  remove_stale_saves(folder_);
  EXPECT_THAT(entries(), ElementsAre("notes.tmp", "step-000001"));
  // Killed between setting the old one aside and putting the new one in its place.
  fs::rename(folder_ / "step-000001", folder_ / "step-000001.old");
  EXPECT_EQ(loaded_step(), 1);
  EXPECT_THAT(checkpoint_steps(folder_), ElementsAre(1));
  remove_stale_saves(folder_);
  EXPECT_THAT(entries(), ElementsAre("notes.tmp", "step-000001"));
}

TEST_F(CheckpointTest, AnyNumberOfRanksReadsWhatAnyOtherSaved) {
  for (const int ranks : {1, 3}) {
    run_thread_ranks(ranks, [&](Comm& comm) {
      // Each rank owns a slice of the moments; rank 0 also has the weights, the last rank has nothing.
      const State state(4);
      std::vector<CheckpointTensor> own;
      if (comm.is_main()) own.push_back({"weights", {100, 6}, state.weights});
      if (comm.rank() < 2) own.push_back({"m." + std::to_string(comm.rank()), {600}, state.moments});
      save_checkpoint(folder_, ranks, own, {{"from", comm.rank()}}, comm);
    });
    const Checkpoint loaded = *load_latest(folder_);
    EXPECT_EQ(loaded.step(), ranks);
    EXPECT_EQ(loaded.state().at("from"), 0);
    std::vector<float> values(600);
    loaded.read(ranks == 1 ? "m.0" : "m.1", values);
    EXPECT_EQ(values, State(4).moments);
    EXPECT_EQ(loaded.names().size(), ranks == 1 ? 2u : 3u);
  }
}

TEST_F(CheckpointTest, OneRanksTroubleIsEveryRanksError) {
  save(1);
  const auto attempt = [&](const std::function<std::vector<CheckpointTensor>(int, State&)>& tensors) {
    std::vector<std::string> messages(3);
    run_thread_ranks(3, [&](Comm& comm) {
      State state(2);
      messages[static_cast<size_t>(comm.rank())] =
          error_of([&] { save_checkpoint(folder_, 2, tensors(comm.rank(), state), {}, comm); }).what();
    });
    EXPECT_EQ(messages[0], messages[1]);
    EXPECT_EQ(messages[0], messages[2]);
    EXPECT_THAT(entries(), ElementsAre("step-000001"));
    return messages[0];
  };
  EXPECT_THAT(attempt([](int rank, State& state) {
                if (rank == 2) state.weights[3] = std::nanf("");
                return std::vector<CheckpointTensor>{{"w." + std::to_string(rank), {600}, state.weights}};
              }),
              HasSubstr("rank 2: checkpoint: tensor 'w.2' is nan at 3"));
  EXPECT_THAT(attempt([](int, State& state) {
                return std::vector<CheckpointTensor>{{"w", {600}, state.weights}};
              }),
              HasSubstr("two ranks save a tensor 'w'"));
}

TEST(AllFinite, FindsOneBadValueAnywhere) {
  for (const int threads : {1, 2}) {
    set_num_threads(threads);
    for (const size_t size : {size_t{0}, size_t{1}, size_t{1023}, size_t{1024}, size_t{1025}, size_t{700'001}}) {
      std::vector<float> values(size, std::numeric_limits<float>::max());
      EXPECT_TRUE(all_finite(values));
      for (const size_t at : {size_t{0}, size / 2, size - 1}) {
        if (at >= size) continue;
        for (const float bad : {std::nanf(""), -std::numeric_limits<float>::infinity()}) {
          const float good = std::exchange(values[at], bad);
          EXPECT_FALSE(all_finite(values)) << size << " at " << at;
          values[at] = good;
        }
      }
    }
  }
}

}  // namespace
}  // namespace hone::testing
