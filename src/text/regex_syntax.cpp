#include "text/regex_syntax.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace hone {
namespace {

// Contents of character classes. Each ends with a range, so that a hyphen that follows in the pattern stays a hyphen.
constexpr std::string_view kSpace =
    R"(\x{20}\x{85}\x{A0}\x{1680}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{2000}-\x{200A}\x{09}-\x{0D})";
constexpr std::string_view kNotSpace =
    R"(\x{00}-\x{08}\x{0E}-\x{1F}\x{21}-\x{84}\x{86}-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027})"
    R"(\x{202A}-\x{202E}\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{10FFFF})";
constexpr std::string_view kWord =
    R"(\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{B9}\x{B2}-\x{B3}\x{BC}-\x{BE}\x{24B6}-\x{24E9}\x{1F130}-\x{1F149}\x{1F150}-\x{1F169}\x{1F170}-\x{1F189})";
constexpr std::string_view kNotWord = R"(\p{C}\p{Z}\p{S}\p{No}\p{Pd}\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Po})";
constexpr std::string_view kHex = "a-fA-F0-9";

constexpr std::array<std::pair<std::string_view, std::string_view>, 44> kProperties{{
    {"letter", "L"},
    {"casedletter", "L&"},
    {"uppercaseletter", "Lu"},
    {"lowercaseletter", "Ll"},
    {"titlecaseletter", "Lt"},
    {"modifierletter", "Lm"},
    {"otherletter", "Lo"},
    {"mark", "M"},
    {"combiningmark", "M"},
    {"nonspacingmark", "Mn"},
    {"spacingmark", "Mc"},
    {"enclosingmark", "Me"},
    {"number", "N"},
    {"decimalnumber", "Nd"},
    {"letternumber", "Nl"},
    {"othernumber", "No"},
    {"symbol", "S"},
    {"mathsymbol", "Sm"},
    {"currencysymbol", "Sc"},
    {"modifiersymbol", "Sk"},
    {"othersymbol", "So"},
    {"punctuation", "P"},
    {"connectorpunctuation", "Pc"},
    {"dashpunctuation", "Pd"},
    {"openpunctuation", "Ps"},
    {"closepunctuation", "Pe"},
    {"initialpunctuation", "Pi"},
    {"finalpunctuation", "Pf"},
    {"otherpunctuation", "Po"},
    {"separator", "Z"},
    {"spaceseparator", "Zs"},
    {"lineseparator", "Zl"},
    {"paragraphseparator", "Zp"},
    {"other", "C"},
    {"control", "Cc"},
    {"format", "Cf"},
    {"unassigned", "Cn"},
    {"privateuse", "Co"},
    {"surrogate", "Cs"},
    {"digit", "Nd"},
    {"alpha", "Alphabetic"},
    {"upper", "Uppercase"},
    {"lower", "Lowercase"},
    {"space", "White_Space"},
}};
constexpr std::array<std::string_view, 8> kBinary{"any",        "alphabetic",  "uppercase", "lowercase",
                                                  "whitespace", "ideographic", "emoji",     "extendedpictographic"};

class Translator {
 public:
  explicit Translator(std::string_view pattern) : in_(pattern) {}

  std::string run() {
    while (at_ < in_.size()) {
      if (in_[at_] == '\\')
        escape();
      else if (in_[at_] == '[')
        char_class();
      else if (in_.substr(at_).starts_with("(?"))
        group_options();
      else
        out_ += in_[at_++];
    }
    return std::move(out_);
  }

 private:
  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> text, Args&&... args) const {
    fail(ErrorKind::format, "regex {}: {}", quote_for_message(in_), fmt::format(text, std::forward<Args>(args)...));
  }

  void put_class(std::string_view content, bool negated = false) {
    if (in_class_) {
      if (negated) refuse("a negated class inside a character class is not supported");
      out_ += content;
    } else {
      out_ += negated ? "[^" : "[", out_ += content, out_ += ']';
    }
  }

