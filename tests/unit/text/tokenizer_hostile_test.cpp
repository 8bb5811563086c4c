// Files and texts that are broken or meant to hurt: an Error that says where, never a crash or a hang.
#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "text/regex.h"
#include "unit/text/tokenizer_test_support.h"

namespace hone {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string load_error(const std::string& text) {
  return error_of([&] { load_tokenizer_json(text); });
}

/// A tokenizer of three tokens with one part replaced.
std::string with(const std::string& key, const std::string& value) {
  json tokenizer =
      json::parse(R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}})");
  tokenizer[json::json_pointer(key)] = json::parse(value);
  return tokenizer.dump();
}

TEST(TokenizerHostile, NamesThePartThatIsWrong) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"/model", "7", "model: expected an object, got '7'"},
      {"/model/type", "\"RNN\"", "unknown model type 'RNN'"},
      {"/model/vocab", "[1]", "model.vocab"},
      {"/model/vocab/a", "-1", "token 'a' has id -1"},
      {"/model/vocab/a", "4000000000", "token 'a' has id 4000000000"},
      {"/model/vocab/a", "18446744073709551615", "expected an integer"},
      {"/model/vocab/a", "1", "id 1 belongs to two tokens"},
      {"/model/vocab/a", "\"x\"", "expected an integer"},
      {"/model/merges", "[[\"a\", \"z\"]]", "needs the token 'z'"},
      {"/model/merges", "[[\"b\", \"a\"]]", "needs the token 'ba'"},
      {"/model/merges", "[[\"a\"]]", "model.merges[0]"},
      {"/model/merges", "[\"ab\"]", "model.merges[0]"},
      {"/model/merges", "{}", "model.merges"},
      {"/model", R"({"type": "Unigram", "vocab": [["a", -1]], "unk_id": 4})", "unk_id 4"},
      {"/model", R"({"type": "Unigram", "vocab": [], "unk_id": 0})", "at least one piece"},
      {"/model", R"({"type": "Unigram", "vocab": [["a"]]})", "model.vocab[0]"},
      {"/normalizer", R"({"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "NFX"}]})",
       "normalizer.normalizers[1]: unknown normalizer 'NFX'"},
      {"/normalizer", R"({"type": "Precompiled", "precompiled_charsmap": "!"})", "not base64"},
      {"/normalizer", R"({"type": "Precompiled", "precompiled_charsmap": "/////w=="})", "precompiled_charsmap"},
      {"/pre_tokenizer", R"({"type": "UnicodeScripts"})", "unknown pre-tokenizer 'UnicodeScripts'"},
      {"/pre_tokenizer", R"({"type": "Split", "pattern": {"Regex": "(a"}, "behavior": "Isolated"})", "regex '(a'"},
      {"/pre_tokenizer", R"({"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Sideways"})", "'Sideways'"},
      {"/pre_tokenizer", R"({"type": "Split", "behavior": "Isolated"})", "'pattern' is missing"},
      {"/pre_tokenizer", R"({"type": "Metaspace", "replacement": "ab"})", "expected one character"},
      {"/pre_tokenizer", R"({"type": "FixedLength", "length": 0})", "at least 1"},
      {"/post_processor", R"({"type": "TemplateProcessing", "single": []})", "the sequence A is missing"},
      {"/post_processor", R"({"type": "Magic"})", "unknown post-processor 'Magic'"},
      {"/decoder", R"({"type": "CTC"})", "unknown decoder 'CTC'"},
      {"/decoder", R"({"type": "Strip", "content": " ", "start": -1, "stop": 0})", "expected a count"},
      {"/added_tokens", R"([{"id": 3}])", "added_tokens[0]: 'content' is missing"},
      {"/added_tokens", "3", "tokenizer.added_tokens: expected a list"},
  };
  for (const auto& [key, value, expected] : cases) {
    EXPECT_THAT(load_error(with(key, value)), HasSubstr(expected)) << key << " = " << value;
  }
}

