#include "reward/math/lexer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"

namespace hone::math {
namespace {

using std::string_view_literals::operator""sv;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

template <size_t N>
bool contains(const std::array<std::string_view, N>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

constexpr auto kTextCommands =
    std::to_array<std::string_view>({"text", "textbf", "textit", "textrm", "textnormal", "textsf", "texttt", "textsc",
                                     "mbox", "hbox", "mathrm", "mathsf", "operatorname", "emph"});
constexpr auto kSpacing = std::to_array<std::string_view>(
    {"quad", "qquad", "enspace", "thinspace", "medspace", "thickspace", "space", "hfill", "newline", "par", "hline"});
// Commands that change nothing but looks; a group after one stays a group.
constexpr auto kIgnored = std::to_array<std::string_view>(
    {"left",    "right",     "big",        "Big",    "bigg",       "Bigg",   "bigl",         "bigr",      "Bigl",
     "Bigr",    "biggl",     "biggr",      "Biggl",  "Biggr",      "middle", "displaystyle", "textstyle", "scriptstyle",
     "limits",  "nolimits",  "mathbf",     "mathit", "boldsymbol", "bm",     "mathbin",      "mathrel",   "mathop",
     "mathord", "rm",        "bf",         "it",     "boxed",      "fbox",   "phantom",      "strut",     "nonumber",
     "notag",   "centering", "mathnormal", "pmb",    "ensuremath"});
constexpr auto kWords = std::to_array<std::string_view>(
    {"sin",   "cos",   "tan",  "cot",  "sec", "csc",   "arcsin", "arccos", "arctan", "arccot", "arcsec",   "arccsc",
     "sinh",  "cosh",  "tanh", "coth", "log", "ln",    "exp",    "sqrt",   "cbrt",   "pi",     "infinity", "inf",
     "oo",    "and",   "or",   "mod",  "abs", "floor", "ceil",   "gcd",    "lcm",    "max",    "binom",    "union",
     "theta", "alpha", "beta", "cis",  "det", "frac",  "asin",   "acos",   "atan",   "infty"});
// Prefixes that are split off a run of letters: sinx, 2pir.
constexpr auto kPrefixes = std::to_array<std::string_view>({"sqrt", "sin", "cos", "tan", "log", "ln", "pi"});
constexpr auto kUnits = std::to_array<std::string_view>(
    {"cm", "mm", "km",  "nm", "dm", "kg", "mg",  "ft",  "lb",  "lbs", "oz",  "hr",  "hrs", "min", "sec", "mph", "kph",
     "mi", "yd", "gal", "pt", "qt", "ml", "mL",  "deg", "rad", "Hz",  "kW",  "kWh", "GB",  "MB",  "KB",  "cc",  "sq",
     "st", "nd", "rd",  "th", "am", "pm", "yrs", "yr",  "ms",  "rpm", "mol", "in",  "atm", "Pa",  "kPa", "kJ"});
constexpr auto kUnitCommands = std::to_array<std::string_view>({"cm", "mm", "km"});

struct Replacement {
  std::string_view from, to;
};
constexpr auto kUnicode = std::to_array<Replacement>({{"−", "-"},
                                                      {"–", "-"},
                                                      {"—", "-"},
                                                      {"×", "\\times "},
                                                      {"·", "\\cdot "},
                                                      {"⋅", "\\cdot "},
                                                      {"∙", "\\cdot "},
                                                      {"÷", "\\div "},
                                                      {"≤", "\\le "},
                                                      {"≥", "\\ge "},
                                                      {"⩽", "\\le "},
                                                      {"⩾", "\\ge "},
                                                      {"≠", "\\ne "},
                                                      {"≈", "\\approx "},
                                                      {"≡", "\\equiv "},
                                                      {"±", "\\pm "},
                                                      {"∓", "\\mp "},
                                                      {"∞", "\\infty "},
                                                      {"∪", "\\cup "},
                                                      {"∩", "\\cap "},
                                                      {"∈", "\\in "},
                                                      {"∖", "\\setminus "},
                                                      {"∅", "\\emptyset "},
                                                      {"√", " sqrt"},
                                                      {"∛", " cbrt"},
                                                      {"π", "\\pi "},
                                                      {"θ", "\\theta "},
                                                      {"α", "\\alpha "},
                                                      {"β", "\\beta "},
                                                      {"γ", "\\gamma "},
                                                      {"λ", "\\lambda "},
                                                      {"φ", "\\phi "},
                                                      {"ω", "\\omega "},
                                                      {"μ", "\\mu "},
                                                      {"σ", "\\sigma "},
                                                      {"°", "^\\circ "},
                                                      {"º", "^\\circ "},
                                                      {"′", "'"},
                                                      {"’", "'"},
                                                      {"‘", ""},
                                                      {"“", ""},
                                                      {"”", ""},
                                                      {"²", "^2"},
                                                      {"³", "^3"},
                                                      {"¹", "^1"},
                                                      {"⁰", "^0"},
                                                      {"⁴", "^4"},
                                                      {"⁵", "^5"},
                                                      {"⁶", "^6"},
                                                      {"⁷", "^7"},
                                                      {"⁸", "^8"},
                                                      {"⁹", "^9"},
                                                      {"ⁿ", "^n"},
                                                      {"₀", "_0"},
                                                      {"₁", "_1"},
                                                      {"₂", "_2"},
                                                      {"₃", "_3"},
                                                      {"₄", "_4"},
                                                      {"₅", "_5"},
                                                      {"₆", "_6"},
                                                      {"₇", "_7"},
                                                      {"₈", "_8"},
                                                      {"₉", "_9"},
                                                      {"½", " \\frac{1}{2}"},
                                                      {"⅓", " \\frac{1}{3}"},
                                                      {"⅔", " \\frac{2}{3}"},
                                                      {"¼", " \\frac{1}{4}"},
                                                      {"¾", " \\frac{3}{4}"},
                                                      {"…", "\\dots "},
                                                      {"⋯", "\\dots "},
                                                      {"£", ""},
                                                      {"€", ""},
                                                      {"¥", ""},
                                                      {"₹", ""},
                                                      {"，", ","},
                                                      {"、", ","},
                                                      {"（", "("},
                                                      {"）", ")"},
                                                      {"；", ";"},
                                                      {"。", "."},
                                                      {"：", ":"},
                                                      {"％", "%"},
                                                      {"ℝ", "\\mathbb{R}"},
                                                      {"ℤ", "\\mathbb{Z}"},
                                                      {"→", "\\to "},
                                                      {"\u00A0", " "},
                                                      {"\u2009", " "},
                                                      {"\u202F", " "},
                                                      {"\u200B", ""},
                                                      {"⟨", "\\langle "},
                                                      {"⟩", "\\rangle "},
                                                      {"⌊", "\\lfloor "},
                                                      {"⌋", "\\rfloor "},
                                                      {"⌈", "\\lceil "},
                                                      {"⌉", "\\rceil "}});

/// Unicode signs as LaTeX; other bytes stay.
std::string without_unicode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      out += text[i++];
      continue;
    }
    const std::string_view rest = text.substr(i, 4);
    const auto found =
        std::find_if(kUnicode.begin(), kUnicode.end(), [&](const Replacement& r) { return rest.starts_with(r.from); });
    if (found == kUnicode.end()) {
      out += text[i++];
    } else {
      // ¹² is one exponent: the caret of a digit that follows another is dropped.
      const bool joins = (found->to[0] == '^' || found->to[0] == '_') && found->to.size() == 2 && i > 0 &&
                         out.size() > 1 && is_digit(out.back()) && static_cast<unsigned char>(text[i - 1]) >= 0x80;
      out += joins ? found->to.substr(1) : found->to;
      i += found->from.size();
    }
  }
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> run() {
    while (at_ < text_.size()) step();
    tokens_.push_back({.type = Token::end});
    return std::move(tokens_);
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool starts(std::string_view s) const { return text_.substr(at_).starts_with(s); }
  bool take(std::string_view s) {
    if (!starts(s)) return false;
    at_ += s.size();
    return true;
  }

  void push(Token::Type type, std::string text) {
    tokens_.push_back({.type = type, .text = std::move(text), .space = space_});
    space_ = false;
  }

  void step() {
    const char c = peek();
    if (is_space(c) || c == '~') {
      ++at_, space_ = true;
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      lex_number();
    } else if (is_letter(c) || static_cast<unsigned char>(c) >= 0x80) {
      lex_letters();
    } else if (c == '\\') {
      lex_command();
    } else {
      lex_symbol();
    }
  }

  /// Separators between groups of three digits: 1,234  1{,}234  1\,234  1,\!234  1 234. Inside brackets a bare comma
  /// separates items, as in (2,100).
  size_t separator_size() const {
    size_t i = at_;
    const auto take_at = [&](std::string_view s) {
      if (!text_.substr(i).starts_with(s)) return false;
      i += s.size();
      return true;
    };
    bool found = false;
    if (take_at("{,}") || take_at("\\,") || take_at("\\ ") || take_at("~")) {
      found = true;
    } else if (take_at(",")) {
      found = brackets_ == 0;
      if (take_at("\\!") || take_at("\\,") || take_at("{}")) {
        found = true;
        while (take_at(" ")) {
        }
      }
    } else if (take_at("\\!")) {
      found = take_at(",");
      while (take_at("\\!")) {
      }
    } else if (take_at(" ")) {
      found = environments_ == 0;
    }
    return found ? i - at_ : 0;
  }

  size_t count_digits(size_t from) const {
    size_t n = 0;
    while (from + n < text_.size() && is_digit(text_[from + n])) ++n;
    return n;
  }

  std::string take_digits() {
    const size_t n = count_digits(at_);
    std::string digits(text_.substr(at_, n));
    at_ += n;
    return digits;
  }

  void lex_number() {
    std::string digits = take_digits();
    const size_t after_first_group = at_;
    const std::string first_group = digits;
    if (!digits.empty() && digits.size() <= 3 && digits[0] != '0') {
      char kind = '\0';  // all separators of a number are alike
      while (const size_t separator = separator_size()) {
        if (kind != '\0' && kind != peek()) break;
        const size_t n = count_digits(at_ + separator);
        if (n != 3) {
          // 100,200,30: these are items of a list after all. A space may just end the number.
          if (n > 0 && peek() == ',') at_ = after_first_group, digits = first_group;
          break;
        }
        kind = peek();
        digits += text_.substr(at_ + separator, 3);
        at_ += separator + 3;
      }
    }
    if (digits.empty()) digits = "0";
    if (peek() == '.' && (is_digit(peek(1)) || repeating_size(at_ + 1) > 0)) {
      ++at_;
      digits += "." + take_digits();
      take_repeating(digits);
    }
    take_exponent(digits);
    push(Token::number, std::move(digits));
  }

  /// Length of \overline{digits} or \bar{digits} at `from`, 0 if it is not there.
  size_t repeating_size(size_t from) const {
    for (const std::string_view open : {"\\overline{"sv, "\\bar{"sv, "\\dot{"sv}) {
      if (!text_.substr(from).starts_with(open)) continue;
      const size_t n = count_digits(from + open.size());
      const size_t close = from + open.size() + n;
      if (n > 0 && close < text_.size() && text_[close] == '}') return close + 1 - from;
    }
    return 0;
  }

  void take_repeating(std::string& digits) {
    const size_t size = repeating_size(at_);
    if (size == 0) return;
    const size_t open = text_.find('{', at_);
    digits += "(" + std::string(text_.substr(open + 1, at_ + size - open - 2)) + ")";
    at_ += size;
  }

  void take_exponent(std::string& digits) {
    if (peek() != 'e' && peek() != 'E') return;
    const size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    const size_t n = count_digits(at_ + 1 + sign);
    if (n == 0 || n > 9 || is_letter(peek(1 + sign + n))) return;
    digits += "e" + std::string(text_.substr(at_ + 1, sign + n));
    at_ += 1 + sign + n;
  }

  /// A run of letters: a known word, letters that are multiplied, or a word of prose.
  void lex_letters() {
    size_t end = at_;
    bool ascii = true;
    while (end < text_.size() && (is_letter(text_[end]) || static_cast<unsigned char>(text_[end]) >= 0x80)) {
      ascii &= is_letter(text_[end++]);
    }
    std::string_view run = text_.substr(at_, end - at_);
    at_ = end;
    while (!run.empty()) {
      const std::string lower = lower_case(run);
      if (contains(kWords, run) || (run.size() > 2 && contains(kWords, std::string_view(lower)))) {
        return push(Token::word, lower);
      }
      if (ascii && after_number() && is_unit_word(run)) return push(Token::words, lower);
      const auto prefix = std::find_if(kPrefixes.begin(), kPrefixes.end(), [&](std::string_view p) {
        return run.starts_with(p) && run.size() <= p.size() + 2;
      });
      if (prefix != kPrefixes.end()) {
        push(Token::word, std::string(*prefix));
        run.remove_prefix(prefix->size());
        continue;
      }
      const bool differential = run.size() == 2 && run[0] == 'd';
      const bool after_word = space_ && !tokens_.empty() && run.size() >= 2 && !differential &&
                              (tokens_.back().type == Token::letter || tokens_.back().type == Token::words);
      const bool prose = !ascii || (run.size() >= 4 && upper_case(run) != run) || after_word;
      if (prose) return push(Token::words, lower);
      push(Token::letter, std::string(run.substr(0, 1)));
      run.remove_prefix(1);
    }
  }

  bool after_number() const {
    return !tokens_.empty() && (tokens_.back().type == Token::number || tokens_.back().is("}") ||
                                tokens_.back().is(")") || tokens_.back().type == Token::words);
  }

  static std::string lower_case(std::string_view s) {
    std::string out(s);
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
  }
  static std::string upper_case(std::string_view s) {
    std::string out(s);
    for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return out;
  }

  void lex_command() {
    ++at_;
    if (at_ >= text_.size()) return;
    size_t end = at_;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    if (end == at_) return lex_control_symbol();
    const std::string_view name = text_.substr(at_, end - at_);
    at_ = end;
    if (contains(kTextCommands, name)) return lex_text();
    if (contains(kSpacing, name)) return void(space_ = true);
    if (contains(kIgnored, name)) {
      if ((name == "left" || name == "right") && peek() == '.') ++at_;
      return;
    }
    if (name == "lbrace" || name == "rbrace") {
      brackets_ += name == "lbrace" ? 1 : -1;
      return push(Token::symbol, name == "lbrace" ? "\\{" : "\\}");
    }
    if (name == "dfrac" || name == "tfrac" || name == "cfrac") return push(Token::command, "frac");
    if (name == "dbinom" || name == "tbinom") return push(Token::command, "binom");
    if (name == "begin") ++environments_;
    if (name == "end") --environments_;
    if (name == "langle" || name == "lparen" || name == "lbrack") ++brackets_;
    if (name == "rangle" || name == "rparen" || name == "rbrack") --brackets_;
    if (name == "lparen" || name == "rparen") return push(Token::symbol, name == "lparen" ? "(" : ")");
    if (name == "lbrack" || name == "rbrack") return push(Token::symbol, name == "lbrack" ? "[" : "]");
    if (name == "lvert" || name == "rvert" || name == "vert" || name == "mid") return push(Token::symbol, "|");
    if (name == "lt" || name == "gt") return push(Token::symbol, name == "lt" ? "<" : ">");
    if (contains(kUnitCommands, name)) return push(Token::words, std::string(name));
    push(Token::command, std::string(name));
  }

  void lex_control_symbol() {
    const char c = peek();
    ++at_;
    switch (c) {
      case '{':
      case '}':
        brackets_ += c == '{' ? 1 : -1;
        return push(Token::symbol, std::string("\\") + c);
      case '%':
        return push(Token::symbol, "%");
      case '|':
        return push(Token::symbol, "|");
      case '\\':
        // A row ends in a matrix; elsewhere a doubled backslash is one that was escaped twice.
        if (environments_ <= 0 && is_letter(peek())) return void(--at_);
        return push(Token::symbol, "\\\\");
      case '&':
      case '#':
      case '_':
      case '$':
      case '(':
      case ')':
      case '[':
      case ']':
        return;  // currency and math delimiters
      default:
        space_ = true;  // \, \! \; \: and a backslash before a space
    }
  }

  /// Content of \text{...}: prose becomes one text token; (C), i, 12 or \mathrm{sin} are read as if they stood bare.
  void lex_text() {
    if (peek() == '*') ++at_;
    while (is_space(peek())) ++at_;
    if (peek() != '{') return;
    constexpr size_t kMaxText = 400;  // bytes; more is read up to there, so that nesting costs no more than that
    const size_t limit = std::min(text_.size(), at_ + kMaxText);
    int depth = 0;
    size_t end = at_;
    for (; end < limit; ++end) {
      if (text_[end] == '{') ++depth;
      if (text_[end] == '}' && --depth == 0) break;
    }
    const std::string_view content = trim(text_.substr(at_ + 1, end - std::min(end, at_ + 1)));
    size_t letters = 0;
    bool simple = true;   // no nested notation
    bool digits = false;  // a quantity: 7 ways
    for (const char c : content) {
      letters += is_letter(c) || static_cast<unsigned char>(c) >= 0x80;
      digits |= is_digit(c);
      simple &= c != '\\' && c != '$' && c != '{' && c != '^' && c != '_';
    }
    constexpr std::string_view kUnitLetters = "mgshLNJVWAKCF";
    if (content.size() == 1 && after_number() && kUnitLetters.find(content[0]) != std::string_view::npos) {
      at_ = std::min(end + 1, text_.size());
      return push(Token::words, std::string(content));
    }
    if (letters < 2 || !simple || digits || contains(kWords, content)) {
      ++at_;  // the braces stay out, the content is read in place; its closing brace is a stray one then
      if (end < limit) skip_.push_back(end);
      if (content.empty()) space_ = true;
      return;
    }
    at_ = std::min(end + 1, text_.size());
    std::string words;
    for (const char c : lower_case(content)) {
      if (!is_space(c)) words += c;
      if (is_space(c) && !words.empty() && words.back() != ' ') words += ' ';
    }
    push(Token::words, words);
  }

  void lex_symbol() {
    if (!skip_.empty() && skip_.back() == at_) {
      skip_.pop_back(), ++at_;
      return;
    }
    for (const std::string_view two : {"<="sv, ">="sv, "!="sv, "=="sv, ":="sv, "**"sv, "->"sv}) {
      if (take(two))
        return push(Token::symbol, two == "==" || two == ":=" ? "=" : two == "**" ? "^" : std::string(two));
    }
    if (take("...")) return push(Token::command, "dots");
    const char c = text_[at_++];
    if (c == '$' || c == '"' || c == '`') return;
    if (c == '(' || c == '[') ++brackets_;
    if ((c == ')' || c == ']') && brackets_ > 0) --brackets_;
    push(Token::symbol, std::string(1, c));
  }

  std::string_view text_;
  size_t at_ = 0;
  bool space_ = false;
  int brackets_ = 0;          // ( [ \{ that are open
  int environments_ = 0;      // \begin that are open
  std::vector<size_t> skip_;  // closing braces of \text groups that were opened up, innermost last
  std::vector<Token> tokens_;
};

}  // namespace

bool is_unit_word(std::string_view word) { return contains(kUnits, word); }

std::vector<Token> tokenize(std::string_view latex) { return Lexer(without_unicode(latex)).run(); }

}  // namespace hone::math
