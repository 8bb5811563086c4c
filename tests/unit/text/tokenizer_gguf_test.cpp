// A vocabulary taken apart as GGUF stores it gives the ids of the tokenizer it came from.
#include "text/tokenizer_gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "unit/text/tokenizer_test_support.h"

namespace hone {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// What a converter writes for a byte-level BPE tokenizer.json.
GgufVocab take_apart(const json& tokenizer, const std::string& pre) {
  GgufVocab vocab{.model = "gpt2", .pre = pre};
  vocab.tokens.resize(tokenizer["model"]["vocab"].size() + 8);
  vocab.token_types.resize(vocab.tokens.size(), 5);
  for (size_t i = 0; i < vocab.tokens.size(); ++i) vocab.tokens[i] = "[PAD" + std::to_string(i) + "]";
  for (const auto& [token, id] : tokenizer["model"]["vocab"].items()) {
    vocab.tokens[id.get<size_t>()] = token;
    vocab.token_types[id.get<size_t>()] = 1;
  }
  for (const auto& token : tokenizer["added_tokens"]) {
    vocab.tokens[token["id"].get<size_t>()] = token["content"].get<std::string>();
    vocab.token_types[token["id"].get<size_t>()] = token["special"].get<bool>() ? 3 : 4;
  }
  for (const auto& merge : tokenizer["model"]["merges"]) {
    vocab.merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
  }
  return vocab;
}

Tokenizer tokenizer_of_vocab(GgufVocab vocab) {
  return Tokenizer(std::make_shared<const TokenizerData>(tokenizer_from_gguf(std::move(vocab))));
}

void expect_rows(const Tokenizer& tokenizer, const json& texts, const json& rows, bool add_special) {
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto text = texts[i].get<std::string>();
    const auto ids = rows[i]["ids"].get<std::vector<int32_t>>();
    EXPECT_EQ(tokenizer.encode(text, add_special), ids) << quote_for_message(text);
  }
}

TEST(TokenizerGguf, ByteLevelKinds) {
  const std::pair<const char*, const char*> kinds[] = {{"smollm", "smollm"},
                                                       {"qwen2", "qwen2"},
                                                       {"gpt2", "gpt-2"},
                                                       {"llama3", "llama-bpe"},
                                                       {"gpt4o", "gpt-4o"},
                                                       {"deepseek_v3", "deepseek-v3"},
                                                       {"deepseek_coder", "deepseek-coder"}};
  for (const auto& [golden_name, pre] : kinds) {
    SCOPED_TRACE(golden_name);
    const json golden = read_golden(std::string(golden_name) + ".json");
    GgufVocab vocab = take_apart(golden["tokenizer"], pre);
    if (std::string(golden_name) == "llama3") vocab.bos = 0;
    expect_rows(tokenizer_of_vocab(std::move(vocab)), read_golden("texts.json"), golden["rows"], true);
  }
}

TEST(TokenizerGguf, WordPieceVocabulary) {
  const json golden = read_golden("bert_uncased.json");
  GgufVocab vocab{.model = "bert", .architecture = "bert"};
  vocab.tokens.resize(golden["tokenizer"]["model"]["vocab"].size());
  vocab.token_types.resize(vocab.tokens.size(), 1);
  for (const auto& [token, id] : golden["tokenizer"]["model"]["vocab"].items()) {
    const bool special = token.size() > 2 && token.front() == '[' && token.back() == ']';
    vocab.tokens[id.get<size_t>()] = special ? token : token.starts_with("##") ? token.substr(2) : "▁" + token;
    if (special) vocab.token_types[id.get<size_t>()] = 3;
  }
  for (const auto& [token, id] : golden["tokenizer"]["model"]["vocab"].items()) {
    if (token == "[UNK]") vocab.unk = id.get<int64_t>();
  }
  const Tokenizer tokenizer = tokenizer_of_vocab(std::move(vocab));
  const json texts = read_golden("texts.json");
  for (size_t i = 0; i < texts.size(); ++i) {  // words above 24 characters are unknown to the golden alone
    const auto text = texts[i].get<std::string>();
    if (text.find(std::string(40, 'x')) != std::string::npos) continue;
    EXPECT_EQ(tokenizer.encode(text), golden["rows"][i]["ids"].get<std::vector<int32_t>>()) << quote_for_message(text);
  }
}

TEST(TokenizerGguf, SavesWhatLoadsWithTheSameIds) {
  const json golden = read_golden("smollm.json"), texts = read_golden("texts.json");
  GgufVocab vocab = take_apart(golden["tokenizer"], "smollm");
  vocab.bos = 1, vocab.eos = 2, vocab.chat_template = "{{ messages }}";
  const Tokenizer tokenizer = tokenizer_of_vocab(std::move(vocab));
  const TestFolder folder;
  tokenizer.save_hf(folder.path() / "out");
  const Tokenizer again = Tokenizer::load(folder.path() / "out");
  expect_rows(again, texts, golden["rows"], true);
  EXPECT_EQ(again.bos(), 1);
  EXPECT_EQ(again.eos(), 2);
  EXPECT_EQ(again.stop_ids(), tokenizer.stop_ids());
  EXPECT_EQ(again.chat_template(), "{{ messages }}");
  EXPECT_EQ(again.vocab_size(), tokenizer.vocab_size());
}

