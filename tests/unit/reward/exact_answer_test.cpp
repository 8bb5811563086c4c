#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hone/error.h"
#include "reward_test_util.h"

namespace hone {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string judge(const std::string& completion, const json& gold, const json& options = json::object(),
                  Finish finish = Finish::stop) {
  return kind(score("exact_answer", completion, {{"answer", gold}}, options, finish));
}

TEST(ExactAnswer, FindsTheAnswerWhereverItStands) {
  for (const char* completion :
       {"85", "<answer>85</answer>", "<think>1 + 2</think><answer> 85 </answer>", "so \\boxed{85}.", "#### 85\nand 3",
        "The answer is 85.", "47 + 38 = 85", "<answer>\\boxed{85}</answer>", "<answer>47+38=85</answer>",
        "<answer>85 apples</answer>", "<answer>$85</answer>", "<answer>$85$</answer>", "\\boxed{x = 85}"}) {
    EXPECT_EQ(judge(completion, "85"), "correct") << completion;
    EXPECT_EQ(judge(completion, 85), "correct") << completion;
    EXPECT_EQ(judge(completion, "86"), "wrong") << completion;
  }
}

TEST(ExactAnswer, NumbersAreComparedByValue) {
  for (const char* answer : {"1234", "1,234", "1234.0", "1.234e3", "$1,234.00", "+1234", "2468/2", "\\frac{2468}{2}"}) {
    EXPECT_EQ(judge("<answer>" + std::string(answer) + "</answer>", "1234"), "correct") << answer;
    EXPECT_EQ(judge("<answer>1234</answer>", answer), "correct") << answer;
  }
  EXPECT_EQ(judge("<answer>0.1</answer>", 0.1), "correct");
  EXPECT_EQ(judge("<answer>9007199254740993</answer>", "9007199254740992"), "wrong");  // equal as doubles
  EXPECT_EQ(judge("<answer>0.3333333333333333</answer>", "1/3"), "wrong");
  EXPECT_EQ(judge("<answer>-3</answer>", "3"), "wrong");
  EXPECT_EQ(judge("<answer>50%</answer>", "1/2"), "correct");
  EXPECT_EQ(judge("<answer>50%</answer>", "50"), "correct");
  EXPECT_EQ(judge("<answer>eighteen</answer>", "18"), "wrong");
}

TEST(ExactAnswer, AListOfGuessesIsNoAnswer) {
  for (const char* completion :
       {"<answer>84 85 86</answer>", "<answer>84 or 85</answer>", "\\boxed{84, 85}", "<answer>85, not 84</answer>"}) {
    EXPECT_EQ(judge(completion, "85"), "wrong") << completion;
  }
}

TEST(ExactAnswer, TheLastOfSeveralCounts) {
  EXPECT_EQ(judge("<answer>84</answer><answer>85</answer>", "85"), "correct");
  EXPECT_EQ(judge("<answer>85</answer><answer>84</answer>", "85"), "wrong");
  EXPECT_EQ(judge("\\boxed{84} \\boxed{85}", "85"), "correct");
  EXPECT_EQ(judge("\\boxed{85} \\boxed{84", "85"), "wrong");  // the last box is broken, the last number is 84
  EXPECT_EQ(judge("<answer>8<answer>85</answer></answer>", "85"), "correct");
}

TEST(ExactAnswer, ThinkingIsNoPlaceForTheAnswer) {
  EXPECT_EQ(judge("<think><answer>85</answer></think>", "85"), "wrong");
  EXPECT_EQ(judge("<think><answer>84</answer></think><answer>85</answer>", "85"), "correct");
  EXPECT_EQ(judge("<think>85", "85"), "correct");  // never closed: format sees to that
}

TEST(ExactAnswer, AStopStringIsNotPartOfTheText) {
  EXPECT_EQ(judge("<answer>85", "85", {{"extraction", "tag"}}, Finish::stop), "correct");
  EXPECT_EQ(judge("<answer>8", "8", {{"extraction", "tag"}}, Finish::length), "wrong");  // cut off inside a number
  EXPECT_EQ(judge("<answer>85</answer> <answer>8", "85", {{"extraction", "tag"}}, Finish::length), "correct");
}

TEST(ExactAnswer, ExtractionDoesOnlyWhatItSays) {
  EXPECT_EQ(judge("85", "85", {{"extraction", "tag"}}), "wrong");
  EXPECT_EQ(judge("<answer>85</answer>", "85", {{"extraction", "boxed"}}), "wrong");
  EXPECT_EQ(judge("<answer>85</answer> or 84", "84", {{"extraction", "last_number"}}), "correct");
  EXPECT_EQ(judge("It is 85", "85", {{"extraction", "whole"}}), "correct");
  EXPECT_EQ(judge("1 + 84 is 85", "85", {{"extraction", "whole"}}), "wrong");
}

TEST(ExactAnswer, Text) {
  EXPECT_EQ(judge("<answer>New york.</answer>", "New York"), "correct");
  EXPECT_EQ(judge("<answer>New york</answer>", "New York", {{"ignore_case", false}}), "wrong");
  EXPECT_EQ(judge("<answer>a b</answer>", "ab", {{"ignore_spaces", false}}), "wrong");
  EXPECT_EQ(judge("\\boxed{\\left(3,\\frac{\\pi}{2}\\right)}", "\\left( 3, \\frac{\\pi}{2} \\right)"), "correct");
  EXPECT_EQ(judge("<answer>\"yes\"</answer>", "yes"), "correct");
  EXPECT_EQ(judge("<answer>$\\boxed{x}$</answer>", "x"), "correct");
  EXPECT_EQ(judge("<answer>1234</answer>", "1,234", {{"compare", "text"}}), "wrong");
  EXPECT_EQ(judge("<answer>true</answer>", true), "correct");
}

TEST(ExactAnswer, GoldAnswers) {
  EXPECT_EQ(judge("18", "She earns 9 * 2 = $18.\n#### 18"), "correct");
  EXPECT_EQ(judge("<answer>two</answer>", {"2", "two"}), "correct");
  EXPECT_EQ(judge("<answer>2</answer>", {"2", "two"}), "correct");
  EXPECT_EQ(judge("<answer>3</answer>", {"2", "two"}), "wrong");
  for (const json& gold :
       {json(nullptr), json(""), json("  "), json("####"), json::object(), json::array(), json::array({1, nullptr})}) {
    EXPECT_EQ(judge("", gold), "unscorable") << gold;
    EXPECT_EQ(judge("5", gold), "unscorable") << gold;
  }
  EXPECT_EQ(kind(score("exact_answer", "5")), "unscorable");
  EXPECT_EQ(kind(score("exact_answer", "5", nullptr)), "unscorable");
  EXPECT_EQ(judge("5", "five", {{"compare", "number"}}), "unscorable");
  EXPECT_EQ(judge("5", "five", {{"extraction", "last_number"}}), "unscorable");
  EXPECT_EQ(kind(score("exact_answer", "5", {{"truth", 5}}, {{"field", "truth"}})), "correct");
}

TEST(ExactAnswer, EmptyAndBrokenCompletionsAreWrong) {
  for (const std::string& completion :
       {std::string(), std::string(" \n\t"), std::string("\xFF\xFE\xC0\x80"), std::string("\0\0", 2),
        std::string("<answer></answer>"), std::string("<answer>"), std::string("</answer>"),
        std::string("</answer><answer>"), std::string("\\boxed{}"), std::string("\\boxed{"), std::string("####"),
        std::string("</think>")}) {
    EXPECT_EQ(judge(completion, "85"), "wrong") << completion;
    EXPECT_EQ(judge(completion, "yes"), "wrong") << completion;
  }
  EXPECT_EQ(score("exact_answer", "\xFF", {{"answer", "a"}}).why, "answered '\xEF\xBF\xBD', expected 'a'");
}

TEST(AllRewards, MegabyteCompletionsTakeLinearTime) {
  const json fields = {{"answer", "85"}, {"task", "arithmetic"}};
  for (const char* piece : {"<answer>", "</answer>", "\\boxed{", "{", "}", "####", "1", "1,", "=", "<think>",
                            "</think>", "\\frac{", "-", "$ ", "\xFF"}) {
    std::string text;
    while (text.size() < 1'000'000) text += piece;
    const std::clock_t start = std::clock();
    for (const char* reward : {"exact_answer", "logic", "format"})
      EXPECT_NE(kind(score(reward, text, fields)), "correct");
    EXPECT_LT((std::clock() - start) / CLOCKS_PER_SEC, 60) << piece;  // CPU time; quadratic would be hours
  }
}

TEST(ExactAnswer, OptionsAreStrict) {
  EXPECT_THROW(score("exact_answer", "", {}, {{"extract", "tag"}}), Error);
  EXPECT_THROW(score("exact_answer", "", {}, {{"extraction", "regex"}}), Error);
  EXPECT_THROW(score("exact_answer", "", {}, {{"compare", 1}}), Error);
}

}  // namespace
}  // namespace hone
