// Python's view of text over UTF-8: code points, character classes, full case mapping.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hone::jinja {

/// Every function takes and gives well-formed UTF-8; the caller checked it at the door.
bool is_ascii(std::string_view text);
size_t count_chars(std::string_view text);
std::u32string decode(std::string_view text);
std::string encode(std::u32string_view text);
void append_utf8(std::string& out, char32_t c);
char32_t next_char(std::string_view text, size_t& at);  // reads one at `at`, moves past it

bool is_space(char32_t c);      // str.isspace
bool is_printable(char32_t c);  // str.isprintable
bool is_alpha(char32_t c);
bool is_decimal(char32_t c);  // general category Nd
bool is_digit(char32_t c);    // also superscripts and circled digits
bool is_numeric(char32_t c);  // also fractions and Roman numerals
bool is_alnum(char32_t c);
bool is_word(char32_t c);  // \w
bool is_lower(char32_t c);
bool is_upper(char32_t c);
bool is_title(char32_t c);  // the digraphs of category Lt

std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string title(std::string_view text);  // str.title
std::string capitalize(std::string_view text);
std::string swapcase(std::string_view text);
std::string casefold(std::string_view text);

/// A predicate over characters, for stripping.
std::string_view strip_left(std::string_view text, const std::u32string* chars);  // null: white space
std::string_view strip_right(std::string_view text, const std::u32string* chars);

/// str.splitlines: \n, \r, \r\n, \v, \f, \x1c-\x1e, \x85, U+2028, U+2029.
std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends);

}  // namespace hone::jinja
