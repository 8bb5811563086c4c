#include "reward/prose.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include <utf8proc.h>

namespace hone {
namespace {

struct Range {
  int32_t first, last;
  Script script;
};

constexpr Range kRanges[] = {
    {0x0041, 0x005A, Script::latin},      {0x0061, 0x007A, Script::latin},    {0x00AA, 0x00AA, Script::latin},
    {0x00BA, 0x00BA, Script::latin},      {0x00C0, 0x00D6, Script::latin},    {0x00D8, 0x00F6, Script::latin},
    {0x00F8, 0x024F, Script::latin},      {0x0370, 0x03FF, Script::greek},    {0x0400, 0x052F, Script::cyrillic},
    {0x0531, 0x058F, Script::armenian},   {0x05D0, 0x05F2, Script::hebrew},   {0x0620, 0x065F, Script::arabic},
    {0x066E, 0x06D3, Script::arabic},     {0x06D5, 0x06EF, Script::arabic},   {0x06FA, 0x06FF, Script::arabic},
    {0x0750, 0x077F, Script::arabic},     {0x0E01, 0x0E4E, Script::thai},     {0x0E81, 0x0ECD, Script::lao},
    {0x10A0, 0x10FF, Script::georgian},   {0x1100, 0x11FF, Script::hangul},   {0x1E00, 0x1EFF, Script::latin},
    {0x1F00, 0x1FFF, Script::greek},      {0x2E80, 0x2FDF, Script::han_kana}, {0x3005, 0x3007, Script::han_kana},
    {0x3041, 0x3096, Script::han_kana},   {0x309D, 0x309F, Script::han_kana}, {0x30A1, 0x30FA, Script::han_kana},
    {0x30FC, 0x30FF, Script::han_kana},   {0x3131, 0x318E, Script::hangul},   {0x31F0, 0x31FF, Script::han_kana},
    {0x3400, 0x4DBF, Script::han_kana},   {0x4E00, 0x9FFF, Script::han_kana}, {0xAC00, 0xD7A3, Script::hangul},
    {0xF900, 0xFAFF, Script::han_kana},   {0xFB50, 0xFDFF, Script::arabic},   {0xFE70, 0xFEFC, Script::arabic},
    {0xFF21, 0xFF3A, Script::latin},      {0xFF41, 0xFF5A, Script::latin},    {0xFF66, 0xFF9D, Script::han_kana},
    {0x20000, 0x3FFFD, Script::han_kana},
};

bool is_kana(int32_t c) {
  return (c >= 0x3041 && c <= 0x30FF) || (c >= 0x31F0 && c <= 0x31FF) || (c >= 0xFF66 && c <= 0xFF9D);
}

bool is_mark(int32_t c) {
  const utf8proc_category_t category = utf8proc_category(c);
  return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC;
}

bool is_digit(int32_t c) { return utf8proc_category(c) == UTF8PROC_CATEGORY_ND; }

bool ends_sentence(int32_t c) {
  static constexpr std::u32string_view kEnds = U".!?:;\n\r…。！？；：।॥؟۔";
  return c >= 0 && kEnds.find(static_cast<char32_t>(c)) != std::u32string_view::npos;
}

/// Operators of formulas. Hyphens and slashes are not among them: they also join words.
bool is_operator(int32_t c) {
  static constexpr std::u32string_view kOperators = U"+=*^<>×÷−≤≥≠≈±√|{}\\";
  return c >= 0 && kOperators.find(static_cast<char32_t>(c)) != std::u32string_view::npos;
}

/// Blanks text[begin, end) but for line breaks.
void blank(std::string& text, size_t begin, size_t end) {
  for (size_t i = begin; i < std::min(end, text.size()); ++i) {
    if (text[i] != '\n') text[i] = ' ';
  }
}

bool is_unit(std::string_view word) {
  static constexpr std::string_view kUnits[] = {"km", "cm", "mm", "kg", "mg", "ml", "ms", "hz",
                                                "Hz", "kW", "MB", "GB", "lb", "oz", "ft"};
  return std::find(std::begin(kUnits), std::end(kUnits), word) != std::end(kUnits);
}

bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Finds what closes a span. Each kind of closer is searched for once over the text, however many spans it could close.
class Closers {
 public:
  explicit Closers(std::string_view text) : text_(text) {}

  /// End of the first `closer` at or after `from`; npos if there is none within `limit` bytes.
  size_t find(std::string_view closer, size_t from, size_t limit) {
    const auto [found, is_new] = next_.try_emplace(closer, 0);
    size_t& next = found->second;
    if (is_new || (next != std::string_view::npos && next < from)) next = text_.find(closer, from);
    return next == std::string_view::npos || next - from > limit ? std::string_view::npos : next + closer.size();
  }

