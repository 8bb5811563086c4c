#include <gmock/gmock.h>

#include "code_test_util.h"
#include "hone/error.h"
#include "reward/code/test_builder.h"

namespace hone {
namespace {

using testing::HasSubstr;

constexpr const char* kGenerator = "import random\nrandom.seed(int(input()))\nprint(random.randint(-10**6, 10**6))";
constexpr const char* kRight = "print(abs(int(input())))";
constexpr const char* kWrong = "print(int(input()))";                                 // wrong below zero
constexpr const char* kSometimes = "n = int(input())\nprint(abs(n) + (n % 7 == 0))";  // wrong for one in seven

class TestBuilder : public NeedsSandbox {
 protected:
  static BuiltTests build(int right, int wrong, const char* bad = kWrong, const char* generator = kGenerator) {
    static Sandbox sandbox(code_sandbox());
    std::vector<Submission> submissions(static_cast<size_t>(right), {kRight});
    submissions.insert(submissions.end(), static_cast<size_t>(wrong), {bad});
    return build_tests(sandbox, generator, submissions, {.num_cases = 6, .min_cases = 5});
  }
};

TEST_F(TestBuilder, KeepsWhatNineOfTenAgreeOn) {
  const BuiltTests built = build(9, 1);
  EXPECT_TRUE(built.kept) << built.why;
  EXPECT_EQ(built.num_inputs, 6);
  ASSERT_EQ(built.tests.cases.size(), 6u);
  for (const auto& [input, output] : built.tests.cases) EXPECT_EQ(std::abs(std::stol(input)), std::stol(output));
  EXPECT_EQ(built.num_passed[0], 6);
  EXPECT_LT(built.num_passed[9], 6);
}

TEST_F(TestBuilder, DropsProblemsWhereEightPass) {
  const BuiltTests built = build(8, 2);
  EXPECT_FALSE(built.kept);
  EXPECT_EQ(built.why, "8 of 10 submissions pass every case, expected 9");
  EXPECT_EQ(built.tests.cases.size(), 6u);  // each case has at least seven votes
}

TEST_F(TestBuilder, CasesNeedSevenVotes) {
  const BuiltTests built = build(6, 4);
  EXPECT_FALSE(built.kept);
  EXPECT_THAT(built.why, HasSubstr("valid cases of 6 inputs"));
  for (const auto& [input, output] : built.tests.cases) EXPECT_GE(std::stol(input), 0);  // where all agree
}

TEST_F(TestBuilder, DisagreementOnSomeCasesOnly) {
  const BuiltTests built = build(6, 4, kSometimes);
  for (const auto& [input, output] : built.tests.cases) EXPECT_NE(std::stol(input) % 7, 0);
}

TEST_F(TestBuilder, GeneratorsThatFailOrRepeat) {
  EXPECT_THAT(build(2, 0, kWrong, "1 / 0").why, HasSubstr("0 valid cases of 0 inputs"));
  EXPECT_THAT(build(2, 0, kWrong, "print(5)").why, HasSubstr("1 valid cases of 1 inputs"));
  EXPECT_THROW(build(0, 0), Error);
}

}  // namespace
}  // namespace hone
