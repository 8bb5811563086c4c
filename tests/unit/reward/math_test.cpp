#include <ctime>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/jsonl.h"
#include "hone/error.h"
#include "reward_test_util.h"

namespace hone {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string judge(const std::string& completion, const json& gold, const json& options = json::object(),
                  Finish finish = Finish::stop) {
  return kind(score("math", completion, {{"answer", gold}}, options, finish));
}

struct Pair {
  const char *gold, *answer;
};

void expect_all(const std::vector<Pair>& pairs, const std::string& verdict) {
  for (const auto& [gold, answer] : pairs) {
    EXPECT_EQ(judge("\\boxed{" + std::string(answer) + "}", gold), verdict) << gold << "  |  " << answer;
  }
}
void expect_same(const std::vector<Pair>& pairs) { expect_all(pairs, "correct"); }
void expect_different(const std::vector<Pair>& pairs) { expect_all(pairs, "wrong"); }

TEST(Math, Numbers) {
  expect_same({{"1234", "1,234"},
               {"1{,}234", "1234"},
               {"10,\\!080", "10080"},
               {"1\\,234", "1234.0"},
               {"1 234", "1234"},
               {"\\$32,\\!348", "32348"},
               {"\\$18.90", "18.9"},
               {"$5$", "5"},
               {"\\frac{3}{4}", "0.75"},
               {"3/4", "\\frac34"},
               {"\\frac{270}7", "270/7"},
               {"\\frac 59", "\\dfrac{5}{9}"},
               {"\\frac9{19}", "9 / 19"},
               {"1\\frac{4}{5}", "9/5"},
               {"137 \\frac{1}{2}", "137.5"},
               {"12 1/2", "\\frac{25}{2}"},
               {"-\\frac{35}{9}", "\\frac{35}{-9}"},
               {"1.5 \\times 10^{-3}", "0.0015"},
               {"1.5e-3", ".0015"},
               {"0.\\overline{3}", "1/3"},
               {"0.1\\overline{6}", "\\frac16"},
               {"50\\%", "0.5"},
               {"50\\%", "50"},
               {"0.15", "15 percent"},
               {"-5", "\u22125"},
               {"0.5", "½"},
               {"6", "+6.00"},
               {"3:2", "\\frac{3}{2}"},
               {"9007199254740993", "9007199254740993.0"}});
  expect_different({{"9007199254740993", "9007199254740992"},
                    {"1/3", "0.333333"},
                    {"\\frac{1}{3}", "0.3333333333333333"},
                    {"3.14", "\\pi"},
                    {"\\sqrt{2}", "1.41421356237"},
                    {"5", "5, 6"},
                    {"5", "-5"},
                    {"13", "3\\sqrt{13}"},
                    {"2\\frac{3}{2}", "3"},
                    {"10", "ten"},
                    {"0", "\\frac{0}{0}"}});
}

TEST(Math, UnitsAndDegrees) {
  expect_same({{"12", "12 inches"},
               {"12 \\text{ inches}", "12"},
               {"864 \\mbox{ inches}^2", "864"},
               {"5.4 \\text{ cents}", "5.4"},
               {"\\frac{270}7\\text{ degrees}", "\\frac{270}{7}^\\circ"},
               {"90^\\circ", "90°"},
               {"90^\\circ", "90"},
               {"5", "5 m"},
               {"60", "60 \\text{ miles per hour}"},
               {"100 \\text{ cm}", "1 \\text{ m}"},
               {"5^{\\text{th}}", "5"},
               {"\\sin 30^\\circ", "\\frac12"},
               {"20", "20^\\circ C"},
               {"1.5\\times10^{5} \\text{ J}", "150000"}});
  expect_different({{"5 \\text{ cm}", "5 \\text{ m}"}, {"90^\\circ", "\\frac{\\pi}{2}"}, {"5m", "5"}});
}

TEST(Math, RootsPowersAndConstants) {
  expect_same({{"3\\sqrt{13}", "\\sqrt{117}"},
               {"11\\sqrt2", "11 \\sqrt{2}"},
               {"\\frac{\\sqrt{3}}{3}", "\\frac{1}{\\sqrt{3}}"},
               {"\\sqrt{5+2\\sqrt6}", "\\sqrt2+\\sqrt3"},
               {"\\sqrt[3]{-8}", "-2"},
               {"\\sqrt[3]{16}", "2\\sqrt[3]{2}"},
               {"√13", "\\sqrt13"},
               {"2^{10}", "1024"},
               {"x^10", "x^{10}"},
               {"2^3^2", "512"},
               {"18+2\\pi", "2(9+π)"},
               {"e^{i\\pi}", "-1"},
               {"6+9i", "9i+6"},
               {"\\frac{1}{1+i}", "\\frac{1-i}{2}"},
               {"\\log_2 8", "3"},
               {"e^{2\\ln 3}", "9"},
               {"\\tan^{-1}(1)", "\\pi/4"},
               {"\\frac{\\sqrt{2}+\\sqrt{6}}{4}", "\\sin 75^\\circ"},
               {"\\binom{10}{3}", "\\frac{10!}{3!7!}"},
               {"\\lfloor 7/2 \\rfloor", "3"},
               {"\\frac{2007!}{2006!}", "2007"}});
  expect_different({{"6+9i", "6-9i"},
                    {"8\\pi", "8"},
                    {"2^{10}", "2^{11}"},
                    {"\\log 2", "\\ln 2"},
                    {"\\sqrt{2}+\\sqrt{3}", "\\sqrt{5}"}});
}

TEST(Math, Expressions) {
  expect_same({{"(a+5)(b+2)", "ab+2a+5b+10"},
               {"p - q", "-q+p"},
               {"\\frac{x^2-1}{x-1}", "x+1"},
               {"\\frac{11+9a}{20}", "\\frac{9a}{20}+0.55"},
               {"2^{n+1}", "2\\cdot 2^n"},
               {"\\cot x", "\\frac{\\cos x}{\\sin x}"},
               {"2\\cos^2 x - 1", "\\cos 2x"},
               {"\\ln(x^2)", "2\\ln x"},
               {"\\sqrt{x^2}", "|x|"},
               {"\\frac{n!}{(n-2)!}", "n(n-1)"},
               {"3R^2", "3r^2"},
               {"\\frac{x}{2}", "1/2 x"},
               {"\\frac{1}{2x}", "1/2x"},
               {"x_1+x_2", "x_{2}+x_{1}"},
               {"\\frac{4}{3}\\pi r^3", "\\frac{4 \\pi r^3}{3}"}});
  expect_different(
      {{"p - q", "q-p"}, {"2k", "2n"}, {"\\sqrt{x^2}", "x"}, {"x^2", "2x"}, {"\\sin x", "\\cos x"}, {"a+A", "2a"}});
}

TEST(Math, EquationsAndInequalities) {
  expect_same({{"x=5", "5"},
               {"5", "x=5"},
               {"f(x)=x+1", "x+1"},
               {"y = 2x + 3", "2x - y + 3 = 0"},
               {"5x - 7y + 11z + 4 = 0", "-10x+14y=22z+8"},
               {"x>2", "2<x"},
               {"2x>4", "x>2"},
               {"-2<x<3", "x>-2 \\text{ and } x<3"},
               {"5", "2+3=5"},
               {"x \\equiv 3 \\pmod 7", "3 \\pmod{7}"},
               {"5", "\\text{Area} = 5"},
               {"y=\\frac{1}{x}", "xy=1"},
               {"f^{-1}(x) = \\frac{x-1}{2}", "\\frac{x-1}{2}"},
               {"|x| < 2", "(-2,2)"}});
  expect_different({{"x=5", "y=5"}, {"y=2x+3", "y=2x+4"}, {"x>2", "x \\ge 2"}, {"x>2", "x<2"}, {"-x>2", "x>2"}});
}

TEST(Math, IntervalsAndSets) {
  expect_same({{"(2,\\infty)", "x>2"},
               {"x \\in [-2,7]", "[-2, 7]"},
               {"x \\in [-2,7]", "-2 \\le x \\le 7"},
               {"(-\\infty,0]", "[-\\infty,0]"},
               {"(-\\infty, 2) \\cup (3, \\infty)", "(3,\\infty) \\cup (-\\infty,2)"},
               {"x<2 \\text{ or } x>3", "(-\\infty, 2) \\cup (3, \\infty)"},
               {"(2,12) \\cup (12,102)", "(2,102) \\setminus \\{12\\}"},
               {"\\mathbb{R} \\setminus \\{0\\}", "(-\\infty,0)\\cup(0,\\infty)"},
               {"x \\ne 0", "\\mathbb{R} - \\{0\\}"},
               {"1,-2", "-2, 1"},
               {"\\{1,2,3\\}", "3,2,1"},
               {"1,2", "x=1 \\text{ or } x=2"},
               {"3,5,7", "3 \\text{ and } 5 \\text{ and } 7"},
               {"\\{1\\pm\\sqrt{5},-2\\}", "-2, 1+\\sqrt5, 1-\\sqrt5"},
               {"\\emptyset", "\\{\\}"},
               {"1 \\pm \\sqrt{19}", "x = 1 + \\sqrt{19}, x = 1 - \\sqrt{19}"},
               {"\\pm 2", "2, -2"}});
  expect_different({{"(3,4]", "[3,4]"},
                    {"(3,4]", "(3,4)"},
                    {"[1,2]", "1,2"},
                    {"1,-2", "1,2"},
                    {"3, 5, 7", "3,5"},
                    {"3,5", "3,5,7"},
                    {"1 \\pm \\sqrt{19}", "1 + \\sqrt{19}"},
                    {"(0,9) \\cup (9,36)", "(0,36)"}});
}

TEST(Math, TuplesAndMatrices) {
  expect_same(
      {{"\\left( 3, \\frac{\\pi}{2} \\right)", "(3,\\pi/2)"},
       {"(15,-29)", "(15, -29)"},
       {"\\langle 1,2\\rangle", "(1,2)"},
       {"\\begin{pmatrix} 1 & 0 \\\\ 0 & 1 \\end{pmatrix}", "[[1,0],[0,1]]"},
       {"(1,2),(3,4)", "(3,4) \\text{ and } (1,2)"},
       {"x=1, y=2", "(1,2)"},
       {"(2,100)", "(2, 100)"},
       {"1:2:3", "2:4:6"},
       {"\\begin{pmatrix} 1/5 \\\\ -18/5 \\end{pmatrix}", "\\begin{bmatrix}0.2\\\\-3.6\\end{bmatrix}"},
       {"\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "\\left[\\begin{array}{cc}1&2\\\\3&4\\end{array}\\right]"},
       {"\\frac{1}{7}\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}1/7\\\\2/7\\end{pmatrix}"},
       {"\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "(1,2)"}});
  expect_different(
      {{"(1,2)", "(2,1)"},
       {"(1,2)", "(1,2,3)"},
       {"(1,2)", "2,1"},
       {"(2,100)", "2100"},
       {"(8,-2)", "(8,-2]"},
       {"\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "\\begin{pmatrix} 1 & 2 \\end{pmatrix}"},
       {"\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "\\begin{pmatrix} 1 & 3 \\\\ 2 & 4 \\end{pmatrix}"}});
}

TEST(Math, NumbersInOtherBases) {
  expect_same({{"52_8", "52_{8}"}, {"52_8", "52"}, {"4210_{5}", "4210_{\\text{five}}"}, {"52_8", "42_{10}"}});
  expect_different({{"52_8", "42"}, {"52_8", "52_9"}});
}

TEST(Math, WordsAndOptions) {
  expect_same({{"\\text{Evelyn}", "Evelyn"},
               {"Evelyn", "\\textbf{evelyn}."},
               {"\\text{(C)}", "C"},
               {"C", "(C)"},
               {"C", "\\text{C}."},
               {"(C)", "(C) 42"},
               {"A", "\\text{option A}"},
               {"yes", "Yes"},
               {"\\text{no solution}", "No solution"},
               {"True", "true"}});
  expect_different({{"\\text{Evelyn}", "Angela"}, {"\\text{(C)}", "(D)"}, {"yes", "no"}, {"C", "CD"}});
  EXPECT_EQ(judge("<answer>true</answer>", true), "correct");
}

TEST(Math, NotationWithFlaws) {
  expect_same({{"\\frac{1}{2}", "\\frac{1}{2"},
               {"\\frac{1}{2}", "\\\\frac{1}{2}"},
               {"\\frac{1}{2}", "$\\frac{1}{2}$."},
               {"5", "5."},
               {"5", "\\!5\\,"},
               {"5", "**5**"},
               {"x", "\\mathbf{x}"},
               {"\\frac{1}{2}", "frac{1}{2}"},
               {"\\pi", "\\mathrm{\\pi}"},
               {"5", "\\text{5}"},
               {"\\frac{1}{2}", "{1 \\over 2}"},
               {"x+1", "\\displaystyle x + 1"}});
}

TEST(Math, FindsTheAnswer) {
  for (const char* completion :
       {"\\boxed{\\frac12}", "1/2", "0.5", "<answer>1/2</answer>", "<answer>The answer is $\\frac{1}{2}$.</answer>",
        "<answer>\\boxed{0.5}</answer>", "So it is 1/3?\n#### 1/2", "The answer is 1/2.", "**Answer:** $\\dfrac{1}{2}$",
        "Final answer: 0.5", "The final answer to the question is: \\(\\frac{1}{2}\\). Done.",
        "Answer:\n\n\\[\\frac{1}{2}\\]", "The chance is \\(\\frac{1}{2}\\).", "1 - 1/2 = 1/2",
        "<think>\\boxed{3}</think>\\boxed{1/2}", "\\boxed{3} no, \\boxed{\\tfrac{1}{2}}", "Thus $x = \\frac{1}{2}$.",
        "\\fbox{1/2}"}) {
    EXPECT_EQ(judge(completion, "\\frac{1}{2}"), "correct") << completion;
    EXPECT_EQ(judge(completion, "\\frac{1}{4}"), "wrong") << completion;
  }
  EXPECT_EQ(judge("\\boxed{1} and \\boxed{-2}", "1,-2"), "correct");
  EXPECT_EQ(judge("The answer is (B).", "\\text{(B)}"), "correct");
  EXPECT_EQ(judge("She makes $18 a day and $24 a week", "24"), "correct");
  EXPECT_EQ(judge("x is $3\\sqrt{13}$", "13"), "wrong");
  EXPECT_EQ(judge("So $x+1$", "1+x"), "correct");
  EXPECT_EQ(judge("The point is (3,4).", "(3,4)"), "correct");
  EXPECT_EQ(judge("The reception is 100.\nA: 50", "50"), "correct");
  EXPECT_EQ(judge("It is Thursday.", "\\text{Thursday}"), "correct");
  EXPECT_EQ(judge("The correct option is B", "B"), "correct");
  EXPECT_EQ(judge("\\boxed{84} or \\boxed{85}", "85"), "wrong");      // a list of guesses
  EXPECT_EQ(judge("<answer>8", "8", {}, Finish::length), "correct");  // no closed tag: the last number
  EXPECT_EQ(judge("<answer>8", "8", {{"extraction", "tag"}}, Finish::length), "wrong");
}

TEST(Math, ExtractionDoesOnlyWhatItSays) {
  EXPECT_EQ(judge("\\boxed{5}", "5", {{"extraction", "tag"}}), "wrong");
  EXPECT_EQ(judge("<answer>5</answer>", "5", {{"extraction", "boxed"}}), "wrong");
  EXPECT_EQ(judge("The answer is 5. Or 6.", "5", {{"extraction", "phrase"}}), "correct");
  EXPECT_EQ(judge("The answer is 5. Or 6.", "6", {{"extraction", "last_number"}}), "correct");
  EXPECT_EQ(judge("\\frac{10}{2}", "5", {{"extraction", "whole"}}), "correct");
}

TEST(Math, Tolerance) {
  EXPECT_EQ(judge("\\boxed{0.333}", "1/3", {{"tolerance", 0.01}}), "correct");
  EXPECT_EQ(judge("\\boxed{\\pi}", "3.14", {{"tolerance", 0.001}}), "correct");
  EXPECT_EQ(judge("\\boxed{3.2}", "\\pi", {{"tolerance", 0.001}}), "wrong");
  EXPECT_EQ(judge("\\boxed{100}", "101", {{"tolerance", 0.1}}), "wrong");  // no decimal on either side
}

TEST(Math, GoldAnswers) {
  EXPECT_EQ(judge("\\boxed{0.5}", {"1/3", "1/2"}), "correct");
  EXPECT_EQ(judge("\\boxed{0.4}", {"1/3", "1/2"}), "wrong");
  EXPECT_EQ(judge("18", "She earns $18.\n#### 18"), "correct");
  EXPECT_EQ(judge("\\boxed{5}", 5), "correct");
  EXPECT_EQ(judge("\\boxed{5}", "so \\boxed{5}"), "correct");
  EXPECT_EQ(kind(score("math", "5", {{"truth", 5}}, {{"field", "truth"}})), "correct");
  for (const json& gold : {json(nullptr), json(""), json("  "), json::object(), json::array(),
                           json::array({1, nullptr}), json("\\frac{1}{"), json("???"), json("{{{"), json("\\sqrt{"),
                           json("x +"), json("\\unknown{5}"), json("\\frac{1}{0}")}) {
    EXPECT_EQ(judge("\\boxed{5}", gold), "unscorable") << dump_json(gold);
    EXPECT_EQ(judge("", gold), "unscorable") << dump_json(gold);
  }
  EXPECT_THAT(score("math", "5", {{"answer", "\xFF\xFE"}}).why, HasSubstr("not UTF-8"));
  EXPECT_THAT(score("math", "5", {{"answer", "???"}}).why, HasSubstr("neither mathematics nor words"));
}

TEST(Math, EmptyAndBrokenCompletionsAreWrong) {
  for (const std::string& completion :
       {std::string(), std::string(" \n\t"), std::string("\xFF\xFE\xC0\x80"), std::string("\0\0", 2),
        std::string("<answer></answer>"), std::string("\\boxed{}"), std::string("\\boxed{"), std::string("\\"),
        std::string("</think>"), std::string("$$")}) {
    EXPECT_EQ(judge(completion, "85"), "wrong") << completion;
    EXPECT_EQ(judge(completion, "yes"), "wrong") << completion;
  }
}

/// CPU seconds of one call on hostile input; generous, since machines differ.
TEST(Math, HostileAnswersCostLittle) {
  const auto repeat = [](const std::string& piece, size_t bytes) {
    std::string out;
    while (out.size() < bytes) out += piece;
    return out;
  };
  std::vector<std::string> answers = {"9^9^9^9",
                                      "9^{9^{9^{9^9}}}",
                                      "(a+b+c+d+e+f+g+h)^{99}",
                                      "1e999999999",
                                      "999999999!",
                                      "((2^{99999})!)!",
                                      "\\binom{99999999}{4999999}",
                                      "\\sqrt[99999999]{2}",
                                      "\\sin(10^{10^{10}})",
                                      "2^{2^{2^{2^{2^x}}}}"};
  for (const char* piece : {"(",
                            "{",
                            "\\frac{",
                            "\\sqrt{",
                            "-",
                            "x^",
                            "1+",
                            "|",
                            "!",
                            "\\text{",
                            "\\begin{pmatrix}",
                            "1,",
                            "\\pm 1",
                            "(x+1)",
                            "\\{",
                            "\\sqrt1,234\xC3\xA9",
                            "[1,2]\\cup",
                            "1/2x",
                            "\\sin ",
                            "\\boxed{}",
                            "\\boxed{",
                            "the answer is. ",
                            "$x$ "}) {
    answers.push_back(repeat(piece, 4000));
    answers.push_back(repeat(piece, 1'000'000));
  }
  for (const std::string& answer : answers) {
    for (const char* gold : {"5", "1 \\pm \\sqrt{19}", "\\cot x"}) {
      const std::clock_t start = std::clock();
      EXPECT_EQ(judge("\\boxed{" + answer + "}", gold), "wrong") << answer.substr(0, 40);
      EXPECT_EQ(judge(answer, gold), "wrong") << answer.substr(0, 40);
      EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 5) << answer.substr(0, 40);
    }
  }
  EXPECT_EQ(judge("\\boxed{9^9^9^9}", "9^{9^{9^9}}"), "correct");
}

TEST(Math, OptionsAreStrict) {
  EXPECT_THROW(score("math", "", {}, {{"extract", "tag"}}), Error);
  EXPECT_THROW(score("math", "", {}, {{"extraction", "regex"}}), Error);
  EXPECT_THROW(score("math", "", {}, {{"tolerance", -1}}), Error);
}

std::string golden(const std::string& name) { return HONE_TEST_GOLDEN "/reward/" + name; }

/// MATH-500 gold answers against rewritten and perturbed variants. math_disagreements.jsonl names every pair where hone
/// and math-verify differ, and who is right.
TEST(MathGolden, AgreesWithMathVerify) {
  std::set<std::pair<std::string, std::string>> known, found;
  read_jsonl(golden("math_disagreements.jsonl"),
             [&](const json& row, int64_t) { known.emplace(row["gold"], row["answer"]); });
  int64_t pairs = 0, as_built = 0;
  read_jsonl(golden("math_variants.jsonl"), [&](const json& row, int64_t) {
    const std::string answer = row[1];
    const Verdict verdict = score("math", "The answer is $\\boxed{" + answer + "}$.", {{"answer", row[0]}});
    ++pairs;
    as_built += (verdict.verdict == VerdictKind::correct) == (row[2] == 1);
    EXPECT_NE(verdict.verdict, VerdictKind::unscorable) << row;
    if ((verdict.verdict == VerdictKind::correct) != (row[3] == 1)) found.emplace(row[0], answer);
  });
  EXPECT_EQ(found, known);
  EXPECT_GT(pairs, 4000);
  EXPECT_LE(std::ssize(found), pairs / 100);
  EXPECT_GE(as_built, pairs * 999 / 1000);
}

}  // namespace
}  // namespace hone
