// Ids and texts equal those of HF tokenizers and sentencepiece (tools/goldens/tokenizer.py).
#include <filesystem>

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/jsonl.h"
#include "base/text.h"
#include "unit/text/tokenizer_test_support.h"

namespace hone {
namespace {

class TokenizerGolden : public testing::TestWithParam<std::string> {};

TEST_P(TokenizerGolden, EncodesAndDecodesAsTheLibraryDoes) {
  const nlohmann::json golden = read_golden(GetParam() + ".json"), texts = read_golden("texts.json");
  const Tokenizer tokenizer = tokenizer_of(golden["tokenizer"]);
  ASSERT_EQ(golden["rows"].size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    const nlohmann::json& row = golden["rows"][i];
    const auto text = texts[i].get<std::string>();
    const auto ids = row["ids"].get<std::vector<int32_t>>();
    EXPECT_EQ(tokenizer.encode(text), ids) << quote_for_message(text);
    const std::string decoded = row.value("decoded", text);
    EXPECT_EQ(tokenizer.decode(ids), decoded);
    EXPECT_EQ(tokenizer.decode(ids, true), row.value("decoded_skip", decoded));
  }
}

TEST_P(TokenizerGolden, StreamsWholeCharactersThatAddUpToDecode) {
  const nlohmann::json golden = read_golden(GetParam() + ".json");
  const Tokenizer tokenizer = tokenizer_of(golden["tokenizer"]);
  StreamDecoder stream(tokenizer);
  for (const auto& row : golden["rows"]) {
    const auto ids = row["ids"].get<std::vector<int32_t>>();
    std::string text;
    for (const int32_t id : ids) {
      const std::string piece = stream.push(id);
      EXPECT_TRUE(is_valid_utf8(piece));
      text += piece;
    }
    EXPECT_EQ(text + stream.flush(), tokenizer.decode(ids));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, TokenizerGolden,
                         testing::Values("llama3", "qwen2", "gpt2", "roberta", "smollm", "gpt4o", "deepseek_v3",
                                         "deepseek_coder", "added", "llama2", "gemma", "metaspace_first",
                                         "metaspace_never", "unigram", "unigram_bytes", "bert_uncased", "bert_cased",
                                         "wordlevel", "clip", "subword_prefix"),
                         [](const auto& info) { return info.param; });

TEST(TokenizerSentencePiece, ReadsAModelFile) {
  const nlohmann::json golden = read_golden("spm.json");
  const Tokenizer tokenizer = Tokenizer::load(golden_path("bpe.model"));
  for (size_t i = 0; i < golden["texts"].size(); ++i) {
    const auto text = golden["texts"][i].get<std::string>();
    const nlohmann::json& row = golden["rows"][i];
    const auto ids = row["ids"].get<std::vector<int32_t>>();
    EXPECT_EQ(tokenizer.encode(text, false), ids) << quote_for_message(text);
    EXPECT_EQ(tokenizer.decode(ids), row["decoded"].get<std::string>());
  }
  EXPECT_EQ(tokenizer.bos(), 1);
  EXPECT_EQ(tokenizer.stop_ids(), std::vector<int32_t>{2});
  EXPECT_EQ(tokenizer.encode("<s>a", false).front(), 1) << "control pieces in a text are those pieces";
  EXPECT_EQ(tokenizer.encode("a").front(), 1) << "BOS is put in front";
}

TEST(TokenizerSmolLm2, EqualsTheLibrary) {
  const auto path = std::filesystem::path(HONE_SOURCE_DIR) / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there (scripts/demo.sh fetches it)";
  const Tokenizer tokenizer = Tokenizer::load(path);
  const nlohmann::json golden = read_golden("smollm2.json"), texts = read_golden("texts.json");
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(tokenizer.encode(texts[i].get<std::string>()), golden["rows"][i]["ids"].get<std::vector<int32_t>>());
  }
  EXPECT_EQ(tokenizer.vocab_size(), 49152);
  EXPECT_EQ(tokenizer.token(*tokenizer.eos()), "<|im_end|>");
  EXPECT_EQ(tokenizer.stop_ids(), (std::vector<int32_t>{0, 2}));
}

}  // namespace
}  // namespace hone
