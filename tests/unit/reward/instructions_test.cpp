#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/jsonl.h"
#include "hone/error.h"
#include "reward/instruction_checks.h"
#include "reward_test_util.h"

namespace hone {
namespace {

using nlohmann::json;
using testing::HasSubstr;

bool follows(const std::string& text, const std::string& type, json args = json::object()) {
  return check_instruction(text, type, args).followed;
}

struct Case {
  const char* type;
  json args;
  std::vector<std::string> yes, no;
};

TEST(Instructions, EveryTypeTellsRightFromWrong) {
  const std::vector<Case> cases = {
      {"words", {{"value", 3}}, {"one two three", "one, two - three!"}, {"one two", ""}},
      {"min_words", {{"value", 2}}, {"a b", "a b c", "你好"}, {"a"}},
      {"max_words", {{"value", 2}}, {"a b", "a"}, {"a b c"}},
      {"sentences",
       {{"value", 2}},
       {"One. Two!", "Dr. No came. He left.", "一。二。"},
       {"One.", "Hi... there. You. Me."}},
      {"sentences", {{"value", 2}}, {"Pi is 3.14. Fine.", "He saw e.g. apples. Good."}, {"3.14"}},
      {"min_paragraphs", {{"value", 2}}, {"a\n\nb", "a\n \n\nb\nc"}, {"a\nb"}},
      {"bullets", {{"value", 2}}, {"* a\n* b", "x\n- a\n  - b"}, {"* a", "** a\n** b"}},
      {"keywords", {{"value", {"Sun", "moon"}}}, {"the sun and the MOON"}, {"the sun"}},
      {"forbidden_words", {{"value", {"bad"}}}, {"badly said", "good"}, {"BAD!", "so bad"}},
      {"keyword_count", {{"keyword", "ha"}, {"value", 3}}, {"haHAha"}, {"haha"}},
      {"keyword_count", {{"keyword", "ha"}, {"min", 2}, {"max", 3}}, {"haha"}, {"ha", "hahahaha"}},
      {"letter_count", {{"letter", "a"}, {"min", 2}}, {"banana"}, {"bat"}},
      {"capital_words", {{"max", 1}}, {"NASA flew"}, {"NASA AND ESA"}},
      {"placeholders", {{"value", 2}}, {"[name] at [place]"}, {"[name]", "[open"}},
      {"highlights", {{"value", 2}}, {"*a* and **b**"}, {"*a*", "* a\n* b"}},
      {"sections", {{"name", "Section"}, {"value", 2}}, {"Section 1\nx\nSection 2\ny"}, {"Section 1"}},
      {"json", json::object(), {"{\"a\": [1]}", "```json\n[1]\n```"}, {"{a: 1}", "here: {}", "{} {}"}},
      {"title", json::object(), {"<<Poem>>\nx"}, {"<<>>", "< <a>>", "Poem"}},
      {"one_of", {{"value", {"yes", "no"}}}, {"I say yes"}, {"maybe"}},
      {"two_responses", json::object(), {"a ****** b"}, {"a", "a ****** a", "a****** ******b"}},
      {"starts_with", {{"value", "Dear "}}, {" dear Bob"}, {"Hi, dear"}},
      {"ends_with", {{"value", "The end."}}, {"so. The END.\n", "\"x the end.\""}, {"The end. Not."}},
      {"quotation", json::object(), {"\"a\""}, {"a", "\""}},
      {"postscript", {{"value", "P.S."}}, {"bye\nP.S. one more", "p. s. x"}, {"bye"}},
      {"language", {{"value", "de"}}, {"Das ist ein kurzer deutscher Satz."}, {"This is a short English sentence."}},
      {"uppercase", json::object(), {"ALL OF IT 1!"}, {"All", "123"}},
      {"lowercase", json::object(), {"all of it, é"}, {"All", "123"}},
      {"no_comma", json::object(), {"a b"}, {"a, b"}},
      {"nth_paragraph_first_word",
       {{"num_paragraphs", 2}, {"nth_paragraph", 2}, {"first_word", "Then"}},
       {"a\n\nthen, b", "a\n\n\"Then\" b"},
       {"a\n\nb", "then"}},
  };
  for (const Case& c : cases) {
    for (const std::string& text : c.yes) EXPECT_TRUE(follows(text, c.type, c.args)) << c.type << ": " << text;
    for (const std::string& text : c.no) EXPECT_FALSE(follows(text, c.type, c.args)) << c.type << ": " << text;
    EXPECT_FALSE(follows("", c.type, c.args)) << c.type;
    follows("\xFF\xC0\x80*[{\"", c.type, c.args);  // any bytes
  }
}

TEST(Instructions, IfEvalsIdsAndArguments) {
  EXPECT_TRUE(follows("a b c", "length_constraints:number_words", {{"num_words", 3}, {"relation", "at least"}}));
  EXPECT_FALSE(follows("a b c", "length_constraints:number_words", {{"num_words", 3}, {"relation", "less than"}}));
  EXPECT_TRUE(follows("a *** b", "length_constraints:number_paragraphs", {{"num_paragraphs", 2}}));
  EXPECT_FALSE(follows("a\n\nb", "length_constraints:number_paragraphs", {{"num_paragraphs", 2}}));
  EXPECT_TRUE(follows("so so", "keywords:frequency", {{"keyword", "so"}, {"frequency", 2}, {"relation", "at least"}}));
  EXPECT_TRUE(follows("My answer is no.", "detectable_format:constrained_response"));
  EXPECT_TRUE(follows("[a] [b] [c]", "detectable_content:number_placeholders", {{"num_placeholders", 2}}));
  EXPECT_TRUE(follows("Say it. I say.", "combination:repeat_prompt", {{"prompt_to_repeat", "say it."}}));
}

TEST(InstructionsGolden, IfEvalsOwnCheckersAgree) {
  int64_t lines = 0;
  read_jsonl(HONE_TEST_GOLDEN "/reward/ifeval.jsonl", [&](const json& line, int64_t) {
    EXPECT_EQ(follows(line["text"], line["type"], line["args"]), line["want"].get<bool>()) << line;
    ++lines;
  });
  EXPECT_GE(lines, 800);
}

TEST(Instructions, AllOrTheShare) {
  const json fields = {{"instructions", {{{"type", "min_words"}, {"value", 2}}, {{"type", "no_comma"}}}}};
  const Verdict both = score("instructions", "one two", fields);
  EXPECT_EQ(both.reward, 1.f);
  EXPECT_EQ(kind(both), "correct");
  const Verdict one = score("instructions", "one, two", fields);
  EXPECT_EQ(one.reward, 0.f);
  EXPECT_EQ(one.parts.at("followed"), 0.5f);
  EXPECT_THAT(one.why, HasSubstr("no_comma: 1 commas"));
  EXPECT_EQ(score("instructions", "one, two", fields, {{"partial", true}}).reward, 0.5f);
  EXPECT_EQ(score("instructions", "<think>a, b, c</think>one two", fields).reward, 1.f);
  EXPECT_EQ(score("instructions", "<think>a, b, c</think>one two", fields, {{"part", "whole"}}).reward, 0.f);
  EXPECT_EQ(kind(score("instructions", "", fields)), "wrong");
  const json ifeval = {{"instruction_id_list", {"punctuation:no_comma", "length_constraints:number_words"}},
                       {"kwargs", {{{"num_words", nullptr}}, {{"num_words", 2}, {"relation", "at least"}}}}};
  EXPECT_EQ(score("instructions", "one two", ifeval).reward, 1.f);
}

TEST(Instructions, RecordsWithoutUsableInstructionsAreUnscorable) {
  for (const json& fields :
       {json::object(), json::array(), json{{"instructions", json::array()}}, json{{"instructions", "no_comma"}},
        json{{"instructions", {{{"type", "no_coma"}}}}}, json{{"instructions", {{{"type", "min_words"}}}}},
        json{{"instructions", {{{"type", "min_words"}, {"value", "many"}}}}}, json{{"instructions", {{{"value", 1}}}}},
        json{{"instructions", {{{"type", "min_words"}, {"value", -1}}}}}, json{{"instructions", {{{"type", ""}}}}},
        json{{"instructions", {{{"type", "language"}, {"value", "klingonish"}}}}},
        json{{"instruction_id_list", {"punctuation:no_comma"}}, {"kwargs", {1, 2}}},
        json{{"instruction_id_list", {"keywords:existence"}}, {"kwargs", {nullptr}}}}) {
    EXPECT_EQ(kind(score("instructions", "text", fields)), "unscorable") << fields;
  }
  EXPECT_THAT(score("instructions", "x", {{"instructions", {{{"type", "no_coma"}}}}}).why,
              HasSubstr("did you mean 'no_comma'?"));
}

TEST(Instructions, AMegabyteOfAnythingEnds) {
  for (const char* piece : {"*", "[", "a. ", "***", "<<", "\n\n", "\xFF", "Section ", "\""}) {
    std::string text;
    while (text.size() < 1'000'000) text += piece;
    for (const std::string& type : instruction_types()) {
      const json args = {{"value", 3},         {"num_words", 3},        {"num_paragraphs", 2}, {"nth_paragraph", 1},
                         {"first_word", "a"},  {"keyword", "a"},        {"letter", "a"},       {"num_sections", 2},
                         {"name", "Section"},  {"num_sentences", 2},    {"num_bullets", 2},    {"frequency", 1},
                         {"let_frequency", 1}, {"capital_frequency", 1}};
      try {
        check_instruction(text, type, args);
      } catch (const Error&) {  // arguments of another kind
      }
    }
  }
}

}  // namespace
}  // namespace hone
