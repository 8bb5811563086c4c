// Ranks that are real processes on the loopback device: results, and that every way of failing is noticed with a
// message.
#include "unit/comm/processes.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "comm/thread_ranks.h"

namespace hone::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kFailed = 3;

struct Timer {
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }
};

/// The scenario's own line, without the test framework's.
std::string line(const RankResult& result, const std::string& start) {
  const size_t at = result.output.find(start);
  return at == std::string::npos ? "" : result.output.substr(at, result.output.find('\n', at) - at);
}

TEST(Processes, EveryCollectiveOnTwoAndThreeRanks) {
  for (const int ranks : {2, 3}) {
    std::string bits;
    for (int run = 0; run < ranks - 1; ++run) {  // the same bits on every run
      const auto results = launch_ranks({.ranks = ranks, .scenario = "collectives"});
      for (const RankResult& r : results) {
        EXPECT_EQ(r.exit_code, 0) << r.output;
        EXPECT_THAT(r.output, Not(HasSubstr("error")));
        const std::string ok = line(r, "ok ");
        EXPECT_EQ(ok.substr(20), ranks == 2 ? "1.5 1 0 3 700000 1 1" : "4.5 2 0 3 6 2100000 2 1");
        if (bits.empty()) bits = ok;
        EXPECT_EQ(ok, bits);
      }
    }
  }
}

TEST(Processes, AFailingRankTellsTheOthersWhy) {
  const Timer timer;
  const auto results = launch_ranks({.ranks = 3, .scenario = "abort"});
  EXPECT_EQ(line(results[0], "error: "), "error: rank 1 failed: reward server: 7 elephants");
  EXPECT_EQ(line(results[1], "error: "), "error: reward server: 7 elephants");
  EXPECT_EQ(line(results[2], "error: "), "error: rank 1 failed: reward server: 7 elephants");
  for (const RankResult& r : results) EXPECT_EQ(r.exit_code, kFailed);
  EXPECT_LT(timer.seconds(), 15);
}

TEST(Processes, ABrokenPipeKillsNobody) {
  for (const RankResult& r : launch_ranks({.ranks = 2, .scenario = "broken_pipe"})) EXPECT_EQ(r.exit_code, 0);
}

TEST(Processes, TheHostOfTheStoreTellsTheOthersWhy) {
  const auto results = launch_ranks({.ranks = 3, .scenario = "abort_host"});
  for (int r : {1, 2})
    EXPECT_EQ(line(results[static_cast<size_t>(r)], "error: "), "error: rank 0 failed: the head is gone");
}

TEST(Processes, AnExceptionThatPassesTheCommEndsTheGroup) {
  const auto results = launch_ranks({.ranks = 2, .scenario = "unwind"});
  EXPECT_EQ(line(results[0], "error: "), "error: rank 1 failed: it was left by an exception");
}

TEST(Processes, BusyRanksNoticeAtTheNextCall) {
  const auto results = launch_ranks({.ranks = 3, .scenario = "alive_but_aborted"});
  for (int r : {0, 2}) EXPECT_EQ(line(results[static_cast<size_t>(r)], "error: "), "error: rank 1 failed: early");
}

TEST(Processes, AFailureBreaksOffATransferWithAnotherRank) {
  const auto results = launch_ranks({.ranks = 3, .scenario = "stuck"});
  for (int r : {0, 2}) {
    EXPECT_EQ(line(results[static_cast<size_t>(r)], "error: "), "error: rank 1 failed: early");
  }
}

TEST(Processes, AKilledRankIsNamed) {
  const Timer timer;
  const auto results = launch_ranks({.ranks = 3, .scenario = "killed"});
  EXPECT_EQ(results[1].exit_code, -9);
  for (int r : {0, 2}) {
    EXPECT_EQ(results[static_cast<size_t>(r)].exit_code, kFailed);
    EXPECT_THAT(line(results[static_cast<size_t>(r)], "error: "), HasSubstr("no sign of life from rank 1"));
  }
  EXPECT_LT(timer.seconds(), 20);
}

TEST(Processes, AKilledHostIsNamed) {
  const auto results = launch_ranks({.ranks = 3, .scenario = "killed_host"});
  for (int r : {1, 2}) {
    EXPECT_EQ(results[static_cast<size_t>(r)].exit_code, kFailed);
    EXPECT_THAT(line(results[static_cast<size_t>(r)], "error: "),
                HasSubstr("rank 0, which holds the rendezvous, is gone"));
  }
}

