// Byte-pair encoding.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "text/pair_map.h"
#include "text/token_model.h"

namespace hone {

struct BpeOptions {
  std::optional<std::string> unk_token;
  std::string continuing_subword_prefix;  // before every character but a word's first
  std::string end_of_word_suffix;         // behind a word's last character
  bool fuse_unk = false;                  // one unknown token for a run of unknown characters
  bool byte_fallback = false;             // unknown characters become <0x..> tokens
  bool ignore_merges = false;             // a word that is a token is that token, whatever the merges say
};

class WordCache;

class Bpe final : public TokenModel {
 public:
  /// `merges` in order of rank, as pairs of token strings; Error(format) if one or its result is not in the vocabulary.
  Bpe(std::vector<std::pair<std::string, int64_t>> tokens,
      const std::vector<std::pair<std::string, std::string>>& merges, BpeOptions options);
  ~Bpe() override;

  void tokenize(std::string_view word, bool at_start, std::vector<int32_t>& out) const override;

 private:
  void split(std::string_view word, std::vector<int32_t>& symbols) const;
  std::optional<int32_t> find_char(std::string_view word, size_t begin, size_t end) const;

  BpeOptions options_;
  std::optional<int32_t> unk_;
  PairMap merges_;
  std::array<int32_t, 512>
      first_chars_;  // ids of the characters below 512, the byte-level alphabet among them; -1: none
  std::unique_ptr<WordCache> cache_;
};

}  // namespace hone
