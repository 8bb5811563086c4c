// What a loaded tokenizer consists of.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/added_tokens.h"
#include "text/decoder.h"
#include "text/normalizer.h"
#include "text/post_processor.h"
#include "text/pretokenizer.h"
#include "text/token_model.h"

namespace hone {

/// A file for save_hf: its name within the folder and its bytes.
struct NamedFile {
  std::string name, bytes;
};

/// Text -> split at raw added tokens -> normalizer -> split at normalised ones -> pretokenizer -> model ->
/// post-processor.
struct TokenizerData {
  std::unique_ptr<TokenModel> model;
  AddedTokens added;
  Normalizer normalizer;
  PreTokenizer pretokenizer;
  PostProcessor post_processor;
  Decoder decoder;

  std::optional<int32_t> bos, eos, pad, unk;
  std::vector<int32_t> stop_ids;  // ascending, no repeats
  std::string chat_template;      // Jinja source or ""
  std::function<std::vector<NamedFile>()> hf_files;

  /// The token's spelling, or nullptr if no token has this id. Added tokens hide the model's.
  const std::string* token(int32_t id) const;
  std::optional<int32_t> find(std::string_view token) const;
};

/// Fills `stop_ids` from EOS, `more`, and the special tokens whose names end a turn in some chat format.
void set_stop_ids(TokenizerData& data, std::vector<int32_t> more);

}  // namespace hone
