#include "reward/judge_verdict.h"

#include <charconv>
#include <cmath>
#include <vector>

#include "base/text.h"
#include "reward/extract.h"

namespace hone {
namespace {

constexpr size_t kMaxReply = 1 << 20;

struct Value {
  enum class Kind { text, number, other } kind = Kind::other;
  std::string text;
  double number = 0;
};

struct Member {
  std::string key;
  Value value;
};

/// A flat JSON object. Each function leaves `at` behind what it read, or returns false.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool object(std::vector<Member>& members) {
    if (!take('{')) return false;
    if (take('}')) return true;
    do {
      Member member;
      skip_spaces();
      if (!string(member.key) || !take(':') || !value(member.value)) return false;
      members.push_back(std::move(member));
      if (members.size() > 16) return false;
    } while (take(','));
    return take('}');
  }
  bool at_end() {
    skip_spaces();
    return at_ == text_.size();
  }

 private:
  void skip_spaces() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool take(char c) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  bool value(Value& out) {
    skip_spaces();
    if (at_ >= text_.size()) return false;
    if (text_[at_] == '"') {
      out.kind = Value::Kind::text;
      return string(out.text);
    }
    if (text_[at_] == '-' || is_digit(at_)) {
      out.kind = Value::Kind::number;
      return number(out.number);
    }
    return take_word("true") || take_word("false") || take_word("null");
  }

  bool is_digit(size_t i) const { return i < text_.size() && text_[i] >= '0' && text_[i] <= '9'; }
  bool digits() {
    const size_t start = at_;
    while (is_digit(at_)) ++at_;
    return at_ > start;
  }
  bool number(double& out) {
    const size_t start = at_;
    if (text_[at_] == '-') ++at_;
    if (at_ < text_.size() && text_[at_] == '0') {
      ++at_;
    } else if (!digits()) {
      return false;
    }
    if (at_ < text_.size() && text_[at_] == '.' && (++at_, !digits())) return false;
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!digits()) return false;
    }
    const auto [end, error] = std::from_chars(text_.data() + start, text_.data() + at_, out);
    return error == std::errc() && end == text_.data() + at_ && std::isfinite(out);
  }

  bool hex4(uint32_t& out) {
    if (at_ + 4 > text_.size()) return false;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, out, 16);
    if (error != std::errc() || end != text_.data() + at_ + 4) return false;
    at_ += 4;
    return true;
  }
  static void append_utf8(std::string& out, uint32_t c) {
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 0x3F))};
    } else if (c < 0x10000) {
      out += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3F)),
              static_cast<char>(0x80 | (c & 0x3F))};
    } else {
      out += {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 0x3F)),
              static_cast<char>(0x80 | (c >> 6 & 0x3F)), static_cast<char>(0x80 | (c & 0x3F))};
    }
  }
  bool escape(std::string& out) {
    constexpr std::string_view kEscapes = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    if (const size_t which = kEscapes.find(c); which != std::string_view::npos) {
      out += kMeanings[which];
      return true;
    }
    uint32_t unit = 0, low = 0;
    if (c != 'u' || !hex4(unit) || (unit >= 0xDC00 && unit < 0xE000)) return false;
    if (unit >= 0xD800 && unit < 0xDC00) {
      if (!take_word("\\u") || !hex4(low) || low < 0xDC00 || low >= 0xE000) return false;
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, unit);
    return true;
  }
  bool string(std::string& out) {
    if (at_ >= text_.size() || text_[at_] != '"') return false;
    for (++at_; at_ < text_.size();) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (c == '\\') {
        if (!escape(out)) return false;
      } else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') {
        return false;  // models do break lines inside of their reasons
      } else {
        out += c;
      }
    }
    return false;
  }

  std::string_view text_;
  size_t at_ = 0;
};

/// The reply without a ``` fence around the object that ends it.
std::string_view without_fence(std::string_view reply) {
  if (!reply.ends_with("```")) return reply;
  return trim(reply.substr(0, reply.size() - 3));
}

bool fill(const std::vector<Member>& members, JudgeVerdict& verdict, std::string& why) {
  for (size_t i = 0; i < members.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (members[k].key == members[i].key)
        return why = "key comes twice: " + quote_for_message(members[i].key, 40), false;
    }
    const auto& [key, value] = members[i];
    if (key == "score" && value.kind == Value::Kind::number) {
      verdict.score = value.number;
    } else if (key == "winner" && (value.text == "A" || value.text == "B" || value.text == "tie")) {
      verdict.winner = value.text;
    } else if ((key == "reason" || key == "reasoning" || key == "analysis" || key == "explanation") &&
               value.kind == Value::Kind::text) {
      verdict.reason = value.text;
    } else {
      return why = "unexpected key or value: " + quote_for_message(key, 40), false;
    }
  }
  if (verdict.score.has_value() == verdict.winner.has_value()) return why = "needs either a score or a winner", false;
  return true;
}

}  // namespace

std::optional<JudgeVerdict> parse_judge_verdict(std::string_view reply, std::string& why) {
  if (reply.size() > kMaxReply) return why = "the reply is too long", std::nullopt;
  reply = without_fence(trim(after_thinking(reply)));
  if (reply.empty()) return why = "the reply is empty", std::nullopt;
  if (!reply.ends_with('}')) return why = "the reply does not end in a JSON object", std::nullopt;
  for (size_t open = reply.find('{'); open != std::string_view::npos; open = reply.find('{', open + 1)) {
    Parser parser(reply.substr(open));
    std::vector<Member> members;
    if (!parser.object(members) || !parser.at_end()) continue;
    JudgeVerdict verdict;
    if (!fill(members, verdict, why)) return std::nullopt;
    return verdict;
  }
  why = "the reply ends in no valid flat JSON object";
  return std::nullopt;
}

}  // namespace hone
