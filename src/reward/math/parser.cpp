#include "reward/math/parser.h"

#include <algorithm>
#include <array>

#include "reward/math/lexer.h"
#include "reward/math/literal.h"
#include "reward/math/notation.h"

namespace hone::math {
namespace {

constexpr int kMaxDepth = 60;
constexpr size_t kMaxTokens = 600;
constexpr int kMaxSuffixes = 8;  // behind one factor: powers, factorials, signs
constexpr int kMaxSetOperations = 32;

std::string canonical_function(std::string_view name) {
  if (name == "asin" || name == "acos" || name == "atan") return "arc" + std::string(name.substr(1));
  return name == "lg" ? "log" : std::string(name);
}

class Parser {
 public:
  Parser(std::vector<Token> tokens, const Reading& reading, Budget& budget)
      : tokens_(std::move(tokens)), reading_(reading), budget_(budget) {}

  Parsed run() {
    while (peek().is(",") || peek().is(":") || peek().is("^") || peek().is("=")) ++at_;  // "= 5", "**5**", "x:= 5"
    if (peek().type == Token::end) throw Unreadable{};
    parsed_.node = list({});
    while (is_stray(peek())) ++at_;
    if (peek().type != Token::end) throw Unreadable{};
    return std::move(parsed_);
  }

 private:
  struct Guard {
    explicit Guard(Parser& p) : parser(p) {
      p.budget_.spend();
      if (++p.depth_ > kMaxDepth) throw Unreadable{};
    }
    ~Guard() { --parser.depth_; }
    Parser& parser;
  };

