// WordPiece (longest match first) and WordLevel (whole words).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "text/byte_trie.h"
#include "text/token_model.h"

namespace hone {

class WordPiece final : public TokenModel {
 public:
  WordPiece(std::vector<std::pair<std::string, int64_t>> tokens, std::string unk_token, const std::string& prefix,
            int64_t max_input_chars_per_word);
  void tokenize(std::string_view word, bool at_start, std::vector<int32_t>& out) const override;

 private:
  std::string unk_token_;
  size_t max_chars_;
  ByteTrie first_, continuing_;  // tokens that begin a word; tokens that go on, without their prefix
};

class WordLevel final : public TokenModel {
 public:
  WordLevel(std::vector<std::pair<std::string, int64_t>> tokens, std::string unk_token);
  void tokenize(std::string_view word, bool at_start, std::vector<int32_t>& out) const override;

 private:
  std::string unk_token_;
};

}  // namespace hone