TEST(Processes, ARankThatLeftIsNamed) {
  const auto results = launch_ranks({.ranks = 3, .scenario = "leaves"});
  EXPECT_EQ(results[1].exit_code, 0);
  for (int r : {0, 2}) {
    EXPECT_THAT(line(results[static_cast<size_t>(r)], "error: "), HasSubstr("rank 1 has already left"));
  }
}

TEST(Processes, ARankThatDoesNotComeIsNamed) {
  const auto results = launch_ranks({.ranks = 2, .scenario = "hangs"});
  EXPECT_THAT(line(results[0], "error: "), AllOf(HasSubstr("rank 1 is at collective 1"), HasSubstr("collective 2")));
}

TEST(Processes, DisagreementIsNamedOnEveryRank) {
  for (const RankResult& r : launch_ranks({.ranks = 2, .scenario = "disagree"})) {
    EXPECT_EQ(r.exit_code, kFailed);
    EXPECT_THAT(line(r, "error: "), AllOf(HasSubstr("10 x Float"), HasSubstr("11 x Float")));
  }
}

TEST(Processes, ATensorThatNothingCanCarryIsRefused) {
  for (const RankResult& r : launch_ranks({.ranks = 2, .scenario = "device"})) {
    EXPECT_EQ(r.exit_code, kFailed);
    EXPECT_THAT(line(r, "error: "), HasSubstr("NCCL"));
  }
}

TEST(Rendezvous, MissingRanksAreNamed) {
  const std::map<std::string, std::string> hurry = {{"HONE_TEST_RENDEZVOUS_MS", "4000"}, {"HONE_TEST_ABSENT", "2"}};
  const auto results =
      launch_ranks({.ranks = 3, .scenario = "collectives", .env = {{0, hurry}, {1, hurry}, {2, hurry}}});
  for (int r : {0, 1}) {
    EXPECT_EQ(results[static_cast<size_t>(r)].exit_code, kFailed);
    EXPECT_THAT(line(results[static_cast<size_t>(r)], "error: "),
                AllOf(HasSubstr("waited 4 s for 1 of 3 ranks: missing 2"), HasSubstr("here are 0 (")));
  }
}

TEST(Rendezvous, AMissingHostIsNamed) {
  const std::map<std::string, std::string> hurry = {{"HONE_TEST_RENDEZVOUS_MS", "900"}, {"HONE_TEST_ABSENT", "0"}};
  const auto results = launch_ranks({.ranks = 2, .scenario = "collectives", .env = {{0, hurry}, {1, hurry}}});
  EXPECT_THAT(line(results[1], "error: "),
              AllOf(HasSubstr("could not reach rank 0 at 127.0.0.1:"), HasSubstr("0.9 s")));
}

TEST(Rendezvous, TheSameRankTwice) {
  const std::map<std::string, std::string> hurry = {{"HONE_TEST_RENDEZVOUS_MS", "4000"}};
  auto twin = hurry;
  twin["RANK"] = twin["LOCAL_RANK"] = "1";
  const auto results =
      launch_ranks({.ranks = 3, .scenario = "collectives", .env = {{0, hurry}, {1, hurry}, {2, twin}}});
  EXPECT_THAT(results[1].output + results[2].output, HasSubstr("two processes claim rank 1"));
}

TEST(Rendezvous, AnotherGroupSize) {
  const std::map<std::string, std::string> hurry = {{"HONE_TEST_RENDEZVOUS_MS", "4000"}};
  auto other = hurry;
  other["WORLD_SIZE"] = "5";
  const auto results = launch_ranks({.ranks = 2, .scenario = "collectives", .env = {{0, hurry}, {1, other}}});
  EXPECT_THAT(results[0].output + results[1].output, HasSubstr("was started for"));
}

TEST(Rendezvous, APortInUse) {
  const int fd = ::socket(AF_INET6, SOCK_STREAM, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(fd, 1), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string port = std::to_string(ntohs(address.sin6_port));
  const auto results =
      launch_ranks({.ranks = 1, .scenario = "collectives", .env = {{0, {{"MASTER_PORT", port}, {"WORLD_SIZE", "2"}}}}});
  ::close(fd);
  EXPECT_THAT(line(results[0], "error: "), HasSubstr("cannot listen on port " + port));
}

}  // namespace
}  // namespace hone::testing
