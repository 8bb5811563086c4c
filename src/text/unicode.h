// Characters as tokenizers class them, and the Unicode normal forms. Tables are utf8proc's (Unicode 14); characters of
// later versions count as unassigned.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hone {

/// The character that starts at `at`, which moves behind it. `text` must be well-formed UTF-8.
char32_t next_char(std::string_view text, size_t& at);
char32_t last_char(std::string_view text);  // of a text that is not empty
void append_char(std::string& out, char32_t c);
size_t count_chars(std::string_view text);

/// Bytes of the character that starts with `lead`.
inline size_t char_size(char lead) {
  const auto b = static_cast<unsigned char>(lead);
  return b < 0x80 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
}

/// How many bytes at the end of `bytes` begin a character that more bytes could complete (0 to 3).
size_t unfinished_char_size(std::string_view bytes);

bool is_white_space(char32_t c);  // property White_Space
bool is_numeric(char32_t c);      // categories Nd, Nl, No

// Categories with the revisions of unicode_revised.h, as HF tokenizers has them.
bool is_punctuation(char32_t c);  // ASCII punctuation and symbols, categories P*
bool is_mark(char32_t c);         // categories Mn, Mc, Me
bool is_nonspacing_mark(char32_t c);
bool is_other(char32_t c);      // categories Cc, Cf, Co
bool is_word_char(char32_t c);  // what \w means to Unicode: Alphabetic, marks, Nd, Pc, joiners

void append_lower(std::string& out, char32_t c);  // full lower case mapping, without context

enum class NormalForm { nfc, nfd, nfkc, nfkd };
std::string normal_form(const std::string& text, NormalForm form);

/// End of the extended grapheme cluster that starts at `at`.
size_t grapheme_end(std::string_view text, size_t at);

}  // namespace hone