 private:
  std::string_view text_;
  std::map<std::string_view, size_t> next_;  // closer -> where it stands next
};

constexpr size_t kMaxFormula = 2000;  // bytes; what closes further away than this closes nothing

/// End of a formula that begins with the dollar sign at `at`, or `at` if it is an amount: $5 and $10.
size_t dollar_end(std::string_view text, size_t at) {
  const std::string_view opener = text.substr(at).starts_with("$$") ? "$$" : "$";
  const size_t start = at + opener.size();
  const size_t limit = std::min(text.size(), start + kMaxFormula);
  if (opener == "$" && start < text.size() && (text[start] == ' ' || text[start] == '\n')) return at;
  for (size_t i = start; i < limit; ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (opener == "$" && text[i] == '\n') {
      return at;
    } else if (text[i] == '$' && text.substr(i).starts_with(opener)) {
      const bool amount =
          opener == "$" && (text[i - 1] == ' ' || (i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9'));
      return amount ? at : i + opener.size();
    }
  }
  return at;
}

/// End of the span of code, formula, tag or address that begins at `at`; `at` if none does.
size_t span_end(std::string_view text, size_t at, Closers& closers) {
  const std::string_view rest = text.substr(at);
  const auto up_to = [&](std::string_view opener, std::string_view closer, size_t limit) {
    const size_t end = closers.find(closer, at + opener.size(), limit);
    return end == std::string_view::npos ? at : end;
  };
  switch (text[at]) {
    case '`': {
      if (rest.starts_with("```")) {
        const size_t end = up_to("```", "```", text.size());
        return end == at ? text.size() : end;  // an open fence runs to the end
      }
      const size_t close = text.substr(at + 1, 1000).find_first_of("`\n");
      return close == std::string_view::npos || text[at + 1 + close] == '\n' ? at : at + close + 2;
    }
    case '$':
      return dollar_end(text, at);
    case '\\': {
      if (rest.starts_with("\\(")) return up_to("\\(", "\\)", kMaxFormula);
      if (rest.starts_with("\\[")) return up_to("\\[", "\\]", kMaxFormula);
      for (const std::string_view name : {"equation", "align", "cases", "pmatrix", "bmatrix", "matrix", "array"}) {
        if (rest.starts_with("\\begin{") && rest.substr(7).starts_with(name))
          return up_to("\\begin{", "\\end{", kMaxFormula);
      }
      if (rest.starts_with("\\text")) return at + std::min(rest.size(), rest.find('{'));  // its content is prose
      size_t end = at + 1;
      while (end < text.size() && is_ascii_letter(text[end])) ++end;
      return end == at + 1 ? at : end;
    }
    case '<': {
      const size_t close = text.substr(at, 100).find('>');
      const bool tag =
          at + 1 < text.size() && (is_ascii_letter(text[at + 1]) || text[at + 1] == '/' || text[at + 1] == '|');
      return tag && close != std::string_view::npos ? at + close + 1 : at;
    }
    case 'h':
    case 'w': {
      if (!rest.starts_with("http://") && !rest.starts_with("https://") && !rest.starts_with("www.")) return at;
      return at + std::min(rest.size(), rest.find_first_of(" \t\r\n\"<>"));
    }
    default:
      return at;
  }
}

/// Words as they are found, with what the neighbours decide.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::vector<Word> run() {
    for (size_t at = 0; at < text_.size();) {
      const size_t begin = at;
      const int32_t c = next_code_point(text_, at);
      const Script script = script_of(c);
      if (script == Script::none) {
        after(c);
      } else {
        at = begin;
        read_word(script, at);
      }
    }
    drop_formula_letters();
    return std::move(words_);
  }

 private:
  void after(int32_t c) {
    sentence_ended_ |= ends_sentence(c);
    if (c == ' ' || c == '\t') return;
    previous_ = c;
  }

  void read_word(Script script, size_t& at) {
    Word word;
    word.begin = at;
    word.script = script;
    word.weight = 0;
    const int32_t before = at > 0 ? static_cast<unsigned char>(text_[at - 1]) : ' ';
    bool code = before == '_' || (before >= '0' && before <= '9' && !counts_characters(script));
    while (at < text_.size()) {
      const size_t start = at;
      const int32_t c = next_code_point(text_, at);
      const Script here = script_of(c);
      const bool joins = (c == '\'' || c == 0x2019 || c == '-') && !counts_characters(script);
      if (here == script) {
        word.weight += counts_characters(script) && !is_mark(c);
        word.has_kana |= is_kana(c);
      } else if (joins && next_is(script, at)) {
        continue;
      } else if (is_mark(c) || c == 0x200C || c == 0x200D) {
        continue;
      } else if ((c == '_' || is_digit(c)) && !counts_characters(script)) {
        code = true;
      } else {
        at = start;
        break;
      }
      word.end = at;
    }
    if (!counts_characters(script)) word.weight = 1;
    word.starts_sentence = sentence_ended_;
    if (code || word.weight == 0 || word.end <= word.begin) {
      previous_ = '0';  // as a digit: what stands beside it may belong to a formula
      return;
    }
    sentence_ended_ = false;
    words_.push_back(word);
    before_.push_back(previous_);
    previous_ = 'a';
  }

  bool next_is(Script script, size_t at) const {
    return at < text_.size() && script_of(next_code_point(text_, at)) == script;
  }

  /// Letters of formulas without dollar signs: x = 3, a + b, 5 km.
  void drop_formula_letters() {
    size_t kept = 0;
    bool starts = false;
    for (size_t i = 0; i < words_.size(); ++i) {
      starts |= words_[i].starts_sentence;
      if (is_formula(i)) continue;
      words_[kept] = words_[i];
      words_[kept].starts_sentence = std::exchange(starts, false);
      ++kept;
    }
    words_.resize(kept);
  }

  bool is_formula(size_t i) const {
    const Word& word = words_[i];
    if (word.script != Script::latin && word.script != Script::greek) return false;
    size_t letters = 0;
    for (size_t at = word.begin; at < word.end; next_code_point(text_, at)) ++letters;
    if (word.script == Script::greek && letters == 1) return true;
    if (letters > 2) return false;
    size_t at = word.end;
    while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\t')) ++at;
    const int32_t next = at < text_.size() ? next_code_point(text_, at) : ' ';
    const auto formula_sign = [&](int32_t c) { return is_operator(c) || (letters == 1 && (c == '(' || c == '/')); };
    if (formula_sign(next) || is_operator(before_[i]) || (letters == 1 && before_[i] == '/')) return true;
    const std::string_view bytes = text_.substr(word.begin, word.end - word.begin);
    if (is_digit(before_[i]) && (letters == 1 || is_unit(bytes))) return true;
    // A lone letter that is no word of any language written in Latin letters.
    static constexpr std::string_view kOneLetterWords = "aAIeEoOyYuUàÀèÈéÉêÊiíóçwzkvsŵ";
    return letters == 1 && kOneLetterWords.find(bytes) == std::string_view::npos;
  }

  std::string_view text_;
  std::vector<Word> words_;
  std::vector<int32_t> before_;  // what stands before each word, spaces left out
  int32_t previous_ = '\n';
  bool sentence_ended_ = true;
};

}  // namespace

int32_t next_code_point(std::string_view text, size_t& at) {
  utf8proc_int32_t c = -1;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at;
  const auto read = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size() - at), &c);
  at += read > 0 ? static_cast<size_t>(read) : 1;
  return read > 0 ? c : -1;
}

