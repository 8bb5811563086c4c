#include "text/jinja/unicode.h"

#include <algorithm>

#include <utf8proc.h>

#include "text/jinja/special_casing.h"

namespace hone::jinja {
namespace {

utf8proc_category_t category(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }
char32_t simple_upper(char32_t c) { return static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))); }
char32_t simple_lower(char32_t c) { return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))); }
char32_t simple_title(char32_t c) { return static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))); }

struct Range {
  char32_t first, last;
};
constexpr Range kDigitsBeyondNd[] = {
    // Numeric_Type=Digit outside category Nd
    {0xb2, 0xb3},     {0xb9, 0xb9},       {0x1369, 0x1371},   {0x19da, 0x19da},   {0x2070, 0x2070},
    {0x2074, 0x2079}, {0x2080, 0x2089},   {0x2460, 0x2468},   {0x2474, 0x247c},   {0x2488, 0x2490},
    {0x24ea, 0x24ea}, {0x24f5, 0x24fd},   {0x24ff, 0x24ff},   {0x2776, 0x277e},   {0x2780, 0x2788},
    {0x278a, 0x2792}, {0x10a40, 0x10a43}, {0x10e60, 0x10e68}, {0x11052, 0x1105a}, {0x1f100, 0x1f10a},
};

void append_all(std::u32string& out, const char32_t* chars) {
  for (; *chars != 0; ++chars) out.push_back(*chars);
}

void append_upper(std::u32string& out, char32_t c) {
  if (const SpecialCasing* row = special_casing(c)) return append_all(out, row->upper);
  out.push_back(simple_upper(c));
}

void append_title(std::u32string& out, char32_t c) {
  if (const SpecialCasing* row = special_casing(c)) return append_all(out, row->title);
  out.push_back(simple_title(c));
}

bool is_cased(char32_t c) { return is_lower(c) || is_upper(c) || is_title(c); }

bool is_case_ignorable(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return c == '\'' || c == '.' || c == ':' || c == 0xb7 || c == 0x2018 || c == 0x2019 || c == 0x2024;
  }
}

// A capital sigma at the end of a word becomes the final form.
bool is_final_sigma(const std::u32string& text, size_t at) {
  size_t before = at;
  while (before > 0 && is_case_ignorable(text[before - 1])) --before;
  if (before == 0 || !is_cased(text[before - 1])) return false;
  size_t after = at + 1;
  while (after < text.size() && is_case_ignorable(text[after])) ++after;
  return after == text.size() || !is_cased(text[after]);
}

void append_lower(std::u32string& out, const std::u32string& text, size_t at) {
  const char32_t c = text[at];
  if (c == 0x3a3) {
    out.push_back(is_final_sigma(text, at) ? 0x3c2 : 0x3c3);
  } else if (c == 0x130) {
    out += U"i\u0307";
  } else {
    out.push_back(simple_lower(c));
  }
}

bool is_line_end(char32_t c) {
  return (c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool strips(char32_t c, const std::u32string* chars) {
  return chars == nullptr ? is_space(c) : chars->find(c) != std::u32string::npos;
}

template <class Byte>
std::string map_ascii(std::string_view text, Byte byte) {
  std::string out(text);
  for (char& c : out) c = byte(c);
  return out;
}

char ascii_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

size_t count_chars(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

char32_t next_char(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
  const char32_t lead = byte(at);
  const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length == 1 || at + length > text.size()) return ++at, lead;
  char32_t c = lead & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) c = (c << 6) | (byte(at + i) & 0x3F);
  at += length;
  return c;
}

std::u32string decode(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) out.push_back(next_char(text, at));
  return out;
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6), put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 0x3F)), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  }
}

std::string encode(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char32_t c : text) append_utf8(out, c);
  return out;
}

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool is_printable(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    case UTF8PROC_CATEGORY_ZS:
      return c == ' ';
    default:
      return true;
  }
}

