// Length, repetition and format rules beside those of rewards_test.cpp.
#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/jsonl.h"
#include "hone/error.h"
#include "reward_test_util.h"

namespace hone {
namespace {

using nlohmann::json;
using testing::HasSubstr;

struct Member {
  int64_t tokens;
  bool correct;
};

std::vector<Verdict> length_rewards(const std::vector<Member>& members, const json& options = json::object()) {
  std::vector<json> fields;
  std::vector<std::string> texts;
  for (const Member& m : members) {
    fields.push_back({{"correct", m.correct}});
    texts.push_back(std::string(static_cast<size_t>(m.tokens), 'x'));
  }
  std::vector<ScoreInput> group;
  for (size_t i = 0; i < members.size(); ++i) {
    group.push_back({.prompt = "", .completion = texts[i], .fields = fields[i], .num_tokens = members[i].tokens});
  }
  return rule_rewards().make_group("length", options)(group);
}

/// recipes: lambda = 0.5 - (len - min) / (max - min); correct gets lambda, wrong min(0, lambda).
TEST(LengthReward, IsTheFormulaOfK15) {
  const auto v = length_rewards({{100, true}, {200, true}, {300, true}, {100, false}, {250, false}, {300, false}});
  const float want[] = {0.5f, 0.f, -0.5f, 0.f, -0.25f, -0.5f};
  for (size_t i = 0; i < v.size(); ++i) EXPECT_FLOAT_EQ(v[i].reward, want[i]) << i;
  EXPECT_EQ(kind(v[2]), "correct");  // the verdict is the answer's
  EXPECT_EQ(kind(v[3]), "wrong");
}

TEST(LengthReward, Invariants) {
  for (const Verdict& v : length_rewards({{7, true}, {7, false}, {7, true}})) EXPECT_EQ(v.reward, 0.f);
  EXPECT_EQ(length_rewards({{7, true}})[0].reward, 0.f);
  for (int seed = 0; seed < 50; ++seed) {
    std::vector<Member> members;
    for (int i = 0; i < 8; ++i) members.push_back({1 + (seed * 37 + i * i * 101) % 500, (seed + i) % 3 != 0});
    const auto v = length_rewards(members);
    const auto same = length_rewards(members, {{"unit", "characters"}});
    for (size_t i = 0; i < v.size(); ++i) {
      EXPECT_GE(v[i].reward, -0.5f);
      EXPECT_LE(v[i].reward, members[i].correct ? 0.5f : 0.f);  // a wrong answer never gains
      EXPECT_EQ(v[i].reward, same[i].reward);
      for (size_t k = 0; k < v.size(); ++k) {  // with weight 1, any correct one beats any wrong one
        if (members[i].correct && !members[k].correct) {
          EXPECT_GE(1 + v[i].reward, 0 + v[k].reward);
        }
      }
    }
  }
}

TEST(LengthReward, WhatItCannotKnowIsUnscorable) {
  EXPECT_EQ(kind(score("length", "x", {{"correct", true}})), "unscorable");  // tokens unknown
  EXPECT_EQ(kind(score("length", "x", {{"correct", true}}, {{"unit", "characters"}})), "correct");
  EXPECT_EQ(kind(score("length", "x", {}, {{"unit", "characters"}})), "unscorable");
  EXPECT_EQ(kind(score("length", "x", {{"correct", "yes"}}, {{"unit", "characters"}})), "unscorable");
  EXPECT_THROW(score("length", "x", {}, {{"ramp", 5}}), Error);
  EXPECT_THROW(score("length", "x", {}, {{"max", 5}, {"correct_by", "math"}}), Error);
}

TEST(Overlong, EndPointsOfDaposRamp) {
  const auto overlong = [](int64_t n, const json& options = json::object()) {
    return score("overlong", "", {}, options, Finish::stop, n).reward;
  };
  EXPECT_EQ(overlong(0), 0.f);
  EXPECT_EQ(overlong(16384), 0.f);
  EXPECT_FLOAT_EQ(overlong(18432), -0.5f);
  EXPECT_FLOAT_EQ(overlong(20480), -1.f);
  EXPECT_EQ(overlong(20481), -1.f);
  EXPECT_EQ(overlong(5, {{"max", 5}, {"cache", 0}}), 0.f);
  EXPECT_EQ(overlong(6, {{"max", 5}, {"cache", 0}}), -1.f);
  EXPECT_EQ(kind(score("overlong", "x")), "unscorable");
  EXPECT_THROW(overlong(1, {{"max", 5}, {"cache", 6}}), Error);
}

TEST(CosineLength, HalfACosineFromShortToLong) {
  const auto cosine = [](bool right, int64_t n, const json& options = json::object()) {
    return score("cosine_length", "", {{"correct", right}}, options, Finish::stop, n).reward;
  };
  EXPECT_FLOAT_EQ(cosine(true, 0), 1.f);
  EXPECT_FLOAT_EQ(cosine(true, 500), 0.75f);
  EXPECT_FLOAT_EQ(cosine(true, 1000), 0.5f);
  EXPECT_FLOAT_EQ(cosine(true, 5000), 0.5f);  // it does not swing back
  EXPECT_FLOAT_EQ(cosine(false, 0), -1.f);
  EXPECT_FLOAT_EQ(cosine(false, 1000), -0.5f);
  EXPECT_FLOAT_EQ(cosine(false, 250), static_cast<float>(-0.5 - 0.25 * (1 + std::cos(std::numbers::pi / 4))));
  EXPECT_FLOAT_EQ(cosine(true, 1001, {{"exceed", -2}}), -2.f);
  EXPECT_EQ(kind(score("cosine_length", "x", {}, {}, Finish::stop, 3)), "unscorable");
  EXPECT_THROW(cosine(true, 1, {{"min_value_correct", 2}}), Error);
}

TEST(Repetition, CountsNgramsAsTrlDoes) {
  const auto repetition = [](const std::string& text, const json& options = json::object()) {
    return score("repetition", text, {}, options).reward;
  };
  EXPECT_EQ(repetition(""), 0.f);
  EXPECT_EQ(repetition("one two"), 0.f);
  EXPECT_EQ(repetition("one two three four five"), 0.f);
  // a b c a b c: abc bca cab abc: 3 of 4 differ.
  EXPECT_FLOAT_EQ(repetition("a b c A B C"), -0.25f);
  EXPECT_FLOAT_EQ(repetition("a b c a b c", {{"max_penalty", -2}}), -0.5f);
  EXPECT_FLOAT_EQ(repetition("a a a a", {{"ngram", 1}}), -0.75f);
  EXPECT_FLOAT_EQ(repetition("我们我们我们", {{"ngram", 2}}), -0.6f);  // 5 pairs, 2 kinds
}

TEST(Repetition, SeesATextThatEndsInALoop) {
  std::string looping = "Let me think about it. ";
  const size_t head = looping.size();
  for (int i = 0; i < 50; ++i) looping += "Wait-no-";
  const Verdict verdict = score("repetition", looping, {}, {{"ngram", 100}});
  EXPECT_NEAR(verdict.reward, -400.0 / static_cast<double>(head + 400), 0.01);
  EXPECT_EQ(kind(verdict), "wrong");
  EXPECT_GT(verdict.parts.at("loop"), 0.9f);
  EXPECT_EQ(score("repetition", "so so so", {}, {{"ngram", 50}}).reward, 0.f);  // a loop that short is speech
  EXPECT_EQ(score("repetition", std::string(1'000'000, 'a')).reward, -1.f);
  std::string dense;  // no two n-grams alike, no loop
  for (int i = 0; i < 150'000; ++i) dense += std::to_string(i) + " ";
  EXPECT_EQ(score("repetition", dense).reward, 0.f);
}

TEST(StyleGoldens, OverlongAndRepetitionEqualTrl) {
  int64_t lines = 0;
  read_jsonl(HONE_TEST_GOLDEN "/reward/trl.jsonl", [&](const json& line, int64_t) {
    const Verdict verdict = score(line["reward"], line["completion"], {}, line["options"], Finish::stop,
                                  line.value("num_tokens", int64_t{-1}));
    EXPECT_NEAR(verdict.reward, line["want"].get<double>(), 1e-6) << line;
    ++lines;
  });
  EXPECT_GE(lines, 90);
}

TEST(Format, AnOpeningTagInThePromptCounts) {
  const auto fault = [](const std::string& prompt, const std::string& completion,
                        const json& options = json::object()) {
    const json none = json::object();
    return rule_rewards().make("format", options)({.prompt = prompt, .completion = completion, .fields = none}).why;
  };
  const std::string rest = "a</think><answer>b</answer>";
  EXPECT_EQ(fault("<user>2+2?<assistant><think>\n", rest), "");
  EXPECT_EQ(fault("<user>2+2?<assistant>", rest), "<think> is missing");
  EXPECT_EQ(fault("<think>\n", "<think>" + rest), "<think> occurs more than once");
  EXPECT_EQ(fault("<think>", rest, {{"opened_by_prompt", false}}), "<think> is missing");
  EXPECT_EQ(fault("<think>\n", rest, {{"generation_prefix", "<think>\n"}}), "");
  EXPECT_EQ(fault("Write <think>x</think><answer>y</answer>.", ""), "<think> is missing");  // tags of the question
}

}  // namespace
}  // namespace hone
