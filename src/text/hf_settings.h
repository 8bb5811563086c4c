// What the files beside a tokenizer.json say: tokenizer_config.json, special_tokens_map.json, added_tokens.json,
// generation_config.json, config.json and the chat template.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "text/tokenizer_data.h"

namespace hone {

struct HfSettings {
  std::optional<std::string> bos, eos, pad, unk;  // token strings
  std::optional<bool> add_bos, add_eos;
  bool legacy = false;                            // sentencepiece: a prefix space behind every special token
  std::vector<AddedToken> added_tokens;           // what the files define beyond tokenizer.json
  std::vector<int32_t> stop_ids;                  // EOS ids of generation_config.json and config.json
  std::optional<int32_t> bos_id, eos_id, pad_id;  // of generation_config.json, else config.json
  std::string chat_template;
  std::vector<NamedFile> files;  // bytes of those files that belong to the tokenizer
};

/// Files that are absent count as empty; Error(format) names a file that is broken.
HfSettings read_hf_settings(const std::filesystem::path& folder);

/// Special ids, stop ids, chat template, and BOS and EOS around a text where the settings ask for them.
void apply_hf_settings(const HfSettings& settings, TokenizerData& data, bool has_post_processor);

}  // namespace hone
