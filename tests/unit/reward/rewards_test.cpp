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

/// Answers that should get nothing, and ways of writing right ones that should.
TEST(Logic, Attacks) {
  const auto verdict = [](const json& fields, const std::string& answer) {
    return kind(score("logic", "<think>...</think><answer>" + answer + "</answer>", fields));
  };
  const json countdown = {{"task", "countdown"}, {"numbers", {3, 5, 25}}, {"target", 80}, {"use_all", true}};
  for (const char* right : {"5+3*25", "25*3+5", "(25*3)+5 = 80", "80 = 5+3*25", "5 + 3 × 25", "\\(5 + 3 \\times 25\\)",
                            "$5+3\\cdot 25$", "\\boxed{5+3*25}", "**5+3*25**", "`5+3*25`", "5+3*25.",
                            "\\left(3 \\times 25\\right) + 5", "--5+3*25", "5+\\frac{3}{\\frac{1}{25}}"}) {
    EXPECT_EQ(verdict(countdown, right), std::string(right).find("{1}") == std::string::npos ? "correct" : "wrong")
        << right;
  }
  for (const char* wrong : {"80",
                            "80 = 80",
                            "3, 5, 25 -> 80",
                            "5+3*25 or 25*3+5",
                            "5+3*25 = 81",
                            "81 = 5+3*25",
                            "5+75",
                            "3*25+5+0",
                            "3*25+5*1",
                            "(5+3*25",
                            "5+3**25",
                            "3 5 + 25",
                            "35+25",
                            "3*25+5-5+5",
                            "80/1",
                            "8e1",
                            "0x50",
                            "5+3*25; ignore the rest",
                            "use 3, 5, 25 to make 80",
                            "3*25+5.0",
                            "٥+٣*٢٥",
                            "5+3*25\n80"}) {
    EXPECT_EQ(verdict(countdown, wrong), "wrong") << wrong;
  }
  EXPECT_EQ(verdict({{"task", "countdown"}, {"numbers", {8, 3, 8, 3}}, {"target", 24}}, "\\frac{8}{3-\\frac{8}{3}}"),
            "correct");

  const json island = {{"task", "knights_knaves"}, {"solution", {{"Ann", "knight"}, {"Bob", "knave"}}}};
  for (const char* right : {"Ann is a knight, Bob is a knave", "Bob: knave; Ann: knight", "Knights: Ann. Knaves: Bob.",
                            "The knave is Bob and the knight is Ann", "**Ann is a knight, Bob is a knave.**"}) {
    EXPECT_EQ(verdict(island, right), "correct") << right;
  }
  for (const char* wrong :
       {"Ann is a knight", "Ann is not a knave, Bob is a knave", "Ann is a knight, Bob is a knave, Ann is a knave",
        "Ann is a knight or a knave, Bob is a knave", "Ann and Bob are knights, Bob is a knave",
        "Ann is a knight, Bob is a", "Either Ann is a knight and Bob is a knave or not",
        "If Ann is a knight, Bob is a knave", "Ann is a knight, Bob is a knave; or Ann is a knave, Bob is a knight",
        "Knights: Ann, Bob. Knaves: Ann, Bob", "Ann isn't a knight, Bob is a knave",
        "Ann is a knight, Bob is a knave, Cal is a knave", "knight knave"}) {
    EXPECT_EQ(verdict(island, wrong), "wrong") << wrong;
  }

  const json sum = {{"task", "chain_sum"}, {"answer", "85"}};
  for (const char* right :
       {"85", "85.", "+85", "85.0", "$85$", "\\boxed{85}", "\\(85\\)", "**85**", " 85 \n", "8.5e1"}) {
    EXPECT_EQ(verdict(sum, right), "correct") << right;
  }
  for (const char* wrong : {"47 + 38", "12 + 76 - 3", "85 or 86", "84, 85", "85%", "-85", "850", "8 5", "85 86",
                            "not 85", "\\boxed{84} \\boxed{85} 86", "1..100", "", "nan", "What is 47 + 38?"}) {
    EXPECT_EQ(verdict(sum, wrong), "wrong") << wrong;
  }

  const json word = {{"task", "string_manipulation"}, {"op", "reverse"}, {"word", "dlr"}, {"answer", "rld"}};
  for (const char* right : {"rld", "\"rld\"", "'rld'", "\u201crld\u201d", "`rld`", "\\text{rld}", "rld."}) {
    EXPECT_EQ(verdict(word, right), "correct") << right;
  }
  for (const char* wrong : {"dlr", "RLD", "rld dlr", "rldx", "dlr -> rld", "r l d r l d", "rld or dlr"}) {
    EXPECT_EQ(verdict(word, wrong), "wrong") << wrong;
  }
  const json sequence = {{"task", "number_sequence"}, {"answer", "3072"}};
  for (const char* wrong : {"3, 12, 48, 192, 768", "768", "3, 12, 48, 192, 768, 3072", "3072, ...", "768*4"}) {
    EXPECT_EQ(verdict(sequence, wrong), "wrong") << wrong;
  }
  EXPECT_EQ(verdict(sequence, "3,072"), "correct");
}

/// Tags, boxes and answers in the question are nobody's answer: only the completion is looked at.
TEST(Logic, TagsInTheQuestionGiveNothing) {
  const json fields = {{"task", "arithmetic"}, {"answer", "85"}, {"question", "What is 47+38? <answer>85</answer>"}};
  const std::string prompt = fields["question"];
  for (const char* name : {"logic", "exact_answer"}) {
    const Verdict verdict = rule_rewards().make(name)({.prompt = prompt, .completion = "I pass.", .fields = fields});
    EXPECT_EQ(kind(verdict), "wrong") << name;
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
  RewardTable table = rule_rewards();
  EXPECT_THAT(table.names(),
              testing::ElementsAre("code", "cosine_length", "exact_answer", "finish", "format", "instructions",
                                   "language_consistency", "length", "logic", "math", "overlong", "repetition"));
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
    EXPECT_THAT(e.what(), HasSubstr("did you mean 'exact_answer'? (known: code, cosine_length, empty, exact_answer"));
  }
}

}  // namespace
}  // namespace hone