bool is_alpha(char32_t c) {
  const auto k = category(c);
  return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO;
}
bool is_decimal(char32_t c) { return category(c) == UTF8PROC_CATEGORY_ND; }
bool is_digit(char32_t c) {
  return is_decimal(c) || std::any_of(std::begin(kDigitsBeyondNd), std::end(kDigitsBeyondNd),
                                      [&](Range r) { return c >= r.first && c <= r.last; });
}
bool is_numeric(char32_t c) {
  const auto k = category(c);
  return k == UTF8PROC_CATEGORY_ND || k == UTF8PROC_CATEGORY_NL || k == UTF8PROC_CATEGORY_NO;
}
bool is_alnum(char32_t c) { return is_alpha(c) || is_numeric(c); }
bool is_word(char32_t c) { return c == '_' || is_alnum(c); }
bool is_lower(char32_t c) { return utf8proc_islower(static_cast<utf8proc_int32_t>(c)) != 0; }
bool is_upper(char32_t c) { return utf8proc_isupper(static_cast<utf8proc_int32_t>(c)) != 0 && !is_title(c); }
bool is_title(char32_t c) { return category(c) == UTF8PROC_CATEGORY_LT; }

std::string upper(std::string_view text) {
  if (is_ascii(text)) return map_ascii(text, ascii_upper);
  std::u32string out;
  for (char32_t c : decode(text)) append_upper(out, c);
  return encode(out);
}

std::string lower(std::string_view text) {
  if (is_ascii(text)) return map_ascii(text, ascii_lower);
  const std::u32string chars = decode(text);
  std::u32string out;
  for (size_t i = 0; i < chars.size(); ++i) append_lower(out, chars, i);
  return encode(out);
}

std::string title(std::string_view text) {
  const std::u32string chars = decode(text);
  std::u32string out;
  bool in_word = false;
  for (size_t i = 0; i < chars.size(); ++i) {
    if (in_word) {
      append_lower(out, chars, i);
    } else {
      append_title(out, chars[i]);
    }
    in_word = is_cased(chars[i]);
  }
  return encode(out);
}

std::string capitalize(std::string_view text) {
  const std::u32string chars = decode(text);
  std::u32string out;
  for (size_t i = 0; i < chars.size(); ++i) {
    if (i > 0) {
      append_lower(out, chars, i);
    } else {
      append_title(out, chars[i]);
    }
  }
  return encode(out);
}

std::string swapcase(std::string_view text) {
  const std::u32string chars = decode(text);
  std::u32string out;
  for (size_t i = 0; i < chars.size(); ++i) {
    if (is_upper(chars[i])) {
      append_lower(out, chars, i);
    } else if (is_lower(chars[i])) {
      append_upper(out, chars[i]);
    } else {
      out.push_back(chars[i]);
    }
  }
  return encode(out);
}

std::string casefold(std::string_view text) {
  if (is_ascii(text)) return map_ascii(text, ascii_lower);
  std::string out;
  for (char32_t c : decode(text)) {
    utf8proc_int32_t folded[8];
    int boundary = 0;
    const auto count =
        utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), folded, 8, UTF8PROC_CASEFOLD, &boundary);
    for (utf8proc_ssize_t i = 0; i < count; ++i) append_utf8(out, static_cast<char32_t>(folded[i]));
  }
  return out;
}

std::string_view strip_left(std::string_view text, const std::u32string* chars) {
  size_t at = 0;
  while (at < text.size()) {
    size_t after = at;
    if (!strips(next_char(text, after), chars)) break;
    at = after;
  }
  return text.substr(at);
}

std::string_view strip_right(std::string_view text, const std::u32string* chars) {
  while (!text.empty()) {
    size_t start = text.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    size_t at = start;
    if (!strips(next_char(text, at), chars)) break;
    text = text.substr(0, start);
  }
  return text;
}

std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends) {
  std::vector<std::string_view> lines;
  size_t start = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t here = at;
    const char32_t c = next_char(text, at);
    if (!is_line_end(c)) continue;
    if (c == '\r' && at < text.size() && text[at] == '\n') ++at;
    lines.push_back(text.substr(start, (keep_ends ? at : here) - start));
    start = at;
  }
  if (start < text.size()) lines.push_back(text.substr(start));
  return lines;
}

}  // namespace hone::jinja