  const Token& peek(size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  bool take(std::string_view text) {
    if (!peek().is(text)) return false;
    ++at_;
    return true;
  }
  void expect(std::string_view text) {
    if (!take(text) && peek().type != Token::end) throw Unreadable{};  // what the end cuts off counts as closed
  }
  bool is_command(std::string_view name) const { return peek().type == Token::command && peek().text == name; }
  bool take_command(std::string_view name) {
    if (!is_command(name)) return false;
    ++at_;
    return true;
  }

  static bool is_stray(const Token& t) {
    return t.is(".") || t.is(",") || t.is(";") || t.is("}") || t.is("\\\\") || t.is("^") || t.is("!") || t.is(")") ||
           t.is("]");
  }
  bool is_connective() const {
    if (peek().type == Token::word) return peek().text == "and" || peek().text == "or";
    if (peek().type == Token::command) return peek().text == "lor" || peek().text == "vee" || peek().text == "land";
    return peek().type == Token::words && (peek().text == "and" || peek().text == "or" || peek().text == ", and");
  }
  bool is_condition() const { return peek().type == Token::words && opens_condition(peek().text); }

  // ---- items separated by commas, "and", "or" ----

  /// Reads up to one of `closers` (or the end), which is left standing.
  Node list(std::initializer_list<std::string_view> closers) {
    const Guard guard(*this);
    Node items = make(Kind::list, ",", {});
    const auto at_close = [&] {
      return peek().type == Token::end ||
             std::any_of(closers.begin(), closers.end(), [&](std::string_view c) { return peek().is(c); });
    };
    while (!at_close()) {
      if (is_condition() && !items.args.empty()) {
        at_ = tokens_.size() - 1;
        break;
      }
      items.args.push_back(relation());
      bool separated = false;
      while (peek().is(",") || peek().is(";") || is_connective()) {
        if (is_connective()) items.name = peek().text == "and" || peek().text == "land" ? "and" : "or";
        ++at_;
        separated = true;
      }
      if (!separated && is_condition()) continue;
      if (!separated) break;
    }
    if (items.args.size() == 1) return std::move(items.args[0]);
    return items;
  }

  Node relation() {
    const Guard guard(*this);
    std::vector<Node> sides = nodes(ratio());
    std::vector<std::string> names;
    while (const Relop* relop = relation_here()) {
      ++at_;
      names.emplace_back(relop->name);
      if (names.back() == "in" || names.back() == "=") take("=");
      sides.push_back(ratio());
    }
    if (names.empty()) return std::move(sides[0]);
    if (names.size() == 1) return make(Kind::relation, names[0], nodes(std::move(sides[0]), std::move(sides[1])));
    Node chain = make(Kind::chain, "", {});
    for (size_t i = 0; i < names.size(); ++i) {
      chain.args.push_back(make(Kind::relation, names[i], nodes(sides[i], sides[i + 1])));
    }
    return chain;
  }

  const Relop* relation_here() const {
    const Token& t = peek();
    if (t.type != Token::symbol && t.type != Token::command) return nullptr;
    const auto found =
        std::find_if(kRelations.begin(), kRelations.end(), [&](const Relop& r) { return t.text == r.token; });
    return found == kRelations.end() ? nullptr : &*found;
  }

  Node ratio() {
    std::vector<Node> parts = nodes(set_expression());
    while (!in_set_ && take(":")) parts.push_back(set_expression());
    if (parts.size() == 1) return std::move(parts[0]);
    if (parts.size() == 2) return divide(std::move(parts[0]), std::move(parts[1]));
    return make(Kind::tuple, "::", std::move(parts));
  }

  Node set_expression() {
    Node left = sum();
    for (int i = 0; i < kMaxSetOperations; ++i) {
      std::string name;
      if (take_command("cup") || take("union") || take_union_letter(left)) name = "union";
      if (name.empty() && take_command("cap")) name = "intersection";
      if (name.empty() && (take_command("setminus") || take_command("backslash") || take_difference(left))) {
        name = "difference";
      }
      if (name.empty()) return left;
      left = make(Kind::set_operation, name, nodes(std::move(left), sum()));
    }
    throw Unreadable{};
  }

  /// (0,1) U (2,3)
  bool take_union_letter(const Node& left) {
    if (!left.is(Kind::tuple) || !(peek().is("U") || peek().is("u"))) return false;
    if (!peek(1).is("(") && !peek(1).is("[") && !peek(1).is("\\{")) return false;
    return ++at_, true;
  }
  /// \mathbb{R} - \{0\}
  bool take_difference(const Node& left) {
    if (!(left.is(Kind::symbol, "R") || left.is(Kind::tuple)) || !(peek().is("-") || peek().is("\\\\"))) return false;
    if (!peek(1).is("\\{")) return false;
    return ++at_, true;
  }

  // ---- sums, products, powers ----

  Node sum() {
    const Guard guard(*this);
    std::vector<Node> terms;
    bool first = true;
    while (true) {
      int sign = 0;         // +1, -1
      std::string varying;  // "+" or "-": the first sign of a \pm
      bool any = false;
      while (true) {
        if (take("+")) {
          any = true;
          if (peek().is("/") && peek(1).is("-")) at_ += 2, varying = "+";  // +/-
        } else if (!sets_follow(terms) && take("-")) {
          any = true, sign = sign == 0 ? -1 : -sign;
        } else if (take_command("pm")) {
          any = true, varying = "+";
        } else if (take_command("mp")) {
          any = true, varying = "-";
        } else {
          break;
        }
      }
      if (!first && !any) break;
      Node t = term();
      if (sign < 0) t = negate(std::move(t));
      if (!varying.empty()) t = make(Kind::plus_minus, varying, nodes(std::move(t)));
      terms.push_back(std::move(t));
      first = false;
    }
    if (is_command("pmod") || is_command("bmod") || is_command("mod") || peek().is("mod")) {
      ++at_;
      Node value = terms.size() == 1 ? std::move(terms[0]) : make(Kind::sum, "", std::move(terms));
      return make(Kind::call, "mod", nodes(std::move(value), powered()));
    }
    if (terms.size() == 1) return std::move(terms[0]);
    return make(Kind::sum, "", std::move(terms));
  }

  /// A minus before a brace takes a set away from what stands left of it.
  bool sets_follow(const std::vector<Node>& terms) const {
    return !terms.empty() && peek().is("-") && peek(1).is("\\{");
  }

  Node term() {
    const Guard guard(*this);
    std::vector<Node> factors = nodes(signed_power());
    bool after_number = last_was_number_;
    while (true) {
      if (take("*") || take_command("cdot") || take_command("times") || take_command("ast")) {
        if (is_unit_here()) {
          return unit(product_of(std::move(factors)));
        }
        factors.push_back(signed_power());
      } else if (take("/") || take_command("div")) {
        std::vector<Node> below = nodes(signed_power());
        while (starts_factor(last_was_number_) && !peek().space && !is_unit_here()) {
          parsed_.slash_ambiguous = true;
          if (!reading_.tight_slash) break;
          below.push_back(powered());
        }
        factors.push_back(math::power(product_of(std::move(below)), number(-1)));
        if (const auto mixed = mixed_number(factors)) factors = nodes(*mixed);
      } else if (is_unit_here() && may_have_unit(factors)) {
        factors = nodes(unit(product_of(std::move(factors))));
      } else if (starts_factor(after_number)) {
        // 1 1/2: a number, a space and a fraction.
        if (after_number && peek().type == Token::number) {
          if (!peek(1).is("/") || peek(2).type != Token::number || factors.size() != 1) throw Unreadable{};
          factors.push_back(make(Kind::words, "mixed", {}));
          factors.push_back(powered());
          continue;
        }
        const bool fraction = is_command("frac") || peek().is("frac");
        const bool whole = after_number && factors.size() == 1 && factors[0].is(Kind::number);
        Node factor = powered();
        if (fraction && whole && is_plain_fraction(factor) && is_whole(factors[0])) {
          factors = nodes(math::sum(std::move(factors[0]), std::move(factor)));
        } else {
          factors.push_back(std::move(factor));
        }
      } else {
        break;
      }
      after_number = last_was_number_;
    }
    if (std::any_of(factors.begin(), factors.end(), [](const Node& f) { return f.is(Kind::words, "mixed"); })) {
      throw Unreadable{};
    }
    return product_of(std::move(factors));
  }

  static Node product_of(std::vector<Node> factors) {
    if (factors.size() == 1) return std::move(factors[0]);
    return make(Kind::product, "", std::move(factors));
  }

  static bool is_whole(const Node& n) { return n.is(Kind::number) && n.value.get_den() == 1 && !n.decimal; }
  static bool is_plain_fraction(const Node& n) {
    return n.is(Kind::product) && n.args.size() == 2 && is_whole(n.args[0]) && n.args[1].is(Kind::power) &&
           is_whole(n.args[1].args[0]);
  }
  /// [whole, "mixed", a, 1/b] as whole + a/b.
  static std::optional<Node> mixed_number(const std::vector<Node>& f) {
    if (f.size() != 4 || !f[1].is(Kind::words, "mixed") || !is_whole(f[0]) || !is_whole(f[2])) return std::nullopt;
    return math::sum(f[0], product(f[2], f[3]));
  }

  /// Whether a factor may begin here without a sign of multiplication. A number cannot follow a symbol (x2).
  bool starts_factor(bool after_number) const {
    const Token& t = peek();
    switch (t.type) {
      case Token::number:
        return after_number ? t.space
                            : tokens_[at_ - 1].is("}") || tokens_[at_ - 1].is(")") || tokens_[at_ - 1].is("!");
      case Token::letter:
        return true;
      case Token::word:
        return t.text != "and" && t.text != "or" && t.text != "mod" && t.text != "union";
      case Token::command:
        return !relation_here() &&
               !contains(std::to_array<std::string_view>(
                             {"cup", "cap",    "setminus", "backslash", "pm",     "mp",     "cdot",  "times", "ast",
                              "div", "rangle", "end",      "over",      "choose", "rfloor", "rceil", "pmod",  "bmod",
                              "mod", "lor",    "vee",      "land",      "circ",   "degree", "prime", "quad"}),
                         t.text);
      case Token::symbol:
        return t.text == "(" || t.text == "{" || (t.text == "[" && !t.space) || (t.text == "|" && bars_ == 0);
      default:
        return false;
    }
  }

  // ---- units ----

  bool is_unit_here() {
    const Token& t = peek();
    if (t.type == Token::words) return !is_connective() && !opens_condition(t.text);
    if (t.type != Token::letter || !t.space || at_ == 0) return false;
    const Token& before = tokens_[at_ - 1];
    if (before.type != Token::number && !before.is("}") && !before.is(")")) return false;
    const bool candidate = t.text.find_first_of("mgshLNJVWAKCFft") == 0 && !starts_after(1);
    if (candidate) parsed_.unit_ambiguous = true;
    return candidate && reading_.letter_units;
  }
  /// A quantity, or anything before a unit proper: prose is not read as the unit of a letter.
  bool may_have_unit(const std::vector<Node>& factors) const {
    const auto is_quantity = [](const Node& n) { return n.is(Kind::number) || n.is(Kind::symbol, "pi"); };
    return is_unit_word(peek().text) || std::any_of(factors.begin(), factors.end(),
                                                    [&](const Node& factor) { return any_node(factor, is_quantity); });
  }
  /// Something other than the end of an item follows.
  bool starts_after(size_t ahead) const {
    const Token& t = peek(ahead);
    return t.type != Token::end && !t.is(",") && !t.is(".") && !t.is("^") && !t.is("/");
  }

  /// Words behind a value, with powers and "per": 15 cm^2, 60 miles per hour, 3 m/s.
  Node unit(Node value) {
    std::string name;
    while (true) {
      if (peek().type == Token::words && !is_connective() && !opens_condition(peek().text)) {
        name += (name.empty() ? "" : " ") + peek().text;
        ++at_;
      } else if (name.empty() && peek().type == Token::letter) {
        name = peek().text;
        ++at_;
      } else if (peek().is("/") && !name.empty() && (peek(1).type == Token::words || peek(1).type == Token::letter)) {
        name += "/" + peek(1).text;
        at_ += 2;
      } else if (peek().is("^") && !name.empty()) {
        ++at_;
        const bool braces = take("{");
        take("-");
        if (peek().type != Token::number) throw Unreadable{};
        name += "^" + peek().text;
        ++at_;
        if (braces) expect("}");
      } else {
        break;
      }
    }
    last_was_number_ = false;
    if (name == "percent" || name == "pct" || name == "percentage")
      return make(Kind::percent, "", nodes(std::move(value)));
    if (name == "degrees" || name == "degree" || name == "deg") return make(Kind::degrees, "", nodes(std::move(value)));
    return make(Kind::unit, name, nodes(std::move(value)));
  }

  // ---- one factor ----

  Node signed_power() {
    if (take("-")) return negate(signed_power_guarded());
    take("+");
    return powered();
  }
  Node signed_power_guarded() {
    const Guard guard(*this);
    return signed_power();
  }

  /// base with what is attached behind it: powers, factorials, percent and degree signs.
  Node powered() {
    const Guard guard(*this);
    Node node = base();
    for (int i = 0; i < kMaxSuffixes; ++i) {
      if (peek().is("^")) {
        if (!exponent_follows()) return node;
        ++at_;
        if (take_degree_exponent()) {
          node = make(Kind::degrees, "", nodes(std::move(node)));
          if (peek().type == Token::letter && (peek().is("C") || peek().is("F"))) ++at_;
        } else if (take_ordinal_exponent()) {
          continue;
        } else {
          node = math::power(std::move(node), exponent());
        }
        last_was_number_ = false;
      } else if (peek().is("!") && !peek(1).is("=")) {
        ++at_;
        node = make(Kind::call, "factorial", nodes(std::move(node)));
        last_was_number_ = false;
      } else if (take("%")) {
        node = make(Kind::percent, "", nodes(std::move(node)));
        last_was_number_ = false;
      } else if (take_command("circ") || take_command("degree")) {
        node = make(Kind::degrees, "", nodes(std::move(node)));
        last_was_number_ = false;
      } else if (peek().is("'") || is_command("prime")) {
        ++at_;
        if (!node.is(Kind::symbol)) throw Unreadable{};
        node.name += "'";
      } else {
        return node;
      }
    }
    throw Unreadable{};
  }

  bool exponent_follows() const {
    const Token& t = peek(1);
    return t.type != Token::end && !t.is("^") && !t.is("}") && !t.is(",") && !t.is(".");
  }

  bool take_degree_exponent() {
    size_t ahead = peek().is("{") ? 1 : 0;
    const Token& t = peek(ahead);
    const bool degree = t.type == Token::command && (t.text == "circ" || t.text == "degree");
    if (!degree) return false;
    at_ += ahead + 1;
    if (ahead > 0) expect("}");
    return true;
  }

  /// 5^{\text{th}}
  bool take_ordinal_exponent() {
    const size_t ahead = peek().is("{") ? 1 : 0;
    if (peek(ahead).type != Token::words) return false;
    at_ += ahead + 1;
    if (ahead > 0) expect("}");
    return true;
  }

  /// A group, or one factor: x^10, x^-1, 2^3^4 as 2^(3^4).
  Node exponent() {
    const Guard guard(*this);
    if (take("-")) return negate(exponent());
    take("+");
    Node node = peek().is("{") ? group() : base();
    if (!peek().is("^") || !exponent_follows() || peek(1).type == Token::command) return node;
    ++at_;
    return math::power(std::move(node), exponent());
  }

  /// {...}, with \over and \choose inside.
  Node group() {
    expect("{");
    Node content = inner({"}"});
    expect("}");
    if (content.is(Kind::list) && content.args.empty()) throw Unreadable{};
    return content;
  }
  Node inner(std::initializer_list<std::string_view> closers) {
    Node content = list(closers);
    if (take_command("over")) return divide(std::move(content), list(closers));
    if (take_command("choose")) return make(Kind::call, "binomial", nodes(std::move(content), list(closers)));
    return content;
  }

  /// A group, or one digit or symbol as TeX takes it: \frac12, \frac1x.
  Node tex_argument() {
    if (peek().is("{")) return group();
    if (peek().type == Token::number && peek().text.size() > 1) {
      Token& token = tokens_[at_];
      Node digit = number_of(token.text.substr(0, 1));
      token.text.erase(0, 1);
      if (token.text[0] == '.') throw Unreadable{};
      return digit;
    }
    return base();
  }

  Node base() {
    const Guard guard(*this);
    last_was_number_ = false;
    const Token token = peek();
    switch (token.type) {
      case Token::number:
        return number_base();
      case Token::letter:
        ++at_;
        return subscripted(symbol(token.text));
      case Token::word:
        ++at_;
        return named(token.text);
      case Token::command:
        ++at_;
        return command(token.text);
      case Token::symbol:
        return bracketed();
      case Token::words:
        return label();
      case Token::end:
        break;
    }
    throw Unreadable{};
  }

  Node number_base() {
    const std::string text = peek().text;
    ++at_;
    if (peek().is("_")) {
      const size_t start = at_;
      ++at_;
      const bool braces = take("{");
      if (peek().is("(")) ++at_;
      std::string base_text = peek().text;
      ++at_;
      if (peek().type == Token::number && base_text.starts_with("base")) base_text += peek().text, ++at_;
      if (peek().is(")")) ++at_;
      if (braces) expect("}");
      if (const auto base = base_of(base_text)) {
        Node node = make(Kind::based, text, {});
        node.value = *base;
        return node;
      }
      at_ = start;
      throw Unreadable{};
    }
    last_was_number_ = true;
    return number_of(text);
  }

  /// x_1, x_{12}, a_{n+1}: the subscript is part of the name.
  Node subscripted(Node node) {
    if (!peek().is("_")) return node;
    ++at_;
    node.name += "_";
    if (!take("{")) {
      node.name += peek().text;
      if (peek().type != Token::end) ++at_;
      return node;
    }
    for (int depth = 0; peek().type != Token::end; ++at_) {
      if (peek().is("}") && depth-- == 0) break;
      if (peek().is("{")) ++depth;
      node.name += peek().text;
    }
    expect("}");
    return node;
  }

  /// Words used as a name: "\text{Area} = 5". Only at the beginning of a side, so that prose is not read as a product.
  Node label() {
    Node node = make(Kind::words, peek().text, {});
    ++at_;
    if (peek().type == Token::words || starts_factor(false)) throw Unreadable{};
    return node;
  }

  Node named(const std::string& word) {
    if (word == "pi") return symbol("pi");
    if (word == "inf" || word == "infinity" || word == "oo" || word == "infty") return symbol("infinity");
    if (word == "sqrt" || word == "cbrt") return root(word == "cbrt" ? number(3) : number(2));
    if (word == "frac" || word == "binom") return command(word);
    if (contains(kFunctions, word)) return function(word);
    if (contains(kSymbolCommands, word)) return subscripted(symbol(word));
    throw Unreadable{};
  }

  Node command(const std::string& name) {
    if (name == "frac") {
      Node above = tex_argument();
      Node below = tex_argument();
      return divide(std::move(above), std::move(below));
    }
    if (name == "sqrt") {
      Node index = number(2);
      if (take("[")) {
        index = list({"]"});
        expect("]");
      }
      return root(std::move(index));
    }
    if (name == "binom") {
      Node n = tex_argument();
      return make(Kind::call, "binomial", nodes(std::move(n), tex_argument()));
    }
    if (name == "pi") return symbol("pi");
    if (name == "infty") return symbol("infinity");
    if (name == "imath") return symbol("i");
    if (name == "emptyset" || name == "varnothing") return make(Kind::set, "", {});
    if (name == "begin") return environment();
    if (name == "langle") return closing(make(Kind::tuple, "()", {}), "rangle");
    if (name == "lfloor") return make(Kind::call, "floor", nodes(closing(make(Kind::list, ",", {}), "rfloor")));
    if (name == "lceil") return make(Kind::call, "ceil", nodes(closing(make(Kind::list, ",", {}), "rceil")));
    if (contains(kFunctions, name)) return function(name);
    if (contains(kDecorations, name)) return decorated();
    if (contains(kSymbolCommands, name)) return subscripted(symbol(name.starts_with("var") ? name.substr(3) : name));
    if (contains(kOperators, name)) return operation(name);
    throw Unreadable{};
  }

  Node closing(Node shape, std::string_view closer) {
    Node content = list({closer});
    if (!take_command(closer)) throw Unreadable{};
    if (shape.is(Kind::list)) return content;
    if (content.is(Kind::list)) return make(Kind::tuple, shape.name, std::move(content.args));
    return make(Kind::tuple, shape.name, nodes(std::move(content)));
  }

  Node root(Node index) {
    Node radicand;
    if (peek().is("{")) {
      radicand = group();
    } else if (peek().is("(")) {
      radicand = bracketed();
    } else {
      radicand = base();  // \sqrt2, and \sqrt13 as it is meant
      last_was_number_ = false;
    }
    return math::power(std::move(radicand), divide_number(std::move(index)));
  }
  static Node divide_number(Node index) {
    if (index.is(Kind::number) && index.value != 0) return number(1 / index.value);
    return math::power(std::move(index), number(-1));
  }

  /// \vec{v}, \overline{AB}: the argument itself. \mathbb{R} and single letters may have a subscript.
  Node decorated() {
    const bool braces = peek().is("{");
    const size_t ahead = braces ? 1 : 0;
    const bool letter = peek(ahead).type == Token::letter && (!braces || peek(2).is("}"));
    if (!letter) return tex_argument();
    Node node = symbol(peek(ahead).text);
    at_ += braces ? 3 : 1;
    return subscripted(std::move(node));
  }

  /// \sum_{k=1}^{n} and the like are kept as names: equal where they are written alike.
  Node operation(std::string name) {
    while (peek().is("_") || peek().is("^")) {
      name += peek().text;
      ++at_;
      int depth = 0;
      do {
        if (peek().type == Token::end) break;
        depth += peek().is("{") ? 1 : peek().is("}") ? -1 : 0;
        name += peek().text;
        ++at_;
      } while (depth > 0);
    }
    return symbol("\\" + name);
  }

  Node function(const std::string& written) {
    std::string name = canonical_function(written);
    std::optional<Node> log_base, outer_power;
    while (peek().is("_") || peek().is("^")) {
      const bool is_base = take("_");
      if (!is_base) ++at_;
      Node value = is_base ? tex_or_number() : exponent();
      (is_base ? log_base : outer_power) = std::move(value);
    }
    last_was_number_ = false;
    if (outer_power && outer_power->is(Kind::number) && outer_power->value == -1 && contains(kTrigonometric, name)) {
      name = "arc" + name;
      outer_power.reset();
    }
    std::vector<Node> args = function_arguments();
    if (contains(kTrigonometric, name)) {
      for (Node& arg : args) degrees_to_radians(arg);
    }
    if (name == "log" && log_base) args.push_back(std::move(*log_base));
    Node call = make(Kind::call, name, std::move(args));
    if (name == "cis") {
      Node angle = call.args[0];
      degrees_to_radians(angle);
      call = math::power(symbol("e"), product(symbol("i"), std::move(angle)));
    }
    return outer_power ? math::power(std::move(call), std::move(*outer_power)) : call;
  }
  Node tex_or_number() { return peek().is("{") ? group() : base(); }

  /// f(x, y), f{x}, or the product that follows: sin 2x.
  std::vector<Node> function_arguments() {
    if (peek().is("(") || peek().is("{")) {
      const std::string_view close = peek().is("(") ? ")" : "}";
      ++at_;
      Node content = list({close});
      expect(close);
      last_was_number_ = false;
      if (content.is(Kind::list)) return std::move(content.args);
      return nodes(std::move(content));
    }
    std::vector<Node> factors = nodes(signed_power());
    while (true) {
      const bool next_function =
          (peek().type == Token::command || peek().type == Token::word) && contains(kFunctions, peek().text);
      if (next_function) break;
      if (peek().is("/") && peek(1).type == Token::number) {
        ++at_;
        factors.push_back(math::power(powered(), number(-1)));
        continue;
      }
      if (!starts_factor(last_was_number_) || peek().is("(") || is_unit_here()) break;
      if (peek().type == Token::number) break;
      factors.push_back(powered());
    }
    last_was_number_ = false;
    return nodes(product_of(std::move(factors)));
  }

  static void degrees_to_radians(Node& node) {
    if (node.is(Kind::degrees)) {
      Node angle = std::move(node.args[0]);
      node = product(std::move(angle), product(symbol("pi"), number(mpq_class(1, 180))));
      return;
    }
    for (Node& arg : node.args) degrees_to_radians(arg);
  }

  // ---- brackets ----

  Node bracketed() {
    const std::string open = peek().text;
    if (open == "{") {
      Node content = group();
      last_was_number_ = false;
      return content;
    }
    if (open == "|") return bars();
    if (open == "\\{") return set();
    if (open != "(" && open != "[") throw Unreadable{};
    ++at_;
    Node content = inner({")", "]"});
    std::string close = peek().text;
    if (peek().type == Token::end) close = open == "(" ? ")" : "]";
    if (peek().type != Token::end && !take(")") && !take("]")) throw Unreadable{};
    last_was_number_ = false;
    if (content.is(Kind::list)) return make(Kind::tuple, open + close, std::move(content.args));
    return content;
  }

  Node bars() {
    ++at_;
    ++bars_;
    Node content = sum();
    --bars_;
    expect("|");
    last_was_number_ = false;
    return make(Kind::call, "abs", nodes(std::move(content)));
  }

  /// {1, 2}, or {x | condition}: the condition.
  Node set() {
    ++at_;
    const bool outer = in_set_;
    in_set_ = true;
    ++bars_;
    Node content = list({"\\}", "|", ":"});
    --bars_;
    in_set_ = outer;
    if (take("|") || take(":")) {
      if (content.is(Kind::list)) throw Unreadable{};
      Node condition = list({"\\}"});
      expect("\\}");
      return condition;
    }
    expect("\\}");
    last_was_number_ = false;
    if (content.is(Kind::list)) return make(Kind::set, "", std::move(content.args));
    return make(Kind::set, "", nodes(std::move(content)));
  }

  std::string environment_name() {
    expect("{");
    std::string name;
    while (peek().type != Token::end && !peek().is("}")) name += peek().text, ++at_;
    expect("}");
    return name;
  }

  Node environment() {
    const std::string name = environment_name();
    if (name.find("array") != std::string::npos && take("{")) {  // column layout
      while (peek().type != Token::end && !take("}")) ++at_;
    }
    Node matrix = make(Kind::matrix,
                       name.starts_with("vmatrix") ? "det"
                       : name.starts_with("cases") ? "cases"
                                                   : "",
                       {});
    const int outer_bars = std::exchange(bars_, 0);
    while (true) {
      Node row = make(Kind::tuple, "()", {});
      while (true) {
        if (!peek().is("\\\\") && !peek().is("&") && !is_command("end")) row.args.push_back(list({"&", "\\\\", "end"}));
        if (!take("&")) break;
      }
      if (!row.args.empty()) matrix.args.push_back(std::move(row));
      if (!take("\\\\")) break;
    }
    bars_ = outer_bars;
    if (!take_command("end")) throw Unreadable{};
    environment_name();
    last_was_number_ = false;
    if (matrix.args.empty()) throw Unreadable{};
    return matrix;
  }

  std::vector<Token> tokens_;
  Reading reading_;
  Budget& budget_;
  Parsed parsed_;
  size_t at_ = 0;
  int depth_ = 0;
  int bars_ = 0;         // open | that a | would close
  bool in_set_ = false;  // a colon separates a set's condition
  bool last_was_number_ = false;
};

}  // namespace

bool opens_condition(std::string_view word) { return contains(kConditions, word.substr(0, word.find(' '))); }

std::optional<Parsed> parse(std::string_view text, const Reading& reading, Budget& budget) {
  if (text.size() > kMaxAnswerBytes) return std::nullopt;
  try {
    std::vector<Token> tokens = tokenize(text);
    if (tokens.size() > kMaxTokens) return std::nullopt;
    return Parser(std::move(tokens), reading, budget).run();
  } catch (Unreadable) {
    return std::nullopt;
  }
}

}  // namespace hone::math
