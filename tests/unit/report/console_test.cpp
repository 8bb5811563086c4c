#include "report/console.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/log.h"
#include "report/step_clock.h"
#include "report/terminal_text.h"

namespace hone {
namespace {

/// A console on two strings, with a clock that the test moves.
struct Screen {
  std::string lines, bar, both;
  double time = 100;
  int width = 200;

  ConsoleOptions options(bool terminal) {
    ConsoleOptions o;
    o.write_line = [this](std::string_view text) { lines += text, both += text; };
    if (terminal) o.write_bar = [this](std::string_view text) { bar += text, both += text; };
    o.columns = [this] { return width; };
    o.wrap_lines = terminal;
    o.unicode = true;
    o.now = [this] { return time; };
    return o;
  }
  std::string last_bar() const {
    const size_t start = bar.rfind('\r', bar.size() - 2) + 1;
    return bar.substr(start, bar.size() - start - 3);
  }
};

const Metrics kStep = {
    {"loss", 0.25}, {"learning_rate", 1.5e-5},          {"reward", 0.5321},   {"rewards/exact/mean", 0.4},
    {"kl", 0.0012}, {"rollout_corr/max_abs_diff", 0.0}, {"step_time", 10.04}, {"perf/gen_tok_per_s", 1234.6}};

TEST(Console, PlainLineHasTheColumnsInFixedOrder) {
  Screen screen;
  Console console(screen.options(/*terminal=*/false));
  console.start_stage("rl", 120, grpo_columns("rewards/exact/mean"), 11);
  screen.time += 10;
  console.phase("rollout", 1, 2);
  console.step(12, kStep);
  EXPECT_EQ(screen.lines,
            "rl  12/120  reward 0.5321   acc 0.4      kl 0.0012   max_abs_diff 0        lr 1.5e-05  tok/s 1235     "
            "s/step 10.04    eta 18m00s\n");
  console.finish();
  EXPECT_TRUE(screen.lines.ends_with("\nrl finished: 1 steps in 10s\n"));
  EXPECT_EQ(screen.bar, "");
}

TEST(Console, BarShowsProgressPhaseAndTimeLeft) {
  Screen screen;
  Console console(screen.options(/*terminal=*/true));
  console.start_stage("rl", 4, sft_columns());
  screen.time += 8;
  console.step(1, {{"loss", 1.0}});
  console.phase("rollout", 3, 8);
  EXPECT_EQ(screen.last_bar(), "rl ━━━━━━━━──────────────────────── 1/4 · 24s left");  // too soon to redraw
  screen.time += 2;
  console.phase("rollout", 4, 8);
  EXPECT_EQ(screen.last_bar(), "rl ━━━━━━━━──────────────────────── 1/4 · 22s left · rollout 4/8");
}

TEST(Console, BarIsDrawnAtMostTenTimesASecond) {
  Screen screen;
  Console console(screen.options(/*terminal=*/true));
  console.start_stage("rl", 10, {});
  screen.bar.clear();
  for (int i = 0; i < 10000; ++i) {
    screen.time += 1e-4;
    console.phase("rollout", i, 10000);
  }
  const auto draws = std::count(screen.bar.begin(), screen.bar.end(), '\r');
  EXPECT_GE(draws, 9);
  EXPECT_LE(draws, 10);
}

TEST(Console, NarrowTerminals) {
  for (int width = 1; width <= 90; ++width) {
    Screen screen;
    screen.width = width;
    Console console(screen.options(/*terminal=*/true));
    console.start_stage("cold_start", 1000, grpo_columns("rewards/exact/mean"));
    screen.time += 1;
    console.step(7, kStep);
    screen.time += 1;
    console.phase("rollout", 96, 128);
    EXPECT_LT(display_width(screen.last_bar()), std::max(width, 2)) << width;
    size_t start = 0;
    for (size_t end; (end = screen.lines.find('\n', start)) != std::string::npos; start = end + 1) {
      const int used = display_width(screen.lines.substr(start, end - start));
      EXPECT_LE(used, std::max(width, 24)) << width;  // a single number may be wider than an absurd terminal
    }
    for (const char* label : {"reward", "acc", "kl", "max_abs_diff", "lr", "tok/s", "s/step", "eta"}) {
      EXPECT_NE(screen.lines.find(label), std::string::npos) << "nothing may be lost: " << label;
    }
  }
}

TEST(Console, LinesNotesAndLogsNeverShareALineWithTheBar) {
  Screen screen;
  Console console(screen.options(/*terminal=*/true));
  console.start_stage("rl", 3, sft_columns());
  screen.both.clear();
  console.note("eval: \x1b[2Jmean@4 0.5");
  EXPECT_TRUE(
      screen.both.starts_with("\r\x1b[K"
                              "eval: ?[2Jmean@4 0.5\n\rrl "))
      << screen.both;
  screen.both.clear();
  testing::internal::CaptureStderr();
  log_warn("half of the completions are cut");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("half of the completions"), std::string::npos);
  EXPECT_TRUE(screen.both.starts_with("\r\x1b[K\rrl ")) << screen.both;
}

TEST(Console, LoggingAfterTheConsoleIsGoneWorks) {
  {
    Screen screen;
    Console console(screen.options(true));
  }
  testing::internal::CaptureStderr();
  log_warn("still here");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("still here"), std::string::npos);
}