TEST(TokenizerGguf, StopIdsHoldTheEndOfTurn) {
  GgufVocab vocab{.model = "gpt2", .pre = "gpt-2", .tokens = {"a", "</s>", "<|eot_id|>", "<|im_end|>"}};
  vocab.token_types = {1, 3, 3, 1};
  vocab.eos = 1, vocab.eom = 0;
  EXPECT_EQ(tokenizer_of_vocab(vocab).stop_ids(), (std::vector<int32_t>{0, 1, 2}));
}

TEST(TokenizerGguf, RefusesWhatItCannotRead) {
  const auto message = [](GgufVocab vocab) { return error_of([&] { tokenizer_of_vocab(vocab); }); };
  const GgufVocab good{.model = "gpt2", .pre = "gpt-2", .tokens = {"a", "b", "ab"}, .merges = {"a b"}};
  EXPECT_EQ(tokenizer_of_vocab(good).encode("ab"), std::vector<int32_t>{2});

  GgufVocab vocab = good;
  vocab.pre = "qwen-2";
  EXPECT_THAT(message(vocab), HasSubstr("tokenizer.ggml.pre 'qwen-2' is not known; did you mean 'qwen2'?"));
  vocab = good, vocab.model = "rwkv";
  EXPECT_THAT(message(vocab), HasSubstr("tokenizer.ggml.model 'rwkv' cannot be read"));
  vocab = good, vocab.tokens.clear();
  EXPECT_THAT(message(vocab), HasSubstr("is empty"));
  vocab = good, vocab.token_types = {1, 1};
  EXPECT_THAT(message(vocab), HasSubstr("token_type has 2 entries for 3 tokens"));
  vocab = good, vocab.eos = 3;
  EXPECT_THAT(message(vocab), HasSubstr("eos_token_id is 3, but there are 3 tokens"));
  vocab = good, vocab.bos = -1;
  EXPECT_THAT(message(vocab), HasSubstr("bos_token_id is -1"));
  vocab = good, vocab.tokens[1] = "\xFF";
  EXPECT_THAT(message(vocab), HasSubstr("token 1 is not UTF-8"));
  vocab = good, vocab.merges = {"ab"};
  EXPECT_THAT(message(vocab), HasSubstr("merges[0]"));
  vocab = good, vocab.merges = {"a c"};
  EXPECT_THAT(message(vocab), HasSubstr("'c', which is not in the vocabulary"));
}

TEST(TokenizerGguf, SentencePieceVocabulary) {
  const json golden = read_golden("spm.json");
  GgufVocab vocab{.model = "llama", .architecture = "llama", .bos = 1, .eos = 2, .unk = 0};
  for (const auto& piece : golden["pieces"]) {
    vocab.tokens.push_back(piece[0].get<std::string>());
    vocab.scores.push_back(piece[1].get<float>());
    vocab.token_types.push_back(piece[2].get<int64_t>());
  }
  const Tokenizer tokenizer = tokenizer_of_vocab(vocab);
  // Behind a token written in the text, GGUF runtimes and Hugging Face's legacy tokenizers begin anew with a space
  // prefix; sentencepiece, which made the golden, does not. Only texts without such tokens can agree.
  const auto has_token = [&](const std::string& text) {
    for (size_t i = 0; i < vocab.tokens.size(); ++i) {
      if (vocab.token_types[i] == 4 && text.find(vocab.tokens[i]) != std::string::npos) return true;
    }
    return false;
  };
  json texts = json::array(), rows = json::array();
  for (size_t i = 0; i < golden["texts"].size(); ++i) {
    if (has_token(golden["texts"][i].get<std::string>())) continue;
    texts.push_back(golden["texts"][i]);
    rows.push_back(golden["rows"][i]);
  }
  ASSERT_GT(texts.size(), golden["texts"].size() / 2);
  expect_rows(tokenizer, texts, rows, false);
  EXPECT_EQ(tokenizer.encode("").size(), 1u) << "BOS is the default of this kind";
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("a b", false)), "a b");

  vocab.add_space_prefix = false, vocab.add_bos = false;
  const Tokenizer bare = tokenizer_of_vocab(vocab);
  EXPECT_EQ(bare.decode(bare.encode(" a b")), " a b");
  EXPECT_NE(bare.encode("a b"), tokenizer.encode("a b", false));
}

}  // namespace
}  // namespace hone
