// What stands beside a tokenizer.json: special ids, stop ids, templates, BOS and EOS.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/text/tokenizer_test_support.h"

namespace hone {
namespace {

using testing::HasSubstr;

const std::string kTokenizer = R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]},
  "added_tokens": [{"id": 3, "content": "<s>", "special": true}, {"id": 4, "content": "</s>", "special": true},
                   {"id": 5, "content": "<|im_end|>", "special": true}]})";

TEST(TokenizerFiles, ReadsAFolder) {
  const TestFolder folder;
  folder.write("tokenizer.json", kTokenizer);
  folder.write("tokenizer_config.json",
               R"({"bos_token": {"content": "<s>"}, "eos_token": "</s>", "pad_token": null, "add_bos_token": true,
                   "add_eos_token": true, "extra_special_tokens": ["<tool>"], "chat_template": "old",
                   "added_tokens_decoder": {"6": {"content": "<x>", "special": false, "normalized": false}}})");
  folder.write("generation_config.json", R"({"eos_token_id": [4, 0], "pad_token_id": 1})");
  folder.write("config.json", R"({"eos_token_id": 1, "bos_token_id": 0})");
  folder.write("chat_template.jinja", "new");
  const Tokenizer tokenizer = Tokenizer::load(folder.path());
  EXPECT_EQ(tokenizer.bos(), 3);
  EXPECT_EQ(tokenizer.eos(), 4);
  EXPECT_EQ(tokenizer.pad(), 1);
  EXPECT_EQ(tokenizer.unk(), std::nullopt);
  EXPECT_EQ(tokenizer.stop_ids(), (std::vector<int32_t>{0, 1, 4, 5}));
  EXPECT_EQ(tokenizer.chat_template(), "new");
  EXPECT_EQ(tokenizer.encode("ab<x>a<tool>"), (std::vector<int32_t>{3, 2, 6, 0, 7, 4}));
  EXPECT_EQ(tokenizer.encode("ab", false), std::vector<int32_t>{2});
  EXPECT_TRUE(tokenizer.is_special(7));
  EXPECT_FALSE(tokenizer.is_special(6));
  EXPECT_EQ(tokenizer.decode(std::vector<int32_t>{3, 2, 7}, true), "ab");
  EXPECT_EQ(tokenizer.vocab_size(), 8);

  const TestFolder* out = &folder;
  tokenizer.save_hf(out->path() / "copy");
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja"}) {
    EXPECT_EQ(read_file(folder.path() / "copy" / name), read_file(folder.path() / name)) << name;
  }
}

TEST(TokenizerFiles, TakesTheDefaultOfSeveralTemplates) {
  const TestFolder folder;
  folder.write("tokenizer.json", kTokenizer);
  folder.write("tokenizer_config.json", R"({"chat_template": [{"name": "tool_use", "template": "t"},
                                                             {"name": "default", "template": "d"}]})");
  EXPECT_EQ(Tokenizer::load(folder.path()).chat_template(), "d");
}

TEST(TokenizerFiles, ReadsAFolderWithASentencePieceModel) {
  const TestFolder folder;
  folder.write("tokenizer.model", read_file(golden_path("bpe.model")));
  folder.write("tokenizer_config.json", R"({"add_bos_token": false, "add_eos_token": true})");
  folder.write("added_tokens.json", R"({"<|im_end|>": 700})");
  const Tokenizer tokenizer = Tokenizer::load(folder.path());
  EXPECT_EQ(tokenizer.encode("").back(), 2);
  const auto ids = tokenizer.encode("hi<|im_end|>hi", false);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), *tokenizer.id_of("<|im_end|>")), 1);
  EXPECT_EQ(tokenizer.decode(ids), "hi<|im_end|>hi");
  tokenizer.save_hf(folder.path() / "copy");
  EXPECT_EQ(Tokenizer::load(folder.path() / "copy").encode("hi"), tokenizer.encode("hi"));
}

TEST(TokenizerFiles, ErrorsNameTheFile) {
  const TestFolder folder;
  EXPECT_THAT(error_of([&] { Tokenizer::load(folder.path()); }),
              HasSubstr("neither tokenizer.json nor tokenizer.model"));
  EXPECT_THAT(error_of([&] { Tokenizer::load(folder.path() / "no"); }), HasSubstr("no such file"));
  folder.write("x", "plain text");
  EXPECT_THAT(error_of([&] { Tokenizer::load(folder.path() / "x"); }), HasSubstr("neither a tokenizer.json"));
  folder.write("x", "\x0A\x05hello");
  EXPECT_THAT(error_of([&] { Tokenizer::load(folder.path() / "x"); }), HasSubstr("not a sentencepiece model"));
  folder.write("tokenizer.json", kTokenizer);
  folder.write("tokenizer_config.json", "{\"bos_token\": 3}");
  EXPECT_THAT(error_of([&] { Tokenizer::load(folder.path()); }), HasSubstr("tokenizer_config.bos_token"));
  folder.write("tokenizer_config.json", "{\"a\": ");
  EXPECT_THAT(error_of([&] { Tokenizer::load(folder.path()); }), HasSubstr("tokenizer_config.json: not valid JSON"));
}

}  // namespace
}  // namespace hone
