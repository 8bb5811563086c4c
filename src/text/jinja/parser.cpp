#include "text/jinja/parser.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "text/jinja/expression_parser.h"
#include "text/jinja/scopes.h"
#include "text/jinja/token_stream.h"

namespace hone::jinja {
namespace {

using Names = std::initializer_list<std::string_view>;

class Parser {
 public:
  explicit Parser(std::string_view source) : tokens_(tokenize(source)), expressions_(tokens_) {}

  Program run() {
    Program program;
    program.body = statements({});
    program.marks_generation = marks_generation_;
    return program;
  }

 private:
  // Statements until a tag of `ends`, which is left standing, or to the end of the template if `ends` is empty.
  Body statements(Names ends) {
    Body body;
    while (!tokens_.is(TokenKind::end)) {
      const Position at = tokens_.at();
      if (tokens_.is(TokenKind::data)) {
        body.push_back({at, Data{tokens_.next().text}});
      } else if (tokens_.is(TokenKind::print_begin)) {
        tokens_.next();
        body.push_back({at, Print{expressions_.tuple(true)}});
        tokens_.expect(TokenKind::print_end);
      } else {
        tokens_.expect(TokenKind::block_begin);
        if (std::any_of(ends.begin(), ends.end(), [&](auto end) { return tokens_.is_name(end); })) return body;
        statement(body);
        tokens_.expect(TokenKind::block_end);
      }
    }
    if (ends.size() > 0) tokens_.fail_expecting(fmt::format("'{{% {} %}}'", *std::prev(ends.end())));
    return body;
  }

  // The body of a block: the end of its opening tag, statements, and a closing tag, left standing.
  Body block(Names ends) {
    tokens_.skip_op(":");
    tokens_.expect(TokenKind::block_end);
    return statements(ends);
  }

  Body block_to(std::string_view end) {
    Body body = block({end});
    tokens_.expect_name(end);
    return body;
  }

  void statement(Body& out) {
    static const std::set<std::string, std::less<>> kRefused = {"include", "import", "from",
                                                                "extends", "block",  "autoescape"};
    const ExpressionParser::Nesting nesting(expressions_);
    const Position at = tokens_.at();
    const std::string tag = tokens_.expect(TokenKind::name).text;
    if (tag == "if") return out.push_back({at, conditional()});
    if (tag == "for") return out.push_back({at, loop()});
    if (tag == "set") return assignment(at, out);
    if (tag == "macro") return out.push_back({at, macro()});
    if (tag == "call") return out.push_back({at, call_block()});
    if (tag == "filter") return out.push_back({at, filter_block()});
    if (tag == "with") return out.push_back({at, with()});
    if (tag == "print") return print(out);
    if (tag == "generation") return out.push_back({at, generation()});
    if (tag == "break" || tag == "continue") {
      if (loop_depth_ == 0) syntax_error(at, fmt::format("'{}' outside a loop", tag));
      if (tag == "break") return out.push_back({at, Break{}});
      return out.push_back({at, Continue{}});
    }
    if (kRefused.contains(tag)) syntax_error(at, fmt::format("'{}' has no place in a chat template", tag));
    syntax_error(at, fmt::format("unknown tag {}", quote_for_message(tag, 40)));
  }

  If conditional() {
    If node;
    ExprPtr test = expressions_.tuple(false);
    Body body = block({"elif", "else", "endif"});
    node.branches.emplace_back(std::move(test), std::move(body));
    while (tokens_.skip_name("elif")) {
      test = expressions_.tuple(false);
      body = block({"elif", "else", "endif"});
      node.branches.emplace_back(std::move(test), std::move(body));
    }
    if (tokens_.skip_name("else")) {
      node.otherwise = block_to("endif");
    } else {
      tokens_.expect_name("endif");
    }
    return node;
  }

  For loop() {
    For node;
    node.target = target(false);
    tokens_.expect_name("in");
    node.iterable = expressions_.tuple(false);
    if (tokens_.skip_name("if")) node.test = expressions_.expression();
    node.recursive = tokens_.skip_name("recursive");
    ++loop_depth_;
    node.body = block({"else", "endfor"});
    --loop_depth_;
    if (tokens_.skip_name("else")) {
      node.otherwise = block_to("endfor");
    } else {
      tokens_.expect_name("endfor");
    }
    node.test_target = node.target;
    return node;
  }

  void assignment(Position at, Body& out) {
    Target to = target(true);
    if (tokens_.skip_op("=")) return out.push_back({at, Set{std::move(to), expressions_.tuple(true)}});
    SetBlock node;
    node.target = std::move(to);
    node.filter = expressions_.block_filters(true);
    node.body = block_to("endset");
    out.push_back({at, std::move(node)});
  }

