#include "text/charsmap.h"

#include <cstring>

#include "base/check.h"
#include "base/text.h"
#include "text/unicode.h"

namespace hone {
namespace {

// Fields of a unit of the double array (Darts-clone's layout).
bool has_leaf(uint32_t unit) { return (unit >> 8 & 1) != 0; }
uint32_t leaf_value(uint32_t unit) { return unit & 0x7FFFFFFFu; }
uint32_t label(uint32_t unit) { return unit & 0x800000FFu; }
uint32_t offset(uint32_t unit) { return (unit >> 10) << ((unit & 0x200u) >> 6); }

}  // namespace

Charsmap::Charsmap(std::string_view blob) {
  if (blob.empty()) return;
  uint32_t trie_bytes = 0;
  HONE_CHECK(blob.size() >= sizeof trie_bytes, ErrorKind::format, "precompiled_charsmap: only {} bytes", blob.size());
  std::memcpy(&trie_bytes, blob.data(), sizeof trie_bytes);
  blob.remove_prefix(sizeof trie_bytes);
  HONE_CHECK(trie_bytes % sizeof(uint32_t) == 0 && trie_bytes > 0 && trie_bytes <= blob.size(), ErrorKind::format,
             "precompiled_charsmap: a trie of {} bytes in the {} that follow", trie_bytes, blob.size());
  units_.resize(trie_bytes / sizeof(uint32_t));
  std::memcpy(units_.data(), blob.data(), trie_bytes);
  replacements_ = blob.substr(trie_bytes);
}

/// The replacement of the shortest entry that `chunk` starts with; it stands for the whole chunk.
std::optional<std::string_view> Charsmap::replacement(std::string_view chunk) const {
  if (units_.empty()) return std::nullopt;
  uint32_t at = offset(units_[0]);
  for (const char c : chunk) {
    const auto byte = static_cast<unsigned char>(c);
    at ^= byte;
    if (byte == 0 || at >= units_.size() || label(units_[at]) != byte) return std::nullopt;
    const bool found = has_leaf(units_[at]);
    at ^= offset(units_[at]);
    if (at >= units_.size()) return std::nullopt;
    if (!found) continue;
    const uint32_t start = leaf_value(units_[at]);
    if (start >= replacements_.size()) return std::string_view{};
    return std::string_view(replacements_.c_str() + start);
  }
  return std::nullopt;
}

std::string Charsmap::apply(std::string_view text) const {
  constexpr size_t kMaxGraphemeBytes = 5;  // longer graphemes are only looked up by character
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t end = grapheme_end(text, at);
    if (end - at <= kMaxGraphemeBytes) {
      if (const auto whole = replacement(text.substr(at, end - at))) {
        out += *whole;
        at = end;
        continue;
      }
    }
    while (at < end) {
      const std::string_view character = text.substr(at, char_size(text[at]));
      out += replacement(character).value_or(character);
      at += character.size();
    }
  }
  return replace_invalid_utf8(out);
}

std::string decode_base64(std::string_view text, const std::string& where) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  uint32_t bits = 0;
  int num_bits = 0;
  while (text.ends_with('=')) text.remove_suffix(1);
  for (const char c : text) {
    const size_t digit = kAlphabet.find(c);
    HONE_CHECK(digit != std::string_view::npos, ErrorKind::format, "{}: not base64", where);
    bits = bits << 6 | static_cast<uint32_t>(digit);
    num_bits += 6;
    if (num_bits >= 8) out.push_back(static_cast<char>(bits >> (num_bits -= 8) & 0xFF));
  }
  return out;
}

}  // namespace hone