TEST(TokenizerHostile, BrokenJson) {
  const std::string whole = with("/decoder", "null");
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(load_error(whole.substr(0, size)).empty());
  EXPECT_FALSE(load_error("[]").empty());
  EXPECT_FALSE(load_error("{}").empty());
  EXPECT_FALSE(load_error(std::string(100000, '[')).empty());
  EXPECT_FALSE(load_error("{\"model\": \"\xFF\"}").empty());
}

TEST(TokenizerHostile, GapsAreLegalUnlessAnAddedTokenFallsOnOne) {
  const Tokenizer tokenizer = tokenizer_of(json::parse(with("/model/vocab/ab", "9")));
  EXPECT_EQ(tokenizer.vocab_size(), 10);
  EXPECT_EQ(tokenizer.encode("abb"), (std::vector<int32_t>{9, 1}));
  EXPECT_EQ(tokenizer.decode(std::vector<int32_t>{9, 5, -1, 10, 2000000000}), "ab");
  EXPECT_THAT(error_of([&] { tokenizer.token(5); }), HasSubstr("token id 5"));
  json clash = json::parse(with("/added_tokens", R"([{"id": 3, "content": "<s>", "special": true}])"));
  clash["model"]["vocab"]["ab"] = 3;
  EXPECT_THAT(load_error(clash.dump()), HasSubstr("would get id 3"));
}

TEST(TokenizerHostile, TextThatIsNotUtf8) {
  const Tokenizer tokenizer = tokenizer_of(read_golden("smollm.json")["tokenizer"]);
  for (const std::string text : {"a\xFF\xFE", "\xE2\x82", "\xED\xA0\x80", "\xF4\x90\x80\x80 x", "\xC0\x80"}) {
    EXPECT_EQ(tokenizer.encode(text), tokenizer.encode(replace_invalid_utf8(text)));
  }
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("a\xFF")), "a\xEF\xBF\xBD");
}

TEST(TokenizerHostile, PatternsThatExplodeGiveUp) {
  const Regex bad("(a+)+$");
  std::vector<MatchedRange> out;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(error_of([&] { bad.cut(std::string(60, 'a') + "b", out); }), HasSubstr("gave up"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_THROW(Regex(std::string(100000, 'a')), Error);
  EXPECT_THROW(Regex("[a&&b]"), Error);
  EXPECT_THROW(Regex("\\"), Error);
  EXPECT_THROW(Regex("[a"), Error);
  EXPECT_THROW(Regex("\\p{Klingon}"), Error);
  EXPECT_THROW(Regex("(?<x>\\g<x>"), Error);
  Regex recursive("(?<x>a\\g<x>?b)");
  recursive.cut(std::string(3000, 'a') + std::string(3000, 'b'), out);
  EXPECT_EQ(out.size(), 1u);
}

TEST(TokenizerHostile, LongWordsAreNotQuadratic) {
  const auto start = std::chrono::steady_clock::now();
  for (const char* kind : {"smollm", "llama2", "unigram", "gemma", "bert_uncased"}) {
    const Tokenizer tokenizer = tokenizer_of(read_golden(std::string(kind) + ".json")["tokenizer"]);
    for (const std::string unit : {"a", "the", " ", "é", "\n"}) {
      std::string text;
      while (text.size() < 300000) text += unit;
      const auto ids = tokenizer.encode(text);
      EXPECT_FALSE(ids.empty());
      if (std::string(kind) == "smollm") {
        EXPECT_EQ(tokenizer.decode(ids), text);
      }
    }
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

TEST(TokenizerHostile, ManyThreadsAgree) {
  const Tokenizer tokenizer = tokenizer_of(read_golden("llama3.json")["tokenizer"]);
  const json texts = read_golden("texts.json"), rows = read_golden("llama3.json")["rows"];
  std::vector<std::thread> threads;
  std::array<int, 4> wrong{};
  for (size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < texts.size(); ++i) {
        wrong[t] += tokenizer.encode(texts[i].get<std::string>()) != rows[i]["ids"].get<std::vector<int32_t>>();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, testing::Each(0));
}

}  // namespace
}  // namespace hone
