// The prose of a completion: its words, without code, formulas, tags and addresses. What the language, repetition and
// instruction rewards count is defined here once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hone {

/// Writing systems that are told apart. Every block of South Asia is one of its own (indic + block number).
enum class Script : uint8_t {
  none,  // no letter
  latin,
  greek,
  cyrillic,
  armenian,
  hebrew,
  arabic,
  thai,
  lao,
  georgian,
  hangul,
  han_kana,
  other,
  indic,  // and the values above it: Devanagari, Bengali, Gurmukhi, ... by block of 128 code points
};

Script script_of(int32_t code_point);

/// True for scripts that are counted by character, since they set no space between words or (Korean) are asked to be
/// counted like Chinese and Japanese.
bool counts_characters(Script script);

/// One word, or a run of characters of a script that counts characters.
struct Word {
  size_t begin = 0, end = 0;  // bytes of the text it was found in
  Script script = Script::none;
  int64_t weight = 1;     // what it counts: 1, or its number of characters
  bool has_kana = false;  // of han_kana: not only Han characters
  bool starts_sentence = false;
};

/// Reads one code point at `at` and moves on; a byte that is not UTF-8 gives -1 and is skipped alone.
int32_t next_code_point(std::string_view text, size_t& at);

/// Copies `text` with every byte of code (fenced and `inline`), formulas ($..$, $$..$$, \(..\), \[..\], \begin..\end of
/// maths, \commands), <tags> and web addresses replaced by blanks, so that positions stay. Linear in the text.
std::string blank_code_and_maths(std::string_view text);

/// The words of a text: runs of letters with the marks, apostrophes and hyphens inside them. Not words: what holds a
/// digit or an underscore (x1, snake_case), and one or two Latin or Greek letters beside an operator (a+b, 3 km).
std::vector<Word> split_words(std::string_view text);

}  // namespace hone
