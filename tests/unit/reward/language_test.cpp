#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/jsonl.h"
#include "hone/error.h"
#include "reward/language_id.h"
#include "reward/prose.h"
#include "reward_test_util.h"

namespace hone {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

Verdict judge(const std::string& completion, const json& options, const json& fields = json::object()) {
  return score("language_consistency", completion, fields, options);
}

std::vector<std::string> words_of(const std::string& text) {
  const std::string prose = blank_code_and_maths(text);
  std::vector<std::string> words;
  for (const Word& word : split_words(prose)) words.push_back(prose.substr(word.begin, word.end - word.begin));
  return words;
}

TEST(Prose, CodeFormulasTagsAndAddressesAreNoWords) {
  EXPECT_THAT(words_of("We have $x + y$ and \\(z\\) so \\[a \\text{foo} b\\] done"),
              ElementsAre("We", "have", "and", "so", "done"));
  EXPECT_THAT(words_of("it costs $5 and $10 now"), ElementsAre("it", "costs", "and", "now"));
  EXPECT_THAT(words_of("call `foo()` or\n```py\nprint(bar)\n```\nend"), ElementsAre("call", "or", "end"));
  EXPECT_THAT(words_of("open fence ```\nint main"), ElementsAre("open", "fence"));
  EXPECT_THAT(words_of("<think>yes</think> see https://a.org/no?x=y now"), ElementsAre("yes", "see", "now"));
  EXPECT_THAT(words_of("x = 3, a + b, 5 km, x1, snake_case, H2O, I am a cat"), ElementsAre("I", "am", "a", "cat"));
  EXPECT_THAT(words_of("l'été, don\u2019t, well-known"), ElementsAre("l'été", "don\u2019t", "well-known"));
  EXPECT_THAT(words_of("\xFF\xFEok\xC0"), ElementsAre("ok"));
  EXPECT_THAT(words_of(""), ElementsAre());
}

TEST(Prose, ChineseJapaneseKoreanAndThaiCountByCharacter) {
  const auto weight = [](const std::string& text) {
    int64_t sum = 0;
    for (const Word& word : split_words(text)) sum += word.weight;
    return sum;
  };
  EXPECT_EQ(weight("计算 the 和"), 4);
  EXPECT_EQ(weight("りんごを食べる"), 7);
  EXPECT_EQ(weight("먼저 합을"), 4);
  EXPECT_EQ(weight("คำตอบ"), 5);
  EXPECT_EQ(weight("पहले हम"), 2);
}

TEST(LanguageCode, CodesRegionsAndNames) {
  for (const auto& [name, code] : std::map<std::string, std::string>{{"en", "en"},
                                                                     {"EN", "en"},
                                                                     {"pt-BR", "pt"},
                                                                     {"zh_Hans", "zh"},
                                                                     {"zh-TW", "zh"},
                                                                     {"Chinese", "zh"},
                                                                     {"english", "en"},
                                                                     {"German", "de"},
                                                                     {"he", "he"},
                                                                     {"klingonish", ""},
                                                                     {"", ""},
                                                                     {"xx", ""}}) {
    EXPECT_EQ(language_code(name), code) << name;
  }
}

/// The bar: mixed chains within 0.05 of the share that was counted by hand.
TEST(LanguageConsistency, MixedChainsComeCloseToTheHandCountedShare) {
  int chains = 0;
  read_jsonl(HONE_TEST_GOLDEN "/reward/language_mixed.jsonl", [&](const json& line, int64_t) {
    const std::string text = line["text"];
    const double share = line["right"].get<double>() / line["all"].get<double>();
    const Verdict verdict = judge(text, {{"target", line["target"]}});
    EXPECT_NEAR(verdict.reward, share, 0.05) << verdict.why << "\n" << text;
    ++chains;
  });
  EXPECT_GE(chains, 20);
}

/// The bar: 95 % of the sentences of more than 3 words, for every language. The sentences are no part of the
/// repository: HONE_LANGUAGE_DATA names the folder of xx.txt files.
TEST(LanguageConsistency, SentencesOfTwelveLanguages) {
  const char* folder = std::getenv("HONE_LANGUAGE_DATA");
  const std::filesystem::path path = folder ? folder : HONE_SOURCE_DIR "/../shared/data/languages";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no sentences in " << path << " (set HONE_LANGUAGE_DATA)";
  const RewardTable table = rule_rewards();
  for (const std::string& language : {"ar", "de", "en", "es", "fr", "it", "ja", "ko", "pt", "ru", "vi", "zh"}) {
    const RewardFunction told = table.make("language_consistency", {{"target", language}});
    const RewardFunction found = table.make("language_consistency");
    std::ifstream file(path / (language + ".txt"));
    int64_t sentences = 0, right = 0, detected = 0;
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      const auto count = std::distance(std::istream_iterator<std::string>(words), {});
      if (count <= 3 && language != "ja" && language != "zh") continue;  // they set no spaces
      const json none = json::object();
      ++sentences;
      right += told({.prompt = "", .completion = line, .fields = none}).verdict == VerdictKind::correct;
      detected += main_language(line) == language;
    }
    const double share = static_cast<double>(right) / static_cast<double>(sentences);
    std::cout << language << ": " << sentences << " sentences, " << share << " right with the target given, "
              << static_cast<double>(detected) / static_cast<double>(sentences) << " detected without\n";
    EXPECT_GE(share, 0.95) << language;
  }
}

