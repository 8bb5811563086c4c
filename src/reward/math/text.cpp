#include "reward/math/text.h"

#include "base/text.h"
#include "reward/math/lexer.h"
#include "reward/math/parser.h"

namespace hone::math {
namespace {

bool is_trailing(const Token& t) { return t.is(".") || t.is(",") || t.is(";") || t.is(":") || t.is("!"); }

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens = tokenize(text);
  tokens.pop_back();  // end
  while (!tokens.empty() && is_trailing(tokens.back())) tokens.pop_back();
  return tokens;
}

void append_lower(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == ' ') continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
}

}  // namespace

std::string plain_text(std::string_view text) {
  if (text.size() > kMaxAnswerBytes) return "";
  std::string out;
  const std::vector<Token> tokens = tokens_of(text);
  size_t begin = 0, end = tokens.size();
  if (end == 3 && tokens[0].is("(") && tokens[2].is(")")) ++begin, --end;
  for (size_t i = begin; i < end; ++i) append_lower(out, tokens[i].text);
  return out;
}

std::optional<char> option_letter(std::string_view text) {
  if (text.size() > kMaxAnswerBytes) return std::nullopt;
  std::vector<Token> tokens = tokenize(text);
  size_t i = 0;
  for (const std::string_view word : {"option", "choice"}) {
    if (tokens[0].type != Token::words || !tokens[0].text.starts_with(word)) continue;
    if (tokens[0].text.size() == word.size() + 2) return tokens[0].text.back();  // \text{option A}
    if (tokens[0].text == word) ++i;
  }
  const bool bracket = tokens[i].is("(");
  i += bracket;
  if (tokens[i].type != Token::letter || tokens[i].text[0] < 'A' || tokens[i].text[0] > 'J') return std::nullopt;
  const Token& after = tokens[i + 1];
  if (after.type != Token::end && !after.is(bracket ? ")" : ".") && !after.is(")") && !after.is(":")) {
    return std::nullopt;
  }
  return static_cast<char>(tokens[i].text[0] - 'A' + 'a');
}

bool is_prose(std::string_view text) {
  if (text.size() > kMaxAnswerBytes || !is_valid_utf8(text)) return false;
  bool words = false;
  int letters = 0;
  for (const Token& t : tokens_of(text)) {
    const bool notation = t.type == Token::command || t.is("^") || t.is("_") || t.is("=") || t.is("{") || t.is("}") ||
                          t.is("\\{") || t.is("\\}") || t.is("\\\\") || t.is("+") || t.is("<") || t.is(">");
    if (notation) return false;
    letters = t.type == Token::letter && (letters == 0 || !t.space) ? letters + 1 : t.type == Token::letter;
    words |= t.type == Token::words || letters >= 2 || t.type == Token::word;
  }
  return words;
}

}  // namespace hone::math
