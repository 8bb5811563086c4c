// Runs a parsed template.
#pragma once

#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "hone/chat_template.h"
#include "text/jinja/ast.h"
#include "text/jinja/budget.h"
#include "text/jinja/value.h"

namespace hone::jinja {

class LoopState;

/// The variables of a scope while it runs; an empty slot is a variable that was never assigned.
struct Frame {
  std::vector<std::optional<Value>> slots;
  std::shared_ptr<Frame> parent;
};

/// What a rendering gives.
struct Rendered {
  std::string text;
  std::vector<TextSpan> assistant;  // written by {% generation %} blocks
  bool unplaced = false;            // one stood in a macro or a set block, where its place in the text is not known
};

using Variables = std::unordered_map<std::string, Value>;

class Interpreter {
 public:
  Interpreter(const Program& program, Variables variables, const TemplateLimits& limits, const std::tm& now);
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  /// The rendered text and what {% generation %} blocks wrote. Error(data) begins with `line:column: `.
  Rendered render();

  // ---- For builtins

  Budget& budget() { return budget_; }
  const std::tm& now() const { return now_; }
  Value call(const Value& callee, Args args);
  Value apply_filter(const std::string& name, const Value& input, Args args);
  bool apply_test(const std::string& name, const Value& input, Args args);
  Value call_macro(const Callable& macro, const std::shared_ptr<Frame>& parent, Args args);
  Value run_recursive_loop(const For& node, const std::shared_ptr<Frame>& parent, const Value& iterable, int depth);

  /// Makes an object that lives as long as this interpreter.
  template <class T, class... Arguments>
  std::shared_ptr<T> make(Arguments&&... arguments) {
    auto object = std::make_shared<T>(std::forward<Arguments>(arguments)...);
    budget_.charge(1);
    objects_.push_back(object);
    return object;
  }

  /// Iterates over a value; Error(data) if it is not iterable. The value must outlive the iterator unless it is shared.
  std::shared_ptr<Iterator> iterate(const Value& value);
  std::vector<Value> to_vector(const Value& value);
  /// A lazy sequence: `next` yields values until it returns false.
  Value generator(std::function<bool(Value&)> next);

  /// Counts a nested evaluation while alive; Error(data) past limits.depth.
  class Nesting {
   public:
    explicit Nesting(Interpreter& interpreter);
    ~Nesting() { --interpreter_.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    Interpreter& interpreter_;
  };

 private:
  enum class Flow { normal, break_loop, continue_loop };
  using FramePtr = std::shared_ptr<Frame>;
  class ScopeGuard;

  // Statements (interpreter.cpp)
  Flow run(const Body& body, const FramePtr& frame);
  Flow run(const Statement& statement, const FramePtr& frame);
  Flow exec(const Data& node, const FramePtr& frame);
  Flow exec(const Print& node, const FramePtr& frame);
  Flow exec(const If& node, const FramePtr& frame);
  Flow exec(const For& node, const FramePtr& frame);
  Flow exec(const Set& node, const FramePtr& frame);
  Flow exec(const SetBlock& node, const FramePtr& frame);
  Flow exec(const Macro& node, const FramePtr& frame);
  Flow exec(const CallBlock& node, const FramePtr& frame);
  Flow exec(const FilterBlock& node, const FramePtr& frame);
  Flow exec(const With& node, const FramePtr& frame);
  Flow exec(const Generation& node, const FramePtr& frame);
  Flow exec(const Break&, const FramePtr&) { return Flow::break_loop; }
  Flow exec(const Continue&, const FramePtr&) { return Flow::continue_loop; }
  Flow run_loop(const For& node, const FramePtr& parent, const Value& iterable, int depth);
  std::shared_ptr<Iterator> filtered(const For& node, const FramePtr& parent, std::shared_ptr<Iterator> items);

  std::optional<Value> load(const Load& load, const FramePtr& parent);
  void enter(const Scope& scope, Frame& frame);
  std::optional<Value>& slot(const Name& name, const FramePtr& frame);
  void assign(const Target& target, const Value& value, const FramePtr& frame);
  void check_namespaces(const Target& target, const FramePtr& frame);
  void write(std::string_view text);
  void write_text(const Value& value);
  template <class Run>
  std::string capture(const Run& run);

  // Expressions (evaluate.cpp)
  Value eval(const Expr& expr, const FramePtr& frame);
  Value eval_or_none(const ExprPtr& expr, const FramePtr& frame);
  Value eval_node(const Name& node, const Expr& expr, const FramePtr& frame);
  Value eval_node(const Literal& node, const Expr& expr, const FramePtr& frame);
  Value eval_node(const SequenceLiteral& node, const Expr& expr, const FramePtr& frame);
  Value eval_node(const DictLiteral& node, const Expr& expr, const FramePtr& frame);
  Value eval_node(const Unary& node, const Expr& expr, const FramePtr& frame);
  Value eval_node(const Binary& node, const Expr& expr, const FramePtr& frame);
  Value eval_node(const Logical& node, const Expr& expr, const FramePtr& frame);
  Value eval_node(const Compare& node, const Expr& expr, const FramePtr& frame);
  Value eval_node(const Concat& node, const Expr& expr, const FramePtr& frame);
  Value eval_node(const Conditional& node, const Expr& expr, const FramePtr& frame);
  Value eval_node(const Attribute& node, const Expr& expr, const FramePtr& frame);
  Value eval_node(const Item& node, const Expr& expr, const FramePtr& frame);
  Value eval_node(const Slice& node, const Expr& expr, const FramePtr& frame);
  Value eval_node(const Call& node, const Expr& expr, const FramePtr& frame);
  Value eval_node(const Filter& node, const Expr& expr, const FramePtr& frame);
  Value eval_node(const Test& node, const Expr& expr, const FramePtr& frame);
  Value eval_call(const Call& node, Position at, const FramePtr& frame, std::optional<Value> caller);
  Args eval_args(const CallArgs& args, const FramePtr& frame);

  const Program& program_;
  Variables variables_;
  Budget budget_;
  TemplateLimits limits_;
  std::tm now_;
  Position at_;  // of what runs now, for messages
  int depth_ = 0;
  Rendered result_;
  std::string* out_ = &result_.text;     // where output goes: the result, or a capture
  std::optional<Value> block_contents_;  // input of the filters of the block at hand
  std::vector<std::shared_ptr<Object>> objects_;
};

}  // namespace hone::jinja
