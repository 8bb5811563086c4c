// sentencepiece's precompiled character map: a double-array trie from character sequences to their replacements.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hone {

class Charsmap {
 public:
  /// `blob`: uint32 size of the trie, the trie's units, the replacements, each ended by a zero byte (little endian).
  /// Error(format) if the sizes disagree. An empty blob maps nothing.
  explicit Charsmap(std::string_view blob);

  /// Maps grapheme by grapheme, then, where a grapheme has no entry, character by character, as HF tokenizers does.
  std::string apply(std::string_view text) const;

 private:
  std::optional<std::string_view> replacement(std::string_view chunk) const;

  std::vector<uint32_t> units_;
  std::string replacements_;
};

/// Bytes of a base64 text; Error(format) names `where`.
std::string decode_base64(std::string_view text, const std::string& where);

}  // namespace hone