  jinja::Macro macro() {
    jinja::Macro node;
    node.macro = std::make_shared<Callable>();
    node.target.name = node.macro->name = plain_name();
    signature(*node.macro);
    node.macro->body = function_body("endmacro");
    return node;
  }

  CallBlock call_block() {
    CallBlock node;
    node.caller = std::make_shared<Callable>();
    if (tokens_.is_op("(")) signature(*node.caller);
    const Position at = tokens_.at();
    node.call = expressions_.expression();
    if (!std::holds_alternative<Call>(node.call->node)) syntax_error(at, "expected a call, such as {% call name() %}");
    node.caller->body = function_body("endcall");
    return node;
  }

  Generation generation() {
    marks_generation_ = true;
    Generation node;
    node.body = function_body("endgeneration");
    return node;
  }

  // break and continue do not reach out of what jinja2 compiles to a function.
  Body function_body(std::string_view end) {
    const int outer = std::exchange(loop_depth_, 0);
    Body body = block_to(end);
    loop_depth_ = outer;
    return body;
  }

  void signature(Callable& callable) {
    tokens_.expect_op("(");
    while (!tokens_.is_op(")")) {
      if (!callable.parameters.empty()) tokens_.expect_op(",");
      const Position at = tokens_.at();
      std::string name = plain_name();
      if (std::find(callable.parameters.begin(), callable.parameters.end(), name) != callable.parameters.end()) {
        syntax_error(at, fmt::format("parameter '{}' is named twice", name));
      }
      callable.parameters.push_back(std::move(name));
      if (tokens_.skip_op("=")) {
        callable.defaults.push_back(expressions_.expression());
      } else if (!callable.defaults.empty()) {
        syntax_error(at, "a parameter without a default follows one with a default");
      }
    }
    tokens_.expect_op(")");
  }

  FilterBlock filter_block() {
    FilterBlock node;
    node.filter = expressions_.block_filters(false);
    node.body = block_to("endfilter");
    return node;
  }

  With with() {
    With node;
    while (!tokens_.is(TokenKind::block_end)) {
      if (!node.assignments.empty()) tokens_.expect_op(",");
      Target to = target(false);
      tokens_.expect_op("=");
      node.assignments.emplace_back(std::move(to), expressions_.expression());
    }
    node.body = block_to("endwith");
    return node;
  }

  void print(Body& out) {
    for (bool first = true; !tokens_.is(TokenKind::block_end); first = false) {
      if (!first) tokens_.expect_op(",");
      const Position at = tokens_.at();
      out.push_back({at, Print{expressions_.expression()}});
    }
  }

  std::string plain_name() {
    const Position at = tokens_.at();
    const std::string name = tokens_.expect(TokenKind::name).text;
    refuse_constant(at, name);
    return name;
  }

  static void refuse_constant(Position at, const std::string& name) {
    static const std::set<std::string, std::less<>> kConstants = {"true", "false", "none", "True", "False", "None"};
    if (kConstants.contains(name)) syntax_error(at, fmt::format("cannot assign to '{}'", name));
  }

  // Names separated by commas, in parentheses or not.
  Target target(bool with_namespace) {
    const Position at = tokens_.at();
    std::vector<Target> parts;
    bool is_tuple = false;
    while (true) {
      if (!parts.empty()) tokens_.expect_op(",");
      if (tokens_.is(TokenKind::block_end) || tokens_.is_op(")")) break;
      parts.push_back(single_target(with_namespace));
      if (!tokens_.is_op(",")) break;
      is_tuple = true;
    }
    if (parts.empty()) tokens_.fail_expecting("a name to assign to");
    if (!is_tuple) return std::move(parts.front());
    return {at, {}, {}, std::move(parts)};
  }

  Target single_target(bool with_namespace) {
    const ExpressionParser::Nesting nesting(expressions_);
    Target to{tokens_.at(), {}, {}, {}};
    if (tokens_.skip_op("(")) {
      to = target(false);
      tokens_.expect_op(")");
      return to;
    }
    to.name.name = plain_name();
    if (with_namespace && tokens_.skip_op(".")) to.attribute = tokens_.expect(TokenKind::name).text;
    return to;
  }

  TokenStream tokens_;
  ExpressionParser expressions_;
  int loop_depth_ = 0;
  bool marks_generation_ = false;
};

}  // namespace

Program parse(std::string_view source) {
  constexpr size_t kMaxSource = size_t{1} << 20;
  HONE_CHECK(source.size() <= kMaxSource, ErrorKind::format, "chat template: {} bytes long, at most {} are accepted",
             source.size(), kMaxSource);
  const size_t valid = valid_utf8_prefix(source);
  HONE_CHECK(valid == source.size(), ErrorKind::format, "chat template: not UTF-8 at byte {}", valid);
  Program program = Parser(source).run();
  resolve_names(program);
  return program;
}

}  // namespace hone::jinja
