// What BPE, Unigram, WordPiece and WordLevel have in common: a vocabulary, and words to ids.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/vocabulary.h"

namespace hone {

class TokenModel {
 public:
  explicit TokenModel(Vocabulary::Repeats repeats, std::vector<std::pair<std::string, int64_t>> tokens)
      : vocabulary_(std::move(tokens), repeats) {}
  virtual ~TokenModel() = default;

  /// Appends the ids of one pre-tokenised word (well-formed UTF-8, not empty). Safe to call from many threads.
  /// `at_start`: the word begins the whole input; only sentencepiece cares, for its prefix space.
  virtual void tokenize(std::string_view word, bool at_start, std::vector<int32_t>& out) const = 0;
  const Vocabulary& vocabulary() const { return vocabulary_; }

 protected:
  /// Appends the byte tokens <0x00>..<0xFF> of `bytes`; false, and nothing appended, if one is not in the vocabulary.
  bool append_byte_tokens(std::string_view bytes, std::vector<int32_t>& out) const;

 private:
  Vocabulary vocabulary_;
};

}  // namespace hone
