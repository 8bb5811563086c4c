// Tokens that are found in a text before the model sees it: special ones, and words added to a vocabulary.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "text/byte_trie.h"
#include "text/normalizer.h"
#include "text/vocabulary.h"

namespace hone {

struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // takes the white space in front of it along
  bool rstrip = false;
  bool normalized = true;  // looked for in the normalised text, in its normalised spelling
  bool special = false;    // left out by decode(skip_special)
};

/// A piece of a text: an added token, or text between them (id < 0).
struct TextPiece {
  int32_t id = -1;
  size_t begin, end;  // bytes
};

class AddedTokens {
 public:
  /// Adds tokens in order and numbers them as HF tokenizers does: a token of the model keeps its id; others get the ids
  /// that follow the model's. Error(format) if such an id is taken.
  void add(std::vector<AddedToken> tokens, const Vocabulary& vocabulary);
  /// Builds the search structures; call once, after the last add().
  void finish(const Normalizer& normalizer);

  /// Cuts raw text at the tokens that are not `normalized`, and normalised text at those that are.
  std::vector<TextPiece> split_raw(std::string_view text) const { return split(text, raw_); }
  std::vector<TextPiece> split_normalized(std::string_view text) const { return split(text, normalized_); }

  const AddedToken* find(std::string_view content) const;
  /// What decoding writes for the added token `id`: a `normalized` token's normalised spelling. nullptr if there is
  /// none.
  const std::string* spelling(int32_t id) const;
  bool is_special(int32_t id) const;
  int32_t end_id() const { return end_id_; }  // one more than the largest id, 0 if there is none

 private:
  std::vector<TextPiece> split(std::string_view text, const ByteTrie& trie) const;

  std::vector<AddedToken> tokens_;
  std::unordered_map<std::string, size_t> by_content_;
  std::unordered_map<int32_t, size_t> by_id_;
  int32_t end_id_ = 0;
  ByteTrie raw_, normalized_;  // values index tokens_
  std::vector<std::string> spellings_;
};

}  // namespace hone
