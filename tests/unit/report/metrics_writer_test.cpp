#include "report/metrics_writer.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/jsonl.h"
#include "report/event_file.h"
#include "unit/report/temporary_folder.h"

namespace hone {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> points(const std::filesystem::path& run) {
  std::vector<std::string> out;
  read_jsonl(run / "metrics.jsonl", [&](nlohmann::json line, int64_t) {
    out.push_back(line.at("stage").get<std::string>() + ' ' + std::to_string(line.at("step").get<int>()));
  });
  return out;
}

std::string newest_events(const std::filesystem::path& run) {
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    if (entry.path().filename().string().starts_with("events.")) newest = std::max(newest, entry.path());
  }
  return newest.empty() ? "" : read_file(newest);
}

void log_steps(MetricsWriter& writer, const std::string& stage, int64_t first, int64_t last) {
  for (int64_t step = first; step <= last; ++step)
    writer.log(stage, step, {{"reward", 0.1 * static_cast<double>(step)}});
}

TEST(MetricsWriter, LinesKeepOrderAndEveryDigitAndTurnNaNIntoNull) {
  TemporaryFolder run;
  MetricsWriter writer(run.path / "new" / "run");
  const double third = 1.0 / 3;
  writer.log("rl", 7, {{"reward", third}, {"kl", NAN}, {"a \"b\"", INFINITY}, {"loss", -0.0}, {"tiny", 5e-324}});
  const std::string text = read_file(run.path / "new" / "run" / "metrics.jsonl");  // on disk while the writer lives
  EXPECT_THAT(
      text, testing::MatchesRegex(R"re(\{"stage":"rl","step":7,"time":[0-9]+\.[0-9]{3},"reward":0\.3333333333333333,)re"
                                  R"re("kl":null,"a \\"b\\"":null,"loss":-0,"tiny":5e-324\}.)re"));
  EXPECT_EQ(parse_json(text, "line").at("reward").get<double>(), third);
}

TEST(MetricsWriter, ResumeDropsTheStagesLaterPointsOnly) {
  TemporaryFolder run;
  {
    MetricsWriter writer(run.path);
    log_steps(writer, "sft", 0, 4);
    log_steps(writer, "rl", 0, 5);
  }
  MetricsWriter writer(run.path);
  writer.resume("rl", 3);
  log_steps(writer, "rl", 4, 4);
  EXPECT_THAT(points(run.path),
              ElementsAre("sft 0", "sft 1", "sft 2", "sft 3", "sft 4", "rl 0", "rl 1", "rl 2", "rl 3", "rl 4"));
  writer.resume("rl", -1);
  EXPECT_THAT(points(run.path), ElementsAre("sft 0", "sft 1", "sft 2", "sft 3", "sft 4"));
  EXPECT_FALSE(std::filesystem::exists(run.path / "metrics.jsonl.tmp"));
}

TEST(MetricsWriter, ResumeTellsTensorBoardAndRepeatsWhatOtherStagesLose) {
  TemporaryFolder run;
  {
    MetricsWriter writer(run.path);
    log_steps(writer, "sft", 1, 6);
    log_steps(writer, "rl", 1, 5);
  }
  const std::string before = newest_events(run.path);
  {
    MetricsWriter writer(run.path);
    writer.resume("rl", 4);
  }
  const std::string after = newest_events(run.path);
  ASSERT_NE(before, after);
  const std::string restart = restart_event(0, 5).substr(9);  // without the time
  EXPECT_THAT(after, HasSubstr(restart));
  EXPECT_THAT(before, testing::Not(HasSubstr(restart)));
  for (int step = 1; step <= 6; ++step) {
    const std::string event = scalars_event(0, step, {{"sft/reward", 0.1 * step}}).substr(9);
    EXPECT_EQ(after.find(event) != std::string::npos, step >= 5) << step;
  }
  EXPECT_EQ(after.find("rl/reward"), std::string::npos);
}

TEST(MetricsWriter, ResumeOfAFreshRunDoesNothing) {
  TemporaryFolder run;
  MetricsWriter writer(run.path);
  writer.resume("sft", -1);
  EXPECT_EQ(newest_events(run.path), "");
  log_steps(writer, "sft", 1, 2);
  const std::string before = read_file(run.path / "metrics.jsonl");
  writer.resume("rl", -1);
  writer.resume("sft", 2);
  EXPECT_EQ(read_file(run.path / "metrics.jsonl"), before);
}

TEST(MetricsWriter, EveryPlaceAKillCanCutTheLastLineAt) {
  TemporaryFolder run;
  const std::filesystem::path path = run.path / "metrics.jsonl";
  {
    MetricsWriter writer(run.path);
    log_steps(writer, "rl", 1, 2);
  }
  const std::string whole = read_file(path);
  const size_t first = whole.find('\n') + 1;
  for (size_t size = first; size <= whole.size(); ++size) {
    write_file_atomic(path, whole.substr(0, size));
    MetricsWriter writer(run.path);
    writer.resume("rl", 2);
    log_steps(writer, "rl", 3, 3);
    const bool complete = size + 1 >= whole.size();  // only the newline is missing
    EXPECT_EQ(points(run.path).size(), complete ? 3u : 2u) << size;
  }
}

TEST(MetricsWriter, LinesThatAreNoMetricsAreDroppedAtResume) {
  TemporaryFolder run;
  const std::string good = "{\"stage\":\"rl\",\"step\":1,\"time\":1.0,\"reward\":1}\n";
  const std::string deep(100000, '[');
  write_file_atomic(run.path / "metrics.jsonl",
                    good + "\n[1]\n{\"step\":1}\nnot json\n\xFF\xFE\n" + deep + "\n" + good);
  MetricsWriter writer(run.path);
  testing::internal::CaptureStderr();
  writer.resume("rl", 1);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("dropped lines that are not metrics"));
  EXPECT_EQ(read_file(run.path / "metrics.jsonl"), good + good);
}

TEST(MetricsWriter, BadNamesAndPlaces) {
  TemporaryFolder run;
  MetricsWriter writer(run.path);
  EXPECT_THROW(writer.log("rl", 1, {{"step", 1}}), Error);
  EXPECT_THROW(writer.log("rl", 1, {{"kl", 1}, {"kl", 2}}), Error);
  EXPECT_THROW(writer.log("", 1, {{"kl", 1}}), Error);
  EXPECT_EQ(read_file(run.path / "metrics.jsonl"), "") << "nothing half-written";
  write_file_atomic(run.path / "file", "x");
  EXPECT_THROW(MetricsWriter(run.path / "file"), Error);
  EXPECT_THROW(MetricsWriter(run.path / "file" / "below"), Error);
}

TEST(MetricsWriter, TextPanelsAreFencedSoThatNoTextBecomesMarkup) {
  TemporaryFolder run;
  MetricsWriter writer(run.path);
  writer.log_text("rl", 3, "samples", "# title\n```\n<script>\xFF");
  EXPECT_THAT(newest_events(run.path), HasSubstr("    # title\n    ```\n    <script>\xEF\xBF\xBD"));
}

}  // namespace
}  // namespace hone