TEST(LanguageConsistency, WhereTheTargetComesFrom) {
  const std::string german = "Zuerst addiere ich die beiden Zahlen und vergleiche sie mit dem Ziel.";
  EXPECT_EQ(judge(german, {{"target", "de"}}).reward, 1.f);
  EXPECT_EQ(judge(german, {{"target", "English"}}).reward, 0.f);
  EXPECT_EQ(judge(german, {}, {{"language", "de"}}).reward, 1.f);
  EXPECT_EQ(judge(german, {{"field", "lang"}}, {{"lang", "en"}}).reward, 0.f);
  EXPECT_EQ(judge(german, {{"target", "de"}}, {{"language", "en"}}).reward, 1.f);
  const json asked = {{"messages",
                       {{{"role", "system"}, {"content", "You are a helpful assistant that thinks."}},
                        {{"role", "user"}, {"content", "Wie viele Äpfel sind noch in dem Korb?"}}}}};
  EXPECT_EQ(judge(german, {}, asked).reward, 1.f);
  EXPECT_EQ(judge(german, {}, {{"question", "How many apples are there in the basket?"}}).reward, 0.f);
  EXPECT_EQ(kind(judge(german, {})), "unscorable");
  EXPECT_EQ(kind(judge(german, {}, {{"question", "2 + 2 = ?"}})), "unscorable");
  EXPECT_EQ(kind(judge(german, {}, {{"language", "klingonish"}})), "unscorable");
  EXPECT_THROW(judge(german, {{"target", "klingonish"}}), Error);
}

TEST(LanguageConsistency, OnlyTheThinkingIsJudgedUnlessAskedOtherwise) {
  const std::string text = "<think>First we add the numbers.</think><answer>Das Ergebnis ist die Summe.</answer>";
  EXPECT_EQ(judge(text, {{"target", "en"}}).reward, 1.f);
  EXPECT_EQ(judge(text, {{"target", "en"}, {"part", "answer"}}).reward, 0.f);
  EXPECT_NEAR(judge(text, {{"target", "en"}, {"part", "whole"}}).reward, 0.5, 0.01);
  EXPECT_EQ(judge("First we add the numbers.", {{"target", "en"}}).reward, 1.f);  // never closed
}

TEST(LanguageConsistency, BadCompletionsHaveADefinedVerdict) {
  for (const std::string& text : {std::string(), std::string(" \n\t"), std::string("\xFF\xFE\xC0"),
                                  std::string("$x=1$ 47+38=85"), std::string("</think> Hello there")}) {
    const Verdict verdict = judge(text, {{"target", "en"}});
    EXPECT_EQ(kind(verdict), "wrong") << text;
    EXPECT_EQ(verdict.reward, 0.f);
    EXPECT_EQ(verdict.why, "no words");
    EXPECT_EQ(judge(text, {{"target", "en"}, {"empty", 1.0}}).reward, 1.f);
  }
  std::string megabyte;
  while (megabyte.size() < 1'000'000) megabyte += "the sum is 你好 und nicht $x$ \xFF `";
  EXPECT_NE(kind(judge(megabyte, {{"target", "en"}})), "unscorable");
}

}  // namespace
}  // namespace hone
