// The vocabulary in the metadata of a GGUF file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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

enum class GgufTokenType : int64_t { normal = 1, unknown, control, user_defined, unused, byte };

/// Error(format) if `file` holds no tokenizer.
GgufVocab read_gguf_vocab(const GgufFile& file);

/// Error(format) for lists of unequal length, ids out of range and tokens that are not UTF-8.
void check_gguf_vocab(const GgufVocab& vocab);

}  // namespace hone
