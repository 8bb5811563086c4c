#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hone/data.h"
#include "hone/error.h"
#include "reward_test_util.h"

namespace hone {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string fault(const std::string& completion, const json& options = json::object(), Finish finish = Finish::stop) {
  const Verdict verdict = score("format", completion, json::object(), options, finish);
  EXPECT_EQ(verdict.reward, verdict.verdict == VerdictKind::correct ? 1.f : 0.f);
  return verdict.why;
}

TEST(Format, EveryTagOnceAndInOrder) {
  EXPECT_EQ(fault("<think>a</think><answer>b</answer>"), "");
  EXPECT_EQ(fault(" \n<think>a</think>\n\n<answer>b</answer>\n"), "");
  EXPECT_EQ(fault(""), "<think> is missing");
  EXPECT_EQ(fault("<think>a<answer>b</answer>"), "</think> is missing");
  EXPECT_EQ(fault("<think>a</think><answer>b"), "</answer> is missing");
  EXPECT_EQ(fault("<think>a</think><think>a</think><answer>b</answer>"), "<think> occurs more than once");
  EXPECT_EQ(fault("<think>a</think><answer>b</answer></answer>"), "</answer> occurs more than once");
  EXPECT_EQ(fault("<answer>b</answer><think>a</think>"), "text before <think>");
  EXPECT_EQ(fault("<answer>b</answer><think>a</think>", {{"strict", false}}), "<answer> ... </answer> is out of order");
  EXPECT_EQ(fault("<think>a<answer>b</answer></think>"), "<answer> ... </answer> is out of order");
  EXPECT_EQ(fault("</think>a<think><answer>b</answer>"), "<think> ... </think> is out of order");
  EXPECT_EQ(fault("<THINK>a</THINK><answer>b</answer>"), "<think> is missing");
  EXPECT_EQ(fault("\xFF<think>\xFF</think><answer>\xFF</answer>"), "text before <think>");
  EXPECT_EQ(fault("<think>\xFF</think><answer>\xFF</answer>"), "");
}

TEST(Format, TextOutsideAndEmptyElements) {
  EXPECT_EQ(fault("Sure! <think>a</think><answer>b</answer>"), "text before <think>");
  EXPECT_EQ(fault("<think>a</think> so <answer>b</answer>"), "text before <answer>");
  EXPECT_EQ(fault("<think>a</think><answer>b</answer>."), "text after </answer>");
  EXPECT_EQ(fault("Sure! <think>a</think> so <answer>b</answer>.", {{"strict", false}}), "");
  EXPECT_EQ(fault("<think> </think><answer>b</answer>"), "<think> is empty");
  EXPECT_EQ(fault("<think>a</think><answer>\n</answer>"), "<answer> is empty");
  EXPECT_EQ(fault("<think></think><answer></answer>", {{"allow_empty", true}}), "");
}

TEST(Format, PrefixInThePromptAndStopString) {
  const json opened = {{"generation_prefix", "<think>\n"}};
  EXPECT_EQ(fault("a</think><answer>b</answer>", opened), "");
  EXPECT_EQ(fault("<think>a</think><answer>b</answer>", opened), "<think> occurs more than once");
  const json stopped = {{"stop_string", "</answer>"}};
  EXPECT_EQ(fault("<think>a</think><answer>b", stopped), "");
  EXPECT_EQ(fault("<think>a</think><answer>b</answer>", stopped), "");
  EXPECT_EQ(fault("<think>a</think><answer>b", stopped, Finish::length), "</answer> is missing");
}

TEST(Format, OtherTags) {
  EXPECT_EQ(fault("<think>a</think> b", {{"tags", {"think"}}, {"strict", false}}), "");
  EXPECT_THROW(fault("", {{"tags", {"<think>"}}}), Error);
  EXPECT_THROW(fault("", {{"tags", {"a", "a"}}}), Error);
  EXPECT_THROW(fault("", {{"tags", json::array()}}), Error);
  EXPECT_THROW(fault("", {{"tag", {"a"}}}), Error);
}

TEST(Length, CapAndRamp) {
  const auto length = [](int64_t tokens, const json& options) {
    return score("length", "", json::object(), options, Finish::stop, tokens).reward;
  };
  const json cap = {{"max", 100}};
  EXPECT_EQ(length(0, cap), 1.f);
  EXPECT_EQ(length(100, cap), 1.f);
  EXPECT_EQ(length(101, cap), 0.f);
  const json ramp = {{"max", 100}, {"ramp", 40}};
  EXPECT_EQ(length(60, ramp), 1.f);
  EXPECT_EQ(length(70, ramp), 0.75f);
  EXPECT_EQ(length(100, ramp), 0.f);
  EXPECT_EQ(length(101, ramp), 0.f);
  EXPECT_EQ(kind(score("length", "x", {}, cap)), "unscorable");  // token count unknown
  EXPECT_EQ(score("length", "Grüße", {}, {{"max", 5}, {"unit", "characters"}}).reward, 1.f);
  EXPECT_EQ(score("length", "\xFF\xFF\xFF", {}, {{"max", 2}, {"unit", "characters"}}).reward, 0.f);
  EXPECT_THROW(length(1, json::object()), Error);
  EXPECT_THROW(length(1, {{"max", 0}}), Error);
  EXPECT_THROW(length(1, {{"max", 5}, {"ramp", 6}}), Error);
}

/// DAPO's soft overlong penalty is this reward minus one: 0 up to Lmax - Lc, then ((Lmax - Lc) - n) / Lc, then -1.
TEST(Length, RampIsDaposOverlongPenaltyPlusOne) {
  const int64_t max = 20480, cache = 4096;
  for (int64_t n = 16000; n < 21000; n += 37) {
    const double dapo = n <= max - cache ? 0.0 : n > max ? -1.0 : static_cast<double>(max - cache - n) / cache;
    const float reward = score("length", "", {}, {{"max", max}, {"ramp", cache}}, Finish::stop, n).reward;
    EXPECT_NEAR(reward - 1.0, dapo, 1e-6) << n;
  }
}

TEST(Finish, CutOffIsWrong) {
  EXPECT_EQ(score("finish", "x").reward, 1.f);
  EXPECT_EQ(score("finish", "x", {}, {}, Finish::length).reward, 0.f);
  EXPECT_EQ(kind(score("finish", "x", {}, {}, Finish::context)), "wrong");
  EXPECT_THROW(score("finish", "x", {}, {{"max", 1}}), Error);
}

TEST(Logic, EveryTasksTargetIsCorrectAndItsQuestionIsNot) {
  for (const Task& task : builtin_tasks()) {
    for (const Record& record : make_task_records(task, {}, "train", 40, 11)) {
      const std::string& target = record.messages.back().content;
      EXPECT_EQ(kind(score("logic", target, record.fields)), "correct") << target;
      EXPECT_EQ(fault(target), "");
      const std::string question = record.fields["question"], answer = record.fields["answer"];
      EXPECT_EQ(kind(score("logic", "\\boxed{" + answer + "}", record.fields)), "correct") << answer;
      EXPECT_EQ(kind(score("logic", answer, record.fields)), "correct") << answer;
      for (const std::string& wrong :
           {question, "<answer>" + question + "</answer>", std::string(), target + "<answer>?</answer>"}) {
        EXPECT_EQ(kind(score("logic", wrong, record.fields)), "wrong") << wrong;
      }
    }
  }
}

TEST(Logic, RecordsOfNoTaskAreUnscorable) {
  EXPECT_EQ(kind(score("logic", "<answer>5</answer>", {{"answer", "5"}})), "unscorable");
  EXPECT_EQ(kind(score("logic", "", {{"task", "sudoku"}})), "unscorable");
  EXPECT_EQ(kind(score("logic", "5", {{"task", "arithmetic"}, {"answer", "?"}})), "unscorable");
  EXPECT_EQ(kind(score("logic", "5", json::array())), "unscorable");
  EXPECT_THROW(score("logic", "", {}, {{"extraction", "last_number"}}), Error);
}

TEST(RewardTable, NamesAreKnownOnce) {
  RewardTable table = builtin_rewards();
  EXPECT_THAT(table.names(), testing::ElementsAre("exact_answer", "finish", "format", "length", "logic", "math"));
  table.add("mine", [](const json&) { return [](const ScoreInput&) { return correct(); }; });
  EXPECT_EQ(table.make("mine")({.prompt = "", .completion = "", .fields = json()}).reward, 1.f);
  EXPECT_THROW(table.add("mine", [](const json&) -> RewardFunction { return {}; }), Error);
  EXPECT_THROW(table.add("none", nullptr), Error);
  table.add("empty", [](const json&) -> RewardFunction { return {}; });
  EXPECT_THROW(table.make("empty"), Error);
  try {
    table.make("exact_anwser");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::recipe);
    EXPECT_THAT(e.what(), HasSubstr("did you mean 'exact_answer'? (known: empty, exact_answer"));
  }
}

}  // namespace
}  // namespace hone