Script script_of(int32_t c) {
  if (c < 0x41) return Script::none;
  if (c < 0x80) return (c <= 0x5A || (c >= 0x61 && c <= 0x7A)) ? Script::latin : Script::none;
  const auto* range = std::upper_bound(std::begin(kRanges), std::end(kRanges), c,
                                       [](int32_t x, const Range& r) { return x < r.first; });
  if (range != std::begin(kRanges) && c <= std::prev(range)->last) return std::prev(range)->script;
  if (c >= 0x1D400 && c <= 0x1D7FF) return Script::none;  // letters of formulas
  const utf8proc_category_t category = utf8proc_category(c);
  const bool letter = category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL ||
                      category == UTF8PROC_CATEGORY_LT || category == UTF8PROC_CATEGORY_LO;
  if (!letter) return Script::none;
  if (c >= 0x0900 && c < 0x0E00) return static_cast<Script>(static_cast<int>(Script::indic) + ((c - 0x0900) >> 7));
  return Script::other;
}

bool counts_characters(Script script) {
  return script == Script::han_kana || script == Script::hangul || script == Script::thai || script == Script::lao;
}

std::string blank_code_and_maths(std::string_view text) {
  std::string out(text);
  Closers closers(text);
  for (size_t at = 0; at < text.size();) {
    const size_t end = span_end(text, at, closers);
    blank(out, at, end);
    at = std::max(end, at + 1);
  }
  return out;
}

std::vector<Word> split_words(std::string_view text) { return Splitter(text).run(); }

}  // namespace hone
