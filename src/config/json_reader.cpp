// A small strict JSON parser: no C++ JSON library tells line and column of a value.
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "config/document.h"
#include "config/scalars.h"

namespace hone::config {
namespace {

class JsonParser {
 public:
  JsonParser(std::string_view text, const SourcePosition& start, Problems& problems)
      : text_(text), start_(start), problems_(problems) {}

  Node parse_all() {
    Node root = parse_value(1);
    skip_space();
    if (at_ < text_.size()) fail_here("expected the end of the file, got " + next_character());
    return root;
  }

 private:
  Node parse_value(int depth) {
    skip_space();
    if (++nodes_ > Limits::kNodes) fail_here(fmt::format("more than {} values", Limits::kNodes));
    if (depth > Limits::kDepth) fail_here(fmt::format("values nested more than {} deep", Limits::kDepth));
    Node node;
    node.position = here();
    switch (peek()) {
      case '{':
        parse_object(node, depth);
        break;
      case '[':
        parse_array(node, depth);
        break;
      case '"':
        node.style = Style::quoted;
        node.text = parse_string();
        break;
      default:
        parse_literal(node);
    }
    return node;
  }

  void parse_object(Node& node, int depth) {
    node.kind = Node::Kind::map;
    take('{');
    for (bool first = true; !closes('}'); first = false) {
      if (!first) take_comma('}');
      if (peek() != '"') fail_here("expected a key in double quotes, got " + next_character());
      const SourcePosition position = here();
      if (node.entries.size() >= Limits::kKeys) fail_here(fmt::format("more than {} keys in a map", Limits::kKeys));
      std::string key = parse_string();
      skip_space();
      if (peek() != ':')
        fail_here("expected ':' after the key " + quote_for_message(key) + ", got " + next_character());
      take(':');
      Node value = parse_value(depth + 1);
      if (node.find(key))
        problems_.add(position, "the key " + quote_for_message(key) + " is given twice");
      else
        node.entries.push_back({std::move(key), position, std::move(value)});
    }
    take('}');
  }

  void parse_array(Node& node, int depth) {
    node.kind = Node::Kind::list;
    take('[');
    for (bool first = true; !closes(']'); first = false) {
      if (!first) take_comma(']');
      node.items.push_back(parse_value(depth + 1));
    }
    take(']');
  }

  bool closes(char bracket) {
    skip_space();
    return peek() == bracket;
  }

  void take_comma(char bracket) {
    if (peek() != ',') fail_here(fmt::format("expected ',' or '{}', got {}", bracket, next_character()));
    take(',');
    skip_space();
    if (peek() == bracket) fail_here("a comma before the closing bracket");
  }

  void parse_literal(Node& node) {
    const size_t begin = at_;
    while (at_ < text_.size() && std::string_view(" \t\r\n,:[]{}\"").find(text_[at_]) == std::string_view::npos) ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    const bool json_number = is_number(word) && word[0] != '+' && word[0] != '.' && word.substr(0, 2) != "-." &&
                             word.back() != '.' && word.find(".e") == word.npos && word.find(".E") == word.npos;
    if (word != "true" && word != "false" && word != "null" && !json_number) {
      at_ = begin;
      fail_here("expected a JSON value, got " + (word.empty() ? next_character() : quote_for_message(word)));
    }
    node.style = Style::literal;
    node.text = word;
  }

  std::string parse_string() {
    take('"');
    std::string out;
    for (;;) {
      const char c = peek();
      if (at_ >= text_.size() || c == '\n' || c == '\r') fail_here("a text that is not closed with a double quote");
      if (c == '"') break;
      if (c == '\t') fail_here("a tab inside a text; write \\t");
      ++at_;
      if (c == '\\')
        parse_escape(out);
      else
        out += c;
    }
    take('"');
    return out;
  }

  void parse_escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt", kValues = "\"\\/\b\f\n\r\t";
    const char c = peek();
    if (c == 'u') {
      ++at_;
      append_utf8(out, parse_code_point());
      return;
    }
    const size_t which = at_ < text_.size() ? kNames.find(c) : std::string_view::npos;
    if (which == std::string_view::npos) fail_here("an escape that JSON does not have: \\" + next_character());
    ++at_;
    out += kValues[which];
  }

  uint32_t parse_code_point() {
    uint32_t code = parse_hex4();
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      const uint32_t low = parse_hex4();
      if (low < 0xDC00 || low > 0xDFFF) fail_here("half of a surrogate pair");
      return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    if (code >= 0xD800 && code < 0xE000) fail_here("half of a surrogate pair");
    if (code == 0) fail_here("the character U+0000 in a text");
    return code;
  }

  uint32_t parse_hex4() {
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = peek();
      const size_t digit =
          at_ < text_.size() ? std::string_view("0123456789abcdefABCDEF").find(c) : std::string_view::npos;
      if (digit == std::string_view::npos)
        fail_here("expected four hexadecimal digits after \\u, got " + next_character());
      value = value * 16 + static_cast<uint32_t>(digit < 16 ? digit : digit - 6);
      ++at_;
    }
    return value;
  }

  static void append_utf8(std::string& out, uint32_t code) {
    const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
    } else {
      put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F)),
          put(0x80 | (code & 0x3F));
    }
  }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
      if (text_[at_++] == '\n') ++line_, line_start_ = at_;
    }
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void take(char c) {
    HONE_ASSERT(peek() == c);
    ++at_;
  }
  std::string next_character() const {
    if (at_ >= text_.size()) return "the end of the file";
    size_t size = 1;
    while (at_ + size < text_.size() && (text_[at_ + size] & 0xC0) == 0x80) ++size;
    return quote_for_message(text_.substr(at_, size));
  }
  SourcePosition here() const {
    if (start_.line == 0) return start_;
    return {start_.source, start_.line + line_, 1 + count_characters(text_.substr(line_start_, at_ - line_start_))};
  }
  [[noreturn]] void fail_here(const std::string& message) const { throw SyntaxError{here(), "not JSON: " + message}; }

  const std::string_view text_;
  const SourcePosition start_;
  Problems& problems_;
  size_t at_ = 0, line_start_ = 0, nodes_ = 0;
  int line_ = 0;
};

}  // namespace

Node read_json(std::string_view text, const SourcePosition& start, Problems& problems) {
  return JsonParser(text, start, problems).parse_all();
}

}  // namespace hone::config