TEST(Console, ColourMarksMismatchAndNaN) {
  Screen screen;
  ConsoleOptions options = screen.options(true);
  options.color = true;
  Console console(options);
  console.start_stage("rl", 3, grpo_columns(""));
  console.step(1, {{"kl", NAN}, {"rollout_corr/max_abs_diff", 1e-3}, {"entropy", 1.0}});
  EXPECT_NE(screen.lines.find("\x1b[31mnan\x1b[0m"), std::string::npos);
  EXPECT_NE(screen.lines.find("\x1b[31m0.001\x1b[0m"), std::string::npos);
  EXPECT_EQ(screen.lines.find("\x1b[31m1\x1b[0m"), std::string::npos);
}

TEST(Console, UnknownTotalsAndCallsOutsideAStage) {
  Screen screen;
  Console console(screen.options(true));
  console.phase("load", 1, 2);
  console.note("hello\nworld");
  console.finish();
  EXPECT_EQ(screen.lines, "hello\nworld\n");
  console.start_stage("", 0, sft_columns());
  console.step(5, {});
  EXPECT_NE(screen.lines.find("stage 5/?\n"), std::string::npos);
  EXPECT_EQ(screen.last_bar(), "stage step 5");
}

TEST(StepClock, PausesDoNotCountAndOutliersHardlyDo) {
  StepClock clock(0);
  double now = 0;
  EXPECT_FALSE(clock.seconds_left(now, 10).has_value());
  clock.step_done(now += 60);  // warm-up
  EXPECT_DOUBLE_EQ(*clock.seconds_left(now, 2), 120);
  for (int i = 0; i < 10; ++i) {
    clock.pause(now += 1);
    clock.pause(now += 100);
    clock.resume(now += 400);
    clock.step_done(now += i == 4 ? 900 : 9);
  }
  EXPECT_NEAR(*clock.seconds_per_step(), 10, 1e-9);
  EXPECT_NEAR(*clock.seconds_left(now + 4, 3), 26, 1e-9);
  EXPECT_NEAR(*clock.seconds_left(now + 400, 3), 20, 1e-9) << "an overdue step takes nothing off the others";
  clock.pause(now + 4);
  EXPECT_NEAR(*clock.seconds_left(now + 5000, 3), 26, 1e-9) << "time stands still during an evaluation";
  EXPECT_EQ(*clock.seconds_left(now, 0), 0);
}

TEST(TerminalText, NumbersAndDurations) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(-0.0), "0");
  EXPECT_EQ(short_number(0.123456), "0.1235");
  EXPECT_EQ(short_number(1.5e-5), "1.5e-05");
  EXPECT_EQ(short_number(123456.7), "123457");
  EXPECT_EQ(short_number(1.234e9), "1.23e+09");
  EXPECT_EQ(short_number(-INFINITY), "-inf");
  EXPECT_EQ(short_duration(59.4), "59s");
  EXPECT_EQ(short_duration(59.6), "1m00s");
  EXPECT_EQ(short_duration(3 * 3600 + 12 * 60), "3h12m");
  EXPECT_EQ(short_duration(2 * 86400 + 4 * 3600), "2d04h");
  EXPECT_EQ(short_duration(NAN), "?");
  EXPECT_EQ(short_duration(1e300), "?");
}

TEST(TerminalText, HostileTextLosesItsPowers) {
  EXPECT_EQ(printable("a\x1b[31mb\r\nc\xE2\x80\xAE"
                      "d\xFF\xC2\x9B"),
            "a?[31mb? c?d\xEF\xBF\xBD?");
  EXPECT_EQ(display_width("日本e\u0301"), 5);
  EXPECT_EQ(cut_to_width("日本語", 5), "日本");
}

}  // namespace
}  // namespace hone
