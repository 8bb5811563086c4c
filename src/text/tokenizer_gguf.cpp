#include "text/tokenizer_gguf.h"

#include <memory>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/jsonl.h"
#include "text/gguf_tokenizer_json.h"
#include "text/tokenizer_json.h"

namespace hone {
namespace {

using nlohmann::json;

std::optional<int32_t> narrow(const std::optional<int64_t>& id) {
  return id ? std::optional(static_cast<int32_t>(*id)) : std::nullopt;
}

std::vector<NamedFile> hf_files(const GgufVocab& vocab) {
  json config{{"tokenizer_class", "PreTrainedTokenizerFast"},
              {"clean_up_tokenization_spaces", false},
              {"model_max_length", 1000000000000000019884624838656.0}};
  const auto name = [&](const char* key, const std::optional<int64_t>& id) {
    if (id) config[key] = vocab.tokens[static_cast<size_t>(*id)];
  };
  name("bos_token", vocab.bos), name("eos_token", vocab.eos), name("unk_token", vocab.unk),
      name("pad_token", vocab.pad);
  if (!vocab.chat_template.empty()) config["chat_template"] = vocab.chat_template;
  return {{"tokenizer.json", dump_json(tokenizer_json_from_gguf(vocab))},
          {"tokenizer_config.json", dump_json(config, 2) + "\n"}};
}

}  // namespace

TokenizerData tokenizer_from_gguf(GgufVocab vocab) {
  TokenizerData data = read_tokenizer_json(tokenizer_json_from_gguf(vocab));
  data.bos = narrow(vocab.bos), data.eos = narrow(vocab.eos), data.pad = narrow(vocab.pad),
  data.unk = narrow(vocab.unk);
  data.chat_template = vocab.chat_template;
  std::vector<int32_t> stops;
  for (const auto& id : {vocab.eot, vocab.eom}) {
    if (id) stops.push_back(static_cast<int32_t>(*id));
  }
  set_stop_ids(data, std::move(stops));
  const auto kept = std::make_shared<const GgufVocab>(std::move(vocab));
  data.hf_files = [kept] { return hf_files(*kept); };
  return data;
}

}  // namespace hone
