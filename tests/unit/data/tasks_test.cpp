#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "base/text.h"
#include "data/tasks/expression.h"
#include "data/tasks/island.h"
#include "hone/data.h"
#include "hone/error.h"

namespace hone {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// Every task at easy, default and hard settings.
std::vector<std::pair<std::string, json>> settings() {
  return {
      {"arithmetic", json::object()},
      {"arithmetic", {{"digits", 1}}},
      {"arithmetic", {{"digits", 9}, {"ops", {"+", "-", "*"}}, {"allow_negative", true}}},
      {"arithmetic", {{"max", 999}, {"ops", {"*"}}, {"worked", "brief"}}},
      {"arithmetic", {{"digits", 3}, {"ops", {"-"}}, {"worked", "brief"}, {"allow_negative", true}}},
      {"arithmetic", {{"digits", 4}, {"worked", "direct"}}},
      {"chain_sum", json::object()},
      {"chain_sum", {{"min_terms", 2}, {"max_terms", 20}, {"digits", 5}, {"allow_negative", true}}},
      {"chain_sum", {{"ops", {"-"}}}},
      {"countdown", json::object()},
      {"countdown", {{"min_numbers", 2}, {"max_numbers", 8}, {"max", 100}, {"max_target", 1000}}},
      {"countdown", {{"min_numbers", 4}, {"max_numbers", 6}, {"use_all", false}}},
      {"knights_knaves", {{"min_people", 3}}},
      {"knights_knaves", {{"min_people", 4}, {"max_people", 8}}},
      {"string_manipulation", json::object()},
      {"string_manipulation", {{"min_length", 20}, {"max_length", 64}}},
      {"number_sequence", json::object()},
      {"number_sequence", {{"min_terms", 4}, {"max_terms", 12}, {"max_start", 10000}, {"max_step", 10000}}},
  };
}

std::vector<Record> make(const std::string& task, const json& options, const std::string& split = "train",
                         int64_t size = 60, int64_t seed = 0) {
  return make_task_records(find_task(task), options, split, size, seed);
}

std::string between(const std::string& text, const std::string& open, const std::string& close) {
  const size_t start = text.find(open) + open.size();
  return text.substr(start, text.find(close, start) - start);
}

TEST(Tasks, WorkedAnswerIsRightAtEveryDifficulty) {
  for (const auto& [task, options] : settings()) {
    for (const Record& record : make(task, options)) {
      const std::string& target = record.messages.at(1).content;
      EXPECT_TRUE(target.starts_with("<think>") && target.ends_with("</answer>"));
      const std::string answer = between(target, "<answer>", "</answer>");
      EXPECT_EQ(answer, record.fields["answer"]);
      EXPECT_TRUE(check_task_answer(record.fields, answer)) << task << ": " << target;
      EXPECT_TRUE(check_task_answer(record.fields, "\n " + answer + " ")) << target;
      EXPECT_EQ(record.source, task);
      EXPECT_EQ(record.fields["task"], task);
      EXPECT_THAT(record.messages[0].content, HasSubstr(record.fields["question"].get<std::string>()));
    }
  }
}

/// Every "a op b=c" of a chain of thought, computed by another road.
TEST(Tasks, EveryEquationOfAWorkedSolutionHolds) {
  int64_t equations = 0;
  for (const auto& [task, options] : settings()) {
    if (task == "knights_knaves" || task == "string_manipulation") continue;
    for (const Record& record : make(task, options)) {
      std::string worked = between(record.messages[1].content, "<think>", "</think>");
      if (const size_t head = worked.find(": "); head != std::string::npos) worked = worked.substr(head + 2);
      std::string step;
      for (const char c : worked + ",") {
        if (c != ',' && c != '.') {
          step += c;
          continue;
        }
        if (const size_t equal = step.find('='); equal != std::string::npos) {
          const auto left = parse_expression(step.substr(0, equal)), right = parse_expression(step.substr(equal + 1));
          ASSERT_TRUE(left && left->value && right && right->value) << step;
          EXPECT_TRUE(left->value->numerator == right->value->numerator) << step << " in " << worked;
          EXPECT_TRUE(left->value->denominator == 1 && right->value->denominator == 1) << step;
          ++equations;
        }
        step.clear();
      }
    }
  }
  EXPECT_GT(equations, 2000);
}

TEST(Tasks, PerturbedAnswersAreWrong) {
  for (const auto& [task, options] : settings()) {
    for (const Record& record : make(task, options, "test", 20)) {
      const std::string answer = record.fields["answer"];
      const std::string question = record.fields["question"];
      for (const std::string& wrong :
           {std::string(), std::string(" "), question, record.messages[1].content, answer + "7", answer + " 1",
            "not " + answer, std::string("0.5"), std::string(100'000, '('), std::string("\xFF\xFE\x00", 3)}) {
        EXPECT_FALSE(check_task_answer(record.fields, wrong))
            << task << ": " << wrong.substr(0, 80) << " for " << answer;
      }
    }
  }
}

TEST(Tasks, TheSeedDecidesEverything) {
  for (const auto& [task, options] : settings()) {
    const auto a = make(task, options, "train", 40, 7), b = make(task, options, "train", 40, 7);
    EXPECT_EQ(fingerprint(a), fingerprint(b));
    EXPECT_NE(fingerprint(a), fingerprint(make(task, options, "train", 40, 8)));
    const auto shorter = make(task, options, "train", 15, 7);
    for (size_t i = 0; i < shorter.size(); ++i) EXPECT_EQ(shorter[i].fields, a[i].fields);
  }
}

TEST(Tasks, TrainAndTestNeverMeetAndNothingRepeats) {
  for (const auto& [task, options] : settings()) {
    std::set<std::string> train, test;
    for (const int64_t seed : {0, 1, 2, 99}) {
      for (const int64_t size : {1, 15}) {
        std::set<std::string> here;
        for (const Record& r : make(task, options, "train", size, seed)) here.insert(r.fields["question"]);
        EXPECT_EQ(std::ssize(here), size);
        train.merge(here);
        here.clear();
        for (const Record& r : make(task, options, "test", size, seed)) here.insert(r.fields["question"]);
        EXPECT_EQ(std::ssize(here), size);
        test.merge(here);
      }
    }
    for (const std::string& question : test) EXPECT_FALSE(train.contains(question)) << question;
  }
}

TEST(Tasks, TheSameProblemInOtherWordsStaysOnItsSide) {
  // 47 + 38 and 38 + 47 are one problem: exhaust a small space and look.
  std::set<std::pair<std::string, std::string>> train;
  const auto operands = [](const Record& r) {
    const std::string question = r.fields["question"];
    const size_t plus = question.find(" + ");
    return std::pair(question.substr(8, plus - 8), question.substr(plus + 3, question.size() - plus - 4));
  };
  for (const Record& r : make("arithmetic", {{"digits", 1}}, "train", 70)) train.insert(operands(r));
  for (const Record& r : make("arithmetic", {{"digits", 1}}, "test", 10)) {
    const auto [a, b] = operands(r);
    EXPECT_FALSE(train.contains({a, b}) || train.contains({b, a}));
  }
}

std::string error_of(const std::string& task, const json& options, int64_t size = 10,
                     const std::string& split = "train") {
  try {
    make(task, options, split, size);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::recipe);
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    return e.what();
  }
  return "no error";
}

TEST(Tasks, ASpaceThatIsTooSmallSaysHowManyThereAre) {
  EXPECT_THAT(error_of("arithmetic", {{"digits", 1}}, 101),
              HasSubstr("size 101 asked of split train, but only 8"));  // of the 100 questions about four fifths
  EXPECT_THAT(error_of("arithmetic", {{"min", 3}, {"max", 3}}, 5, "test"), HasSubstr("only 0 different questions"));
}

TEST(Tasks, OptionsAreStrict) {
  EXPECT_THAT(error_of("arithmetic", {{"digit", 2}}), HasSubstr("unknown option 'digit'; did you mean 'digits'?"));
  EXPECT_THAT(error_of("arithmetic", {{"instrution", ""}}), HasSubstr("did you mean 'instruction'?"));
  EXPECT_THAT(error_of("arithmetic", {{"digits", 2}, {"max", 9}}), HasSubstr("either digits or min and max"));
  EXPECT_THAT(error_of("arithmetic", {{"min", 9}}), HasSubstr("min needs max"));
  EXPECT_THAT(error_of("arithmetic", {{"min", 9}, {"max", 3}}), HasSubstr("min 9 is above max 3"));
  EXPECT_THAT(error_of("arithmetic", {{"ops", {"/"}}}), HasSubstr("expected one of +, -, *"));
  EXPECT_THAT(error_of("arithmetic", {{"digits", 10}}), HasSubstr("in [1, 9]"));
  EXPECT_THAT(error_of("arithmetic", {{"instruction", 3}}), HasSubstr("instruction: expected text"));
  EXPECT_THAT(error_of("chain_sum", {{"min_terms", 4}}), HasSubstr("min_terms 4 is above max_terms 3"));
  EXPECT_THAT(error_of("chain_sum", {{"ops", {"-"}}, {"min", 5}, {"max", 5}}), HasSubstr("add '+' to ops"));
  EXPECT_THAT(error_of("countdown", {{"min", 1}, {"max", 1}, {"min_target", 900}, {"max_target", 999}}),
              HasSubstr("widen a range"));
  EXPECT_THAT(error_of("knights_knaves", {{"max_people", 9}}), HasSubstr("in [2, 8]"));
  EXPECT_THAT(error_of("string_manipulation", {{"ops", {"reverse"}}, {"min_length", 1}, {"max_length", 1}}),
              HasSubstr("raise max_length"));
  EXPECT_THAT(error_of("number_sequence", {{"kinds", {"prime"}}}), HasSubstr("kinds: expected one of"));
  EXPECT_THAT(error_of("arithmetic", json::object(), 0), HasSubstr("size must say"));
  EXPECT_THAT(error_of("arithmetic", {{"digits", 9}}, INT64_MAX), HasSubstr("1 to 10000000, got 9223372036854775807"));
  EXPECT_THAT(error_of("arithmetic", json::object(), 1, "dev"), HasSubstr("split must be train or test"));
  EXPECT_THROW(find_task("arithmetics"), Error);
}

TEST(Tasks, InstructionFollowsTheQuestion) {
  EXPECT_THAT(make("arithmetic", json::object())[0].messages[0].content, HasSubstr("?\nThink inside <think></think>"));
  EXPECT_TRUE(make("arithmetic", {{"instruction", ""}})[0].messages[0].content.ends_with("?"));
  EXPECT_TRUE(make("arithmetic", {{"instruction", "Be brief."}})[0].messages[0].content.ends_with("?\nBe brief."));
}

TEST(Tasks, BrokenFieldsAreErrorsNotVerdicts) {
  for (const char* fields :
       {"{}", "[]", "null", R"({"task": 3})", R"({"task": "sudoku", "answer": "1"})", R"({"task": "arithmetic"})",
        R"({"task": "arithmetic", "answer": "many"})", R"({"task": "countdown", "numbers": 3, "target": 3})",
        R"({"task": "countdown", "numbers": [1, "2"], "target": 3})", R"({"task": "knights_knaves", "solution": {}})",
        R"({"task": "knights_knaves", "solution": {"Ann": "king"}})",
        R"({"task": "string_manipulation", "op": "sort"})"}) {
    EXPECT_THROW(check_task_answer(json::parse(fields), "3"), Error) << fields;
  }
}

TEST(Arithmetic, AcceptsEveryWayToWriteTheNumber) {
  const json fields = {{"task", "arithmetic"}, {"answer", "1085"}};
  for (const char* right : {"1085", "1,085", "+1085", "1085.", "1085.0", " 1085\n"}) {
    EXPECT_TRUE(check_task_answer(fields, right)) << right;
  }
  for (const char* wrong : {"1084", "-1085", "1085%", "1085 1085", "85", "1000+85", "1085.01"}) {
    EXPECT_FALSE(check_task_answer(fields, wrong)) << wrong;
  }
}

TEST(Countdown, AcceptsEverySolutionAndNothingElse) {
  const json fields = {{"task", "countdown"}, {"numbers", {3, 5, 25}}, {"target", 80}, {"use_all", true}};
  for (const char* right : {"25*3+5", "5 + 3 * 25", "(25 x 3) + 5", "5+25×3 = 80", "25\\times 3+5", "((5)+(3*25))",
                            "-(-5-3*25)", "3*25--5", "5+3/(1/25)"}) {
    EXPECT_EQ(check_task_answer(fields, right), std::string(right) != "5+3/(1/25)") << right;
  }
  for (const char* wrong :
       {"80", "= 80", "25*3+5=81", "25*3", "25*3+5+0", "3+5+25", "25*3+5 or so", "75+5", "25*3+5=", "(25*3+5",
        "25*3)+5", "25**3+5", "25 3 5", "3/0", "25*(5-5)", "8.0e1", "35*25", "3*25+5=80=80"}) {
    EXPECT_FALSE(check_task_answer(fields, wrong)) << wrong;
  }
  const json fractions = {{"task", "countdown"}, {"numbers", {8, 3, 8, 3}}, {"target", 24}, {"use_all", true}};
  EXPECT_TRUE(check_task_answer(fractions, "8/(3-8/3)"));
  const json any = {{"task", "countdown"}, {"numbers", {3, 5, 25}}, {"target", 75}, {"use_all", false}};
  EXPECT_TRUE(check_task_answer(any, "25*3"));
  EXPECT_FALSE(check_task_answer(any, "25*(5-5+3)"));  // 5 twice
}

TEST(Expression, HostileTextIsRefusedQuickly) {
  EXPECT_FALSE(parse_expression(std::string(1'000'000, '(')).has_value());
  EXPECT_FALSE(parse_expression(std::string(900, '(') + "1").has_value());
  EXPECT_FALSE(parse_expression(std::string(900, '-') + "1").has_value());
  EXPECT_FALSE(parse_expression("1234567890123456789").has_value());
  std::string product = "9999999999";
  for (int i = 0; i < 20; ++i) product += "*9999999999";
  ASSERT_TRUE(parse_expression(product).has_value());
  EXPECT_FALSE(parse_expression(product)->value.has_value());  // past 128 bits, and said so
  EXPECT_FALSE(parse_expression("1/(2-2)")->value.has_value());
}

TEST(KnightsKnaves, EveryIslandHasOneSolutionAndAProofThatEndsInIt) {
  for (int people = 2; people <= kMaxIslanders; ++people) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      Rng rng(mix_key(seed, people));
      const Island island = draw_island(people, rng);
      const auto found = solutions(island);
      ASSERT_EQ(found.size(), 1u);
      // The last thing said about a person is final: it was either forced or the negation of a failed supposition.
      const std::string text = proof(island);
      for (int i = 0; i < people; ++i) {
        const std::string& name = island.names[static_cast<size_t>(i)];
        const size_t knight = text.rfind(name + " is a knight"), knave = text.rfind(name + " is a knave");
        const auto place = [](size_t at) { return at == std::string::npos ? int64_t{-1} : static_cast<int64_t>(at); };
        EXPECT_EQ(place(knight) > place(knave), (found[0] >> i & 1u) != 0) << name << ": " << text;
      }
    }
  }
}

TEST(KnightsKnaves, AcceptsTheWaysToSayIt) {
  const json fields = {{"task", "knights_knaves"},
                       {"solution", {{"Ann", "knight"}, {"Bob", "knave"}, {"Cal", "knight"}}}};
  for (const char* right :
       {"Ann is a knight, Bob is a knave, Cal is a knight", "Bob is a knave. Ann and Cal are knights.",
        "ann: knight\nbob: knave\ncal: knight", "Knights: Ann, Cal; knaves: Bob",
        "Ann is a knight and Bob is a knave and Cal is a Knight."}) {
    EXPECT_TRUE(check_task_answer(fields, right)) << right;
  }
  for (const char* wrong : {"Ann is a knight, Bob is a knave", "Ann is a knight, Bob is a knave, Cal is a knave",
                            "Ann is a knight or a knave, Bob is a knave, Cal is a knight",
                            "Ann is not a knight, Bob is a knave, Cal is a knight", "knight knave knight",
                            "Ann is a knight, Bob is a knave, Cal is a knight, Dan is a knave",
                            "Ann is a knight, Ann is a knave, Bob is a knave, Cal is a knight", "Ann, Bob, Cal",
                            "Zoe is a knight, Yan is a knave"}) {
    EXPECT_FALSE(check_task_answer(fields, wrong)) << wrong;
  }
  const json none = {{"task", "knights_knaves"}, {"solution", {{"Ann", "knave"}, {"Bob", "knave"}}}};
  EXPECT_TRUE(check_task_answer(none, "Knights: none. Knaves: Ann, Bob."));
}

TEST(StringManipulation, CaseAndLettersCount) {
  const json fields = {{"task", "string_manipulation"}, {"op", "reverse"}, {"word", "abc"}, {"answer", "cba"}};
  EXPECT_TRUE(check_task_answer(fields, "\"cba\""));
  EXPECT_FALSE(check_task_answer(fields, "CBA"));
  EXPECT_FALSE(check_task_answer(fields, "abc"));
  EXPECT_FALSE(check_task_answer(fields, "c b a"));
}

}  // namespace
}  // namespace hone