  void escape() {
    if (at_ + 1 >= in_.size()) refuse("ends with a lone backslash");
    const char c = in_[at_ + 1];
    at_ += 2;
    switch (c) {
      case 's':
        return put_class(kSpace);
      case 'S':
        return in_class_ ? put_class(kNotSpace) : put_class(kSpace, true);
      case 'w':
        return put_class(kWord);
      case 'W':
        return in_class_ ? put_class(kNotWord) : put_class(kWord, true);
      case 'h':
        return put_class(kHex);
      case 'H':
        return put_class(kHex, true);
      case 'v':
        out_ += "\\x{0B}";
        return;
      case 'b':
        return in_class_ ? void(out_ += "\\x{08}") : word_boundary("(?<=[{0}])(?![{0}])|(?<![{0}])(?=[{0}])");
      case 'B':
        return word_boundary("(?<=[{0}])(?=[{0}])|(?<![{0}])(?![{0}])");
      case 'p':
      case 'P':
        return property(c == 'P');
      case 'u':
        return code_point();
      default:
        out_ += '\\', out_ += c;
    }
  }

  void word_boundary(std::string_view form) {
    if (in_class_) refuse("\\B inside a character class");
    out_ += "(?:" + fmt::format(fmt::runtime(form), kWord) + ")";
  }

  void code_point() {
    const std::string_view digits = in_.substr(at_, 4);
    if (digits.size() < 4 ||
        !std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isxdigit(c); })) {
      refuse("\\u needs four hexadecimal digits");
    }
    out_ += fmt::format("\\x{{{}}}", digits);
    at_ += 4;
  }

  void property(bool negated) {
    const size_t close = at_ < in_.size() && in_[at_] == '{' ? in_.find('}', at_) : std::string_view::npos;
    if (close == std::string_view::npos) refuse("\\p needs a property in braces");
    std::string_view name = in_.substr(at_ + 1, close - at_ - 1);
    at_ = close + 1;
    if (name.starts_with('^')) negated = !negated, name.remove_prefix(1);
    std::string plain;
    for (const char c : name) {
      if (c != ' ' && c != '_' && c != '-') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    std::string target;
    const auto known =
        std::find_if(kProperties.begin(), kProperties.end(), [&](const auto& p) { return p.first == plain; });
    if (known != kProperties.end())
      target = known->second;
    else if (name.size() <= 2)
      target = name;  // a general category
    else if (std::find(kBinary.begin(), kBinary.end(), plain) != kBinary.end())
      target = name;
    else
      target = fmt::format("sc:{}", name);  // plain names mean script extensions to PCRE2, scripts to Oniguruma
    out_ += fmt::format("\\{}{{{}}}", negated ? 'P' : 'p', target);
  }

  void char_class() {
    in_class_ = true;
    int depth = 0;
    do {
      if (at_ >= in_.size()) refuse("a character class is not closed");
      const char c = in_[at_];
      if (c == '\\') {
        escape();
      } else if (in_.substr(at_).starts_with("[:")) {
        const size_t close = in_.find(":]", at_);
        if (close == std::string_view::npos) refuse("a POSIX class is not closed");
        out_ += in_.substr(at_, close + 2 - at_);
        at_ = close + 2;
      } else if (c == '[') {
        open_class(depth++);
      } else if (c == ']') {
        if (--depth == 0) out_ += ']';
        ++at_;
      } else if (in_.substr(at_).starts_with("&&")) {
        refuse("class intersection (&&) is not supported");
      } else {
        out_ += c, ++at_;
      }
    } while (depth > 0);
    in_class_ = false;
  }

  /// A nested class that is not negated is a union: its brackets can go.
  void open_class(int depth) {
    ++at_;
    const bool negated = at_ < in_.size() && in_[at_] == '^';
    if (depth > 0 && negated) refuse("a negated class inside a character class is not supported");
    if (depth == 0) out_ += '[';
    if (negated) out_ += '^', ++at_;
    if (at_ < in_.size() && in_[at_] == ']') out_ += "\\]", ++at_;  // first in a class it is a character
  }

  /// `m` lets the dot match a newline in Oniguruma; PCRE2 calls that `s`.
  void group_options() {
    size_t end = at_ + 2;
    while (end < in_.size() && (std::isalpha(static_cast<unsigned char>(in_[end])) || in_[end] == '-')) ++end;
    const bool options = end < in_.size() && end > at_ + 2 && (in_[end] == ':' || in_[end] == ')');
    out_ += "(?";
    for (at_ += 2; options && at_ < end; ++at_) out_ += in_[at_] == 'm' ? 's' : in_[at_];
  }

  std::string_view in_;
  std::string out_;
  size_t at_ = 0;
  bool in_class_ = false;
};

}  // namespace

std::string pcre_from_oniguruma(std::string_view pattern) { return Translator(pattern).run(); }

}  // namespace hone
