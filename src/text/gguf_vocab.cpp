#include "text/gguf_vocab.h"

#include "base/check.h"
#include "base/text.h"
#include "format/gguf.h"

namespace hone {

GgufVocab read_gguf_vocab(const GgufFile& file) {
  const auto id = [&](const char* key) { return file.get_optional<int64_t>(std::string("tokenizer.ggml.") + key); };
  const auto flag = [&](const char* key) { return file.get_optional<bool>(std::string("tokenizer.ggml.") + key); };
  const auto text = [&](const char* key) { return file.get_optional<std::string>(key).value_or(""); };
  HONE_CHECK(file.has("tokenizer.ggml.model") && file.has("tokenizer.ggml.tokens"), ErrorKind::format,
             "{}: holds no tokenizer (tokenizer.ggml.model and tokenizer.ggml.tokens are needed)", file.name());
  GgufVocab vocab;
  vocab.model = text("tokenizer.ggml.model");
  vocab.pre = text("tokenizer.ggml.pre");
  vocab.architecture = text("general.architecture");
  vocab.tokens = file.get<std::vector<std::string>>("tokenizer.ggml.tokens");
  vocab.scores = file.get_optional<std::vector<float>>("tokenizer.ggml.scores").value_or(std::vector<float>{});
  vocab.token_types =
      file.get_optional<std::vector<int64_t>>("tokenizer.ggml.token_type").value_or(std::vector<int64_t>{});
  vocab.merges =
      file.get_optional<std::vector<std::string>>("tokenizer.ggml.merges").value_or(std::vector<std::string>{});
  vocab.bos = id("bos_token_id"), vocab.eos = id("eos_token_id"), vocab.eot = id("eot_token_id");
  vocab.eom = id("eom_token_id"), vocab.unk = id("unknown_token_id"), vocab.pad = id("padding_token_id");
  vocab.sep = id("seperator_token_id"), vocab.cls = id("cls_token_id");
  vocab.add_bos = flag("add_bos_token"), vocab.add_eos = flag("add_eos_token");
  vocab.add_space_prefix = flag("add_space_prefix");
  vocab.chat_template = replace_invalid_utf8(text("tokenizer.chat_template"));
  return vocab;
}

void check_gguf_vocab(const GgufVocab& vocab) {
  const size_t n = vocab.tokens.size();
  HONE_CHECK(n > 0, ErrorKind::format, "tokenizer.ggml.tokens is empty");
  HONE_CHECK(n < (size_t{1} << 24), ErrorKind::format, "tokenizer.ggml.tokens has {} entries", n);
  HONE_CHECK(vocab.token_types.empty() || vocab.token_types.size() == n, ErrorKind::format,
             "tokenizer.ggml.token_type has {} entries for {} tokens", vocab.token_types.size(), n);
  HONE_CHECK(vocab.scores.empty() || vocab.scores.size() == n, ErrorKind::format,
             "tokenizer.ggml.scores has {} entries for {} tokens", vocab.scores.size(), n);
  const auto check_id = [&](const char* name, const std::optional<int64_t>& id) {
    HONE_CHECK(!id || (*id >= 0 && *id < static_cast<int64_t>(n)), ErrorKind::format,
               "tokenizer.ggml.{}_token_id is {}, but there are {} tokens", name, id.value_or(0), n);
  };
  check_id("bos", vocab.bos), check_id("eos", vocab.eos), check_id("eot", vocab.eot), check_id("eom", vocab.eom);
  check_id("unknown", vocab.unk), check_id("padding", vocab.pad);
  check_id("seperator", vocab.sep), check_id("cls", vocab.cls);  // spelled so in the format
  for (size_t id = 0; id < n; ++id) {
    HONE_CHECK(is_valid_utf8(vocab.tokens[id]), ErrorKind::format, "token {} is not UTF-8: {}", id,
               quote_for_message(vocab.tokens[id]));
  }
}

}  // namespace hone
