// A save that is killed, runs out of disk or is cut short at every possible moment leaves a checkpoint that loads.
#include <chrono>
#include <functional>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"
#include "unit/train/checkpoint_fixture.h"

namespace hone::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

/// Runs `body` in a child process; its wait status.
int in_child(const std::function<void()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    try {
      body();
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

TEST_F(CheckpointTest, KilledBeforeEverySystemCall) {
  set_log_level(LogLevel::off);
  for (const int64_t second : {int64_t{2}, int64_t{1}}) {  // the next step, and the same step once more
    std::set<int64_t> seen;
    int64_t call = 1;
    for (;; ++call) {
      ASSERT_LT(call, 500) << "a save should not need so many system calls";
      fs::remove_all(folder_);
      save(1, 1);
      const int status = in_child([&] {
        inject({.kill_at = call});
        save(second, 1);
      });
      const int64_t step = loaded_step();
      EXPECT_TRUE(step == 1 || step == second) << "call " << call << ": loaded " << step;
      seen.insert(step);
      remove_stale_saves(folder_);
      EXPECT_EQ(loaded_step(), step) << "call " << call;
      for (const std::string& name : entries()) EXPECT_FALSE(name.ends_with(".tmp") || name.ends_with(".old")) << name;
      save(3);  // and saving goes on
      EXPECT_EQ(loaded_step(), 3);
      if (!WIFSIGNALED(status)) {
        EXPECT_EQ(WEXITSTATUS(status), 0);
        break;
      }
    }
    EXPECT_GT(call, 15);
    EXPECT_EQ(seen.contains(2), second == 2);  // the last calls come after the rename
  }
  set_log_level(LogLevel::info);
}

TEST_F(CheckpointTest, KilledAtRandomMoments) {
  set_log_level(LogLevel::off);
  Rng rng(20240229);
  int64_t step = 0;
  for (int round = 0; round < 15; ++round) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (int64_t s = step + 1;; ++s) save(s);
    }
    // Later rounds wait longer, so that a slow disk also gets to finish a save now and then.
    std::this_thread::sleep_for(std::chrono::milliseconds(rng.integer(1, 60) * (1 + round)));
    ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    const int64_t loaded = std::max<int64_t>(0, loaded_step());
    EXPECT_GE(loaded, step);  // never behind what was there before
    step = loaded;
    if (fs::exists(folder_)) remove_stale_saves(folder_);
  }
  EXPECT_GT(step, 0);
  set_log_level(LogLevel::info);
}

TEST_F(CheckpointTest, EverySystemCallMayFail) {
  set_log_level(LogLevel::off);
  for (const int error : {ENOSPC, EIO}) {
    int64_t failed = 0;
    for (int64_t call = 1;; ++call) {
      ASSERT_LT(call, 500);
      fs::remove_all(folder_);
      save(1, 1);
      inject({.fail_at = call, .error = error});
      bool saved = true;
      try {
        save(2, 1);
      } catch (const Error& e) {
        saved = false;
        ++failed;
        EXPECT_EQ(e.kind(), ErrorKind::io) << e.what();
        EXPECT_THAT(e.what(), HasSubstr(std::strerror(error)));
        EXPECT_THAT(e.what(), HasSubstr("a stage/checkpoints"));
      }
      const int64_t calls = injected_calls();
      inject({});
      const int64_t step = loaded_step();
      EXPECT_TRUE(step == 2 || (step == 1 && !saved)) << step;
      remove_stale_saves(folder_);
      EXPECT_EQ(loaded_step(), step);
      if (calls < call) break;  // one save has fewer calls than this
    }
    EXPECT_GT(failed, 10);
  }
  set_log_level(LogLevel::info);
}

TEST_F(CheckpointTest, ShortWritesAreContinued) {
  inject({.longest_write = 1000});
  save(1);
  inject({});
  EXPECT_EQ(loaded_step(), 1);
}

TEST_F(CheckpointTest, AFileSizeLimitIsAnErrorAndLeavesNothing) {
  save(1);
  const int status = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);  // the shell's `ulimit -f`: the default action would end the process
    const rlimit limit{2000, 2000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      save(2);
    } catch (const Error& e) {
      ::_exit(e.kind() == ErrorKind::io ? 7 : 8);
    }
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
  EXPECT_THAT(entries(), ElementsAre("step-000001"));
  EXPECT_EQ(loaded_step(), 1);
}

}  // namespace
}  // namespace hone::testing
