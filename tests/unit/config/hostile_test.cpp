// Input made to hurt: everything ends in an Error(recipe), quickly, or in a recipe.
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "unit/config/recipe_text.h"

namespace hone {
namespace {

using test::problems_of;
using test::small_with;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string repeat(const std::string& text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(Hostile, BillionLaughs) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + repeat(alias + ", ", 9) + alias + "]\n";
  }
  EXPECT_THAT(problems_of(text), ElementsAre(HasSubstr("more than 50000 values, aliases expanded")));
}

TEST(Hostile, AliasesThatHoldThemselves) {
  EXPECT_THAT(problems_of("a: &a [*a]\n"), ElementsAre("r.yaml:1:8: an alias inside the value that it stands for"));
  EXPECT_THAT(problems_of("a: *b\n"), ElementsAre(StartsWith("r.yaml:1:4: not YAML: ")));
}

TEST(Hostile, Depth) {
  for (const std::string& text : {"{\"a\": " + repeat("[", 100'000), repeat("{\"a\":", 100'000)}) {
    EXPECT_THAT(problems_of(text, {}, "r.json"), ElementsAre(HasSubstr("more than 64 deep")));
    EXPECT_THAT(problems_of(text), ElementsAre(HasSubstr("is a bracket not closed?")));
  }
  EXPECT_THAT(problems_of(repeat("- ", 100'000)), ElementsAre(HasSubstr("more than 64 deep")));
  std::string aliases = "a0: &a0 x\n";
  for (int i = 1; i < 100; ++i)
    aliases += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_THAT(problems_of(aliases), ElementsAre(HasSubstr("more than 64 deep")));
}

TEST(Hostile, Size) {
  EXPECT_THAT(problems_of(std::string(3'000'000, 'a')), ElementsAre(HasSubstr("3000000 bytes are too many")));
  std::string keys = "{";
  for (int i = 0; i < 2000; ++i) keys += "\"k" + std::to_string(i) + "\": 1, ";
  keys += "\"z\": 1}";
  for (const char* name : {"r.yaml", "r.json"})
    EXPECT_THAT(problems_of(keys, {}, name), ElementsAre(HasSubstr("more than 1000 keys")));
}

TEST(Hostile, Encodings) {
  EXPECT_THAT(problems_of("model: caf\xE9\n"),
              ElementsAre("r.yaml:1:11: expected UTF-8, got the byte 0xe9; save the file as "
                          "UTF-8"));
  EXPECT_THAT(problems_of(std::string("\xFF\xFEm\0", 4)), ElementsAre(HasSubstr("got UTF-16, UTF-32 or binary")));
  EXPECT_THAT(problems_of(std::string("m\0o\0", 4)), ElementsAre(HasSubstr("got UTF-16, UTF-32 or binary")));
  EXPECT_THAT(problems_of(std::string("model: a\nname: \0", 16)),
              ElementsAre(StartsWith("r.yaml:2:7: control character")));
  EXPECT_THAT(problems_of("model: \x1B\n"), ElementsAre(StartsWith("r.yaml:1:8: control character 0x1b")));
  EXPECT_THAT(problems_of("model: \"a\\0b\"\n"), ElementsAre("r.yaml:1:8: text with a NUL or an invalid character"));
  EXPECT_THAT(problems_of("{\"model\": \"\\u0000\"}", {}, "r.json"), ElementsAre(HasSubstr("U+0000")));
  EXPECT_THAT(problems_of("{\"model\": \"\\ud83d\"}", {}, "r.json"),
              ElementsAre(HasSubstr("half of a surrogate pair")));
}

TEST(Hostile, Tabs) {
  EXPECT_THAT(problems_of("model: m\nstages:\n\t- type: sft\n"), ElementsAre(StartsWith("r.yaml:3:")));
  EXPECT_THAT(problems_of(test::kSmall + "\tlearning_rate: 1\n"), ElementsAre(StartsWith("r.yaml:7:")));
}

TEST(Hostile, BrokenYaml) {
  for (const char* text : {"model: [",
                           "model: {a",
                           "model: 'x",
                           "model: \"\\q\"",
                           "a: b: c",
                           "model: m\n  stages: []",
                           "model: @x",
                           "? [a]\n: b",
                           "{[a]: b}",
                           "~: x",
                           "null: x",
                           ": x",
                           "%YAML 3.0\n---\na: b",
                           "model: m\n---\nmodel: n",
                           "model: m\n...\nx",
                           "!!map {a: b}",
                           "model: !x y",
                           "&a",
                           "*a",
                           "---",
                           "# nothing",
                           "",
                           " \n\t\n",
                           "<<: 5",
                           "<<: [5]",
                           "<<: *x",
                           "a: b\n- c",
                           "]",
                           "}",
                           ",",
                           "-",
                           "?"}) {
    const std::vector<std::string> lines = problems_of(text);
    ASSERT_FALSE(lines.empty()) << text;
    for (const std::string& line : lines) EXPECT_THAT(line, StartsWith("r.yaml:")) << text;
  }
}

TEST(Hostile, BrokenJson) {
  for (const char* text : {"{",
                           "{\"a\"",
                           "{\"a\":",
                           "{\"a\":1",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{'a':1}",
                           "[1,]",
                           "{\"a\":01}",
                           "{\"a\":+1}",
                           "{\"a\":.5}",
                           "{\"a\":5.}",
                           "{\"a\":1.e5}",
                           "{\"a\":-.5}",
                           "{\"a\":NaN}",
                           "{\"a\":Infinity}",
                           "{\"a\":True}",
                           "{\"a\":\"\\x\"}",
                           "{\"a\":\"\t\"}",
                           "{\"a\":\"\n\"}",
                           "{\"a\":\"\\u12\"}",
                           "{\"a\":\"",
                           "{\"a\":\"\\",
                           "{} {}",
                           "{}x",
                           "// c\n{}",
                           "{\"a\" 1}",
                           "{\"a\":1 \"b\":2}",
                           "{,}",
                           "[,]",
                           "1 2",
                           "\"a",
                           "{\"a\":nul}",
                           "{\"a\":\"\\ud83d\\u0041\"}"}) {
    const std::vector<std::string> lines = problems_of(text, {}, "r.json");
    ASSERT_EQ(lines.size(), 1u) << text;
    EXPECT_THAT(lines[0], testing::MatchesRegex("r\\.json:[12]:[0-9]+: not JSON: .*")) << text;
  }
}

TEST(Hostile, EveryPrefixAndRandomDamage) {
  const std::string yaml =
      recipe_to_yaml(parse_recipe(small_with("eval: {data: {path: &x a}}\nstop: [a, 'b', \"c\"]"), "r"));
  const std::string json = recipe_to_json(parse_recipe(yaml, "r.yaml")).dump();
  for (const auto& [text, name] : {std::pair(yaml, "r.yaml"), std::pair(json, "r.json")}) {
    for (size_t n = 0; n < text.size(); n += 3) problems_of(text.substr(0, n), {}, name);
    const std::string alphabet = "\n\t :,-[]{}&*!|>'\"%@`#?\\0e.~<\x80\xC3";
    for (uint64_t i = 0; i < 1500; ++i) {
      std::string damaged = text;
      const auto r = philox(7, i, 0);
      for (int k = 0; k < 3; ++k) damaged[philox(8, i, k)[0] % damaged.size()] = alphabet[r[k] % alphabet.size()];
      for (const std::string& line : problems_of(damaged, {}, name)) ASSERT_NE(line, "wrong kind of error") << damaged;
    }
  }
}

TEST(Hostile, LongNamesAreCheapAndCut) {
  const auto begin = std::chrono::steady_clock::now();
  const std::vector<std::string> lines = problems_of(small_with(std::string(500'000, 'x') + ": 1"));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_LT(lines[0].size(), 300u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

}  // namespace
}  // namespace hone
