#include "report/sample_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/jsonl.h"
#include "unit/report/temporary_folder.h"

namespace hone {
namespace {

std::vector<nlohmann::json> lines(const std::filesystem::path& path) {
  std::vector<nlohmann::json> out;
  read_jsonl(path, [&](nlohmann::json line, int64_t) { out.push_back(std::move(line)); });
  return out;
}

Group group(int64_t id, int samples) {
  Group g;
  g.prompt.id = id;
  g.prompt.ids = {1, 2, 3};
  g.prompt.text = "2 + 3 = ?";
  for (int i = 0; i < samples; ++i) {
    Sample sample;
    sample.ids = {5, 6};
    sample.text = "<answer>5</answer>\xFF";
    sample.finish = Finish::length;
    sample.reward = 1.5f;
    sample.scored = i != 1;
    sample.parts = {{"exact", 1.f}, {"format", 0.5f}};
    sample.why = "5 equals 5";
    g.samples.push_back(sample);
  }
  return g;
}

TEST(SampleWriter, TakesOneOfEachGroupInTurn) {
  TemporaryFolder run;
  const std::vector<Group> groups = {group(10, 3), group(11, 1), group(12, 2)};
  write_samples(run.path, "rl", 12, groups, 5);
  const auto records = lines(run.path / "samples" / "rl-000012.jsonl");
  ASSERT_EQ(records.size(), 5u);
  std::vector<std::pair<int, int>> order;
  for (const auto& record : records) order.emplace_back(record.at("prompt_id"), record.at("sample"));
  EXPECT_THAT(order, testing::ElementsAre(testing::Pair(10, 0), testing::Pair(11, 0), testing::Pair(12, 0),
                                          testing::Pair(10, 1), testing::Pair(12, 1)));
  EXPECT_EQ(records[0].dump(),
            R"({"completion":"<answer>5</answer>)"
            "\xEF\xBF\xBD"
            R"(","completion_length":2,"finish":"length","parts":{"exact":1.0,"format":0.5},"prompt":"2 + 3 = ?",)"
            R"("prompt_id":10,"prompt_length":3,"reward":1.5,"sample":0,"why":"5 equals 5"})");
  EXPECT_TRUE(records[3].at("reward").is_null()) << "unscorable";
}

TEST(SampleWriter, NothingToWrite) {
  TemporaryFolder run;
  write_samples(run.path, "rl", 1, std::vector<Group>{group(1, 2)}, 0);
  write_samples(run.path, "rl", 1, {}, 10);
  EXPECT_FALSE(std::filesystem::exists(run.path / "samples"));
}

TEST(SampleWriter, EvalRecordsKeepTheirOrder) {
  TemporaryFolder run;
  std::vector<EvalRecord> records(2);
  records[0] = {
      7, "1+1", "2", EvalCompletion{"two", 0.0, false, Finish::stop, 3}, {{"2", 1.0, true, Finish::context, 1}}};
  records[1].prompt_id = 3;
  write_eval_samples(run.path, "rl", 0, eval_sample_lines(records));
  const auto read = lines(run.path / "samples" / "rl-eval-000000.jsonl");
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].at("greedy").at("completion"), "two");
  EXPECT_EQ(read[0].at("samples").at(0).dump(),
            R"({"completion":"2","correct":true,"finish":"context","length":1,"reward":1.0})");
  EXPECT_EQ(read[1].at("prompt_id"), 3);
  EXPECT_TRUE(read[1].at("greedy").is_null());
}

TEST(SampleWriter, DropsLaterFilesOfThatStageOnly) {
  TemporaryFolder run;
  drop_samples_after(run.path, "rl", 3);  // no folder yet
  std::filesystem::create_directories(run.path / "samples");
  for (const char* name :
       {"rl-000003.jsonl", "rl-000004.jsonl", "rl-eval-000003.jsonl", "rl-eval-000010.jsonl", "rl-two-000009.jsonl",
        "sft-000009.jsonl", "rl-9.txt", "rl-.jsonl", "rl-0x9.jsonl", "rl-99999999999999999999.jsonl"}) {
    write_file_atomic(run.path / "samples" / name, "");
  }
  drop_samples_after(run.path, "rl", 3);
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(run.path / "samples")) {
    left.push_back(entry.path().filename());
  }
  EXPECT_THAT(left, testing::UnorderedElementsAre("rl-000003.jsonl", "rl-eval-000003.jsonl", "rl-two-000009.jsonl",
                                                  "sft-000009.jsonl", "rl-9.txt", "rl-.jsonl", "rl-0x9.jsonl",
                                                  "rl-99999999999999999999.jsonl"));
}

TEST(SampleWriter, StageNamesThatAreNoFileNames) {
  TemporaryFolder run;
  EXPECT_THROW(write_eval_samples(run.path, "../rl", 0, ""), Error);
  EXPECT_THROW(write_eval_samples(run.path, ".rl", 0, ""), Error);
}

}  // namespace
}  // namespace hone
