// The unigram language model: the segmentation whose tokens' scores sum highest.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "text/byte_trie.h"
#include "text/token_model.h"

namespace hone {

class Unigram final : public TokenModel {
 public:
  /// `pieces` with their log-probabilities, in order of id; Error(format) for scores that are not finite or an `unk_id`
  /// outside the list. A piece listed twice counts with its last id.
  Unigram(const std::vector<std::pair<std::string, double>>& pieces, std::optional<int64_t> unk_id, bool byte_fallback);

  void tokenize(std::string_view word, bool at_start, std::vector<int32_t>& out) const override;

 private:
  void emit(std::string_view piece, std::vector<int32_t>& out) const;
  int32_t unk() const;

  std::vector<double> scores_;  // by id
  double unk_score_ = 0;
  std::optional<int32_t> unk_;
  bool byte_fallback_;
  ByteTrie trie_;
};

}  // namespace hone
