#include "text/jinja/lexer.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/check.h"
#include "base/text.h"
#include "text/jinja/literals.h"
#include "text/jinja/unicode.h"

namespace hone::jinja {
namespace {

constexpr size_t npos = std::string_view::npos;

/// \r\n and \r become \n; one newline at the very end is dropped.
std::string normalized(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      out.push_back('\n');
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      out.push_back(source[i]);
    }
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string source) : source_(std::move(source)) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) lex_text();
    add(TokenKind::end, at_);
    return std::move(tokens_);
  }

 private:
  std::string_view rest(size_t from) const { return std::string_view(source_).substr(from); }
  bool starts(size_t from, std::string_view prefix) const { return rest(from).starts_with(prefix); }

  // Positions are asked for in ascending order, but for errors.
  Position position(size_t offset) {
    if (offset < counted_) counted_ = 0, line_start_ = 0, line_ = 1;
    for (; counted_ < offset; ++counted_) {
      if (source_[counted_] == '\n') ++line_, line_start_ = counted_ + 1;
    }
    return {line_, static_cast<int>(offset - line_start_) + 1};
  }

  Token& add(TokenKind kind, size_t offset, std::string text = {}) {
    return tokens_.emplace_back(Token{kind, position(offset), std::move(text)});
  }

  [[noreturn]] void fail_at(size_t offset, const std::string& message) { syntax_error(position(offset), message); }

  // Template text up to the next tag, then that tag.
  void lex_text() {
    size_t tag = at_;
    do {
      tag = source_.find('{', tag);
    } while (tag != npos && !starts(tag, "{%") && !starts(tag, "{{") && !starts(tag, "{#") && ++tag != npos);
    if (tag == npos) {
      add(TokenKind::data, at_, source_.substr(at_));
      at_ = source_.size();
      return;
    }
    const char sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
    const bool is_print = source_[tag + 1] == '{';
    add_data(at_, tag, sign, !is_print);
    const size_t body = tag + 2 + (sign == '-' || sign == '+');
    if (source_[tag + 1] == '#') {
      skip_comment(tag, body);
    } else if (is_print) {
      add(TokenKind::print_begin, tag);
      lex_tag(body, true);
    } else if (!lex_raw(tag, body)) {
      add(TokenKind::block_begin, tag);
      lex_tag(body, false);
    }
    after_newline_ = at_ > 0 && source_[at_ - 1] == '\n';
  }

  // Text [from, to) before a tag: `-` strips all white space at its end, lstrip_blocks the indentation of the tag.
  void add_data(size_t from, size_t to, char sign, bool strip_indent) {
    std::string_view text = std::string_view(source_).substr(from, to - from);
    if (sign == '-') {
      text = strip_right(text, nullptr);
    } else if (sign != '+' && strip_indent) {
      const size_t newline = text.rfind('\n');
      const size_t line = newline == npos ? 0 : newline + 1;
      if ((newline != npos || after_newline_) && strip_left(text.substr(line), nullptr).empty()) {
        text = text.substr(0, line);
      }
    }
    if (!text.empty()) add(TokenKind::data, from, std::string(text));
  }

  size_t skip_space(size_t from) const { return source_.size() - strip_left(rest(from), nullptr).size(); }

  // Past `close` at `from` with its sign and what it eats behind it; npos if it is not there.
  size_t match_end(size_t from, std::string_view close, bool plus_allowed, bool trims_newline) const {
    if (starts(from, close)) {
      const size_t end = from + close.size();
      return trims_newline && starts(end, "\n") ? end + 1 : end;
    }
    if (from + 1 < source_.size() && starts(from + 1, close)) {
      if (source_[from] == '-') return skip_space(from + 1 + close.size());
      if (source_[from] == '+' && plus_allowed) return from + 1 + close.size();
    }
    return npos;
  }

  void skip_comment(size_t tag, size_t body) {
    for (size_t i = body; i < source_.size(); ++i) {
      const size_t end = match_end(i, "#}", true, true);
      if (end != npos) {
        at_ = end;
        return;
      }
    }
    if (body < source_.size()) fail_at(tag, "this comment has no end ('#}')");
    at_ = body;  // jinja2 lets a template end right behind {#
  }

  // {% raw %} ... {% endraw %}; false if the tag at hand is another.
  bool lex_raw(size_t tag, size_t body) {
    const size_t word = skip_space(body);
    if (!starts(word, "raw")) return false;
    const size_t text = match_end(skip_space(word + 3), "%}", false, false);
    if (text == npos) return false;
    after_newline_ = source_[text - 1] == '\n';
    for (size_t open = source_.find("{%", text); open != npos; open = source_.find("{%", open + 1)) {
      const char sign = open + 2 < source_.size() ? source_[open + 2] : '\0';
      const size_t name = skip_space(open + 2 + (sign == '-' || sign == '+'));
      if (!starts(name, "endraw")) continue;
      const size_t end = match_end(skip_space(name + 6), "%}", true, true);
      if (end == npos) continue;
      add_data(text, open, sign, true);
      at_ = end;
      return true;
    }
    if (text < source_.size()) fail_at(tag, "this raw block has no end ('{% endraw %}')");
    at_ = text;
    return true;
  }

  // The inside of {{ }} or {% %}. The end tag counts only outside brackets.
  void lex_tag(size_t from, bool is_print) {
    std::vector<char> open;
    at_ = from;
    while (at_ < source_.size()) {
      if (open.empty()) {
        const size_t end = is_print ? match_end(at_, "}}", false, false) : match_end(at_, "%}", true, true);
        if (end != npos) {
          add(is_print ? TokenKind::print_end : TokenKind::block_end, at_);
          at_ = end;
          return;
        }
      }
      lex_token(open);
    }
  }

  void lex_token(std::vector<char>& open) {
    const size_t space = skip_space(at_);
    if (space > at_) {
      at_ = space;
      return;
    }
    const char c = source_[at_];
    if (c >= '0' && c <= '9') return lex_number();
    if (c == '"' || c == '\'') return lex_string(c);
    size_t after = at_;
    if (is_word(next_char(source_, after))) return lex_name();
    lex_operator(open);
  }

  void lex_number() {
    const bool after_dot = at_ > 0 && source_[at_ - 1] == '.';  // a.0.1 is two items, not a.(0.1)
    const NumberLiteral number = scan_number(rest(at_), !after_dot);
    if (number.overflow) fail_at(at_, "integer literal beyond 64 bits");
    Token& token = add(number.is_real ? TokenKind::real : TokenKind::integer, at_);
    token.integer = number.integer;
    token.real = number.real;
    at_ += number.length;
  }

  void lex_name() {
    const size_t start = at_;
    for (size_t after = at_; at_ < source_.size() && is_word(next_char(source_, after));) at_ = after;
    add(TokenKind::name, start, source_.substr(start, at_ - start));
  }

  void lex_string(char quote) {
    size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) fail_at(at_, "this string has no end");
    std::string problem;
    std::string value = unescape(rest(at_ + 1).substr(0, end - at_ - 1), problem);
    if (!problem.empty()) fail_at(at_, problem);
    add(TokenKind::text, at_, std::move(value));
    at_ = end + 1;
  }

  void lex_operator(std::vector<char>& open) {
    static constexpr std::array<std::string_view, 26> kOperators = {"**", "//", "==", "!=", ">=", "<=", "+", "-", "/",
                                                                    "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                                                    ">",  "<",  "=",  ".",  ":",  "|",  ",", ";"};
    const auto* found = std::find_if(kOperators.begin(), kOperators.end(), [&](auto op) { return starts(at_, op); });
    if (found == kOperators.end()) fail_at(at_, "unexpected character " + quote_for_message(rest(at_), 4));
    const char c = found->front();
    if (c == '(' || c == '[' || c == '{') open.push_back(c == '(' ? ')' : c == '[' ? ']' : '}');
    if (c == ')' || c == ']' || c == '}') {
      if (open.empty() || open.back() != c) {
        fail_at(at_,
                fmt::format("unexpected '{}'{}", c, open.empty() ? "" : fmt::format(", expected '{}'", open.back())));
      }
      open.pop_back();
    }
    add(TokenKind::op, at_, std::string(*found));
    at_ += found->size();
  }

  std::string source_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  bool after_newline_ = true;  // the text at hand begins a line
  size_t counted_ = 0, line_start_ = 0;
  int line_ = 1;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source) { return Lexer(normalized(source)).run(); }

void syntax_error(Position at, const std::string& message) {
  fail(ErrorKind::format, "chat template {}:{}: {}", at.line, at.column, message);
}

}  // namespace hone::jinja
