// Tokenizers from the metadata of a GGUF file, by way of the tokenizer.json they amount to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "text/tokenizer_data.h"

namespace hone {

class GgufFile;

/// The keys tokenizer.* of a GGUF file. Lists are by token id.
struct GgufVocab {
  std::string model;         // gpt2 (byte-level BPE) | llama (sentencepiece BPE) | bert (WordPiece)
  std::string pre;           // gpt2: how text is cut into words; "" counts as "default"
  std::string architecture;  // general.architecture
  std::vector<std::string> tokens;
  std::vector<float> scores;  // llama: higher merges first
  std::vector<int64_t>
      token_types;  // 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte; empty: all normal
  std::vector<std::string> merges;  // "left right", by rank
  std::optional<int64_t> bos, eos, eot, eom, unk, pad, sep, cls;
  std::optional<bool> add_bos, add_eos, add_space_prefix;
  std::string chat_template;
};

GgufVocab read_gguf_vocab(const GgufFile& file);

/// The equivalent tokenizer.json. Error(format) for lists of unequal length, ids out of range and unknown kinds.
nlohmann::json tokenizer_json_from_gguf(const GgufVocab& vocab);

/// Ids as llama.cpp and the original tokenizer give them; hf_files() writes the tokenizer.json and a
/// tokenizer_config.json.
TokenizerData tokenizer_from_gguf(GgufVocab vocab);

}  // namespace hone
