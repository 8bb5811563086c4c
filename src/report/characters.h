// Walking over text character by character, and which characters may not be shown as they are.
#pragma once

#include <cstddef>
#include <string_view>

namespace hone {

/// Calls body(code point, its bytes) for each character; a byte that belongs to none counts as U+FFFD.
template <class Body>
void for_each_character(std::string_view text, const Body& body);

/// Characters that move the cursor, reorder or hide what stands around them: controls (newline and tab excepted),
/// bidirectional marks and overrides, byte-order marks, line separators and the invisible tag block.
inline bool is_deceptive(char32_t c) {
  if (c < 0x20) return c != '\n' && c != '\t';
  return (c >= 0x7F && c <= 0x9F) || c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE0FFF);
}

/// The first character of non-empty text; `size` gets its bytes. U+FFFD and 1 for a byte that starts none.
char32_t first_character(std::string_view text, size_t* size);

template <class Body>
void for_each_character(std::string_view text, const Body& body) {
  while (!text.empty()) {
    size_t size = 0;
    const char32_t c = first_character(text, &size);
    body(c, c == 0xFFFD ? std::string_view("\xEF\xBF\xBD") : text.substr(0, size));
    text.remove_prefix(size);
  }
}

}  // namespace hone
