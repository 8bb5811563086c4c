#include "text/jinja/interpreter.h"

#include <algorithm>

#include "base/check.h"
#include "text/jinja/builtins.h"
#include "text/jinja/loop.h"
#include "text/jinja/objects.h"
#include "text/jinja/operators.h"
#include "text/jinja/unicode.h"

namespace hone::jinja {
namespace {

class SequenceIterator : public Iterator {
 public:
  explicit SequenceIterator(Value sequence) : sequence_(std::move(sequence)) {}
  bool next(Value& out) override {
    const auto& items = sequence_.sequence().items;
    if (place_ >= items.size()) return false;
    out = items[place_++];
    return true;
  }

 private:
  Value sequence_;
  size_t place_ = 0;
};

class TextIterator : public Iterator {
 public:
  explicit TextIterator(Value text) : text_(std::move(text)) {}
  bool next(Value& out) override {
    const std::string& bytes = text_.text();
    if (place_ >= bytes.size()) return false;
    const size_t start = place_;
    next_char(bytes, place_);
    out = Value::text(bytes.substr(start, place_ - start));
    return true;
  }

 private:
  Value text_;
  size_t place_ = 0;
};

class FunctionIterator : public Iterator {
 public:
  FunctionIterator(Interpreter& interpreter, std::function<bool(Value&)> next)
      : interpreter_(interpreter), next_(std::move(next)) {}
  bool next(Value& out) override {
    const Interpreter::Nesting nesting(interpreter_);  // generators feed on generators
    interpreter_.budget().charge(1);
    return next_(out);
  }

 private:
  Interpreter& interpreter_;
  std::function<bool(Value&)> next_;
};

}  // namespace

/// The frame of a scope while it runs. Its variables go when the scope is left, whoever still holds the frame.
class Interpreter::ScopeGuard {
 public:
  ScopeGuard(Interpreter& interpreter, const Scope& scope, FramePtr parent) : frame_(std::make_shared<Frame>()) {
    frame_->parent = std::move(parent);
    interpreter.enter(scope, *frame_);
  }
  ~ScopeGuard() { frame_->slots.clear(), frame_->slots.shrink_to_fit(), frame_->parent = nullptr; }
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;
  const FramePtr& frame() const { return frame_; }

 private:
  FramePtr frame_;
};

Interpreter::Nesting::Nesting(Interpreter& interpreter) : interpreter_(interpreter) {
  HONE_CHECK(interpreter_.depth_ < interpreter_.limits_.depth, ErrorKind::data,
             "the template nests more than {} evaluations (limits.depth)", interpreter_.limits_.depth);
  ++interpreter_.depth_;
}

Interpreter::Interpreter(const Program& program, Variables variables, const TemplateLimits& limits, const std::tm& now)
    : program_(program), variables_(std::move(variables)), budget_(limits.steps), limits_(limits), now_(now) {
  for (auto& [name, function] : global_functions(*this)) variables_.try_emplace(name, function);
}

Interpreter::~Interpreter() {
  for (const auto& object : objects_) object->release();
}

Rendered Interpreter::render() {
  try {
    const ScopeGuard scope(*this, program_.scope, nullptr);
    run(program_.body, scope.frame());
  } catch (const Error& e) {
    throw Error(e.kind(), fmt::format("{}:{}: {}", at_.line, at_.column, e.what()));
  }
  return std::move(result_);
}

void Interpreter::enter(const Scope& scope, Frame& frame) {
  frame.slots.clear();
  frame.slots.reserve(scope.loads.size());
  for (const Load& l : scope.loads) frame.slots.push_back(load(l, frame.parent));
}

std::optional<Value> Interpreter::load(const Load& load, const FramePtr& parent) {
  if (load.action == LoadAction::resolve) {
    const auto variable = variables_.find(load.name);
    return variable == variables_.end() ? std::nullopt : std::optional(variable->second);
  }
  if (load.action != LoadAction::alias) return std::nullopt;
  const Frame* frame = parent.get();
  for (int i = 0; i < load.hops && frame != nullptr; ++i) frame = frame->parent.get();
  if (frame == nullptr || frame->slots.empty()) return std::nullopt;
  return frame->slots[static_cast<size_t>(load.slot)];
}

std::optional<Value>& Interpreter::slot(const Name& name, const FramePtr& frame) {
  Frame* home = frame.get();
  for (int i = 0; i < name.hops && home != nullptr; ++i) home = home->parent.get();
  HONE_CHECK(home != nullptr && static_cast<size_t>(name.slot) < home->slots.size(), ErrorKind::data,
             "a macro was used after the block that defined it had ended");
  return home->slots[static_cast<size_t>(name.slot)];
}

void Interpreter::write(std::string_view text) {
  HONE_CHECK(out_->size() + text.size() <= limits_.output_bytes, ErrorKind::data,
             "the template writes more than {} bytes (limits.output_bytes)", limits_.output_bytes);
  budget_.charge_bytes(text.size());
  out_->append(text);
}

// What a call or filter block made; unlike {{ }}, these do not turn other values into text.
void Interpreter::write_text(const Value& value) {
  HONE_CHECK(value.is_text(), ErrorKind::data, "the block must make a string, got {}", type_name(value));
  write(value.text());
}

template <class Run>
std::string Interpreter::capture(const Run& run) {
  struct Redirect {
    std::string*& target;
    std::string* saved;
    ~Redirect() { target = saved; }
  };
  std::string text;
  const Redirect redirect{out_, std::exchange(out_, &text)};
  run();
  return text;
}

// ---- Statements

Interpreter::Flow Interpreter::run(const Body& body, const FramePtr& frame) {
  const Nesting nesting(*this);
  for (const Statement& statement : body) {
    const Flow flow = run(statement, frame);
    if (flow != Flow::normal) return flow;
  }
  return Flow::normal;
}

Interpreter::Flow Interpreter::run(const Statement& statement, const FramePtr& frame) {
  at_ = statement.at;
  budget_.charge(1);
  return std::visit([&](const auto& node) { return exec(node, frame); }, statement.node);
}

Interpreter::Flow Interpreter::exec(const Data& node, const FramePtr&) {
  write(node.text);
  return Flow::normal;
}

Interpreter::Flow Interpreter::exec(const Print& node, const FramePtr& frame) {
  const Value value = eval(*node.value, frame);
  if (value.is_text()) {
    write(value.text());
  } else {
    budget_.charge(weight_of(value));
    write(to_text(value));
  }
  return Flow::normal;
}

Interpreter::Flow Interpreter::exec(const If& node, const FramePtr& frame) {
  for (const auto& [test, body] : node.branches) {
    if (truth(eval(*test, frame))) return run(body, frame);
  }
  return run(node.otherwise, frame);
}

Interpreter::Flow Interpreter::exec(const Set& node, const FramePtr& frame) {
  check_namespaces(node.target, frame);
  assign(node.target, eval(*node.value, frame), frame);
  return Flow::normal;
}

Interpreter::Flow Interpreter::exec(const SetBlock& node, const FramePtr& frame) {
  const ScopeGuard scope(*this, node.scope, frame);
  Flow flow = Flow::normal;
  Value value = Value::text(capture([&] { flow = run(node.body, scope.frame()); }));
  if (flow != Flow::normal) return flow;
  if (node.filter) {
    block_contents_ = std::move(value);
    value = eval(*node.filter, scope.frame());
  }
  check_namespaces(node.target, frame);
  assign(node.target, value, frame);
  return Flow::normal;
}

Interpreter::Flow Interpreter::exec(const Macro& node, const FramePtr& frame) {
  slot(node.target, frame) = Value(make<MacroValue>(node.macro, frame));
  return Flow::normal;
}

Interpreter::Flow Interpreter::exec(const CallBlock& node, const FramePtr& frame) {
  Value caller(make<MacroValue>(node.caller, frame));
  const auto& call = std::get<Call>(node.call->node);
  const Value value = eval_call(call, node.call->at, frame, std::move(caller));
  write_text(value);
  return Flow::normal;
}

Interpreter::Flow Interpreter::exec(const FilterBlock& node, const FramePtr& frame) {
  const ScopeGuard scope(*this, node.scope, frame);
  Flow flow = Flow::normal;
  std::string contents = capture([&] { flow = run(node.body, scope.frame()); });
  if (flow != Flow::normal) return flow;
  block_contents_ = Value::text(std::move(contents));
  const Value value = eval(*node.filter, scope.frame());
  write_text(value);
  return Flow::normal;
}

Interpreter::Flow Interpreter::exec(const With& node, const FramePtr& frame) {
  const ScopeGuard scope(*this, node.scope, frame);
  for (const auto& [target, value] : node.assignments) assign(target, eval(*value, frame), scope.frame());
  return run(node.body, scope.frame());
}

Interpreter::Flow Interpreter::exec(const Generation& node, const FramePtr& frame) {
  const ScopeGuard scope(*this, node.scope, frame);
  if (out_ != &result_.text) {
    result_.unplaced = true;
    return run(node.body, scope.frame());
  }
  const size_t begin = result_.text.size();
  run(node.body, scope.frame());
  if (result_.text.size() > begin) result_.assistant.push_back({begin, result_.text.size()});
  return Flow::normal;
}

// ---- Loops

Interpreter::Flow Interpreter::exec(const For& node, const FramePtr& frame) {
  const Value iterable = eval(*node.iterable, frame);
  if (!node.recursive) return run_loop(node, frame, iterable, 0);
  const Value text = run_recursive_loop(node, frame, iterable, 0);
  write(text.text());
  return Flow::normal;
}

Value Interpreter::run_recursive_loop(const For& node, const FramePtr& parent, const Value& iterable, int depth) {
  return Value::text(capture([&] { run_loop(node, parent, iterable, depth); }));
}

std::shared_ptr<Iterator> Interpreter::filtered(const For& node, const FramePtr& parent,
                                                std::shared_ptr<Iterator> items) {
  auto next = [this, &node, parent, items = std::move(items)](Value& out) {
    while (items->next(out)) {
      const ScopeGuard scope(*this, node.test_scope, parent);
      assign(node.test_target, out, scope.frame());
      if (truth(eval(*node.test, scope.frame()))) return true;
    }
    return false;
  };
  return std::make_shared<FunctionIterator>(*this, std::move(next));
}

Interpreter::Flow Interpreter::run_loop(const For& node, const FramePtr& parent, const Value& iterable, int depth) {
  std::shared_ptr<Iterator> items = iterate(iterable);
  std::optional<int64_t> known_length;
  if (node.test) {
    items = filtered(node, parent, std::move(items));
  } else if (iterable.object_as<Generator>() == nullptr) {
    known_length = length(iterable);
  }
  const auto loop = make<LoopState>(std::move(items), known_length, node, parent, depth);
  bool completed_one = false;  // jinja2 runs `else` unless some iteration reached its end
  {
    const ScopeGuard scope(*this, node.body_scope, parent);
    while (loop->advance()) {
      budget_.charge(1);
      enter(node.body_scope, *scope.frame());
      scope.frame()->slots[static_cast<size_t>(node.loop_slot)] = Value(loop);
      assign(node.target, loop->item(), scope.frame());
      const Flow flow = run(node.body, scope.frame());
      if (flow == Flow::break_loop) break;
      if (flow == Flow::normal) completed_one = true;
    }
  }
  if (completed_one || node.otherwise.empty()) return Flow::normal;
  const ScopeGuard scope(*this, node.else_scope, parent);
  return run(node.otherwise, scope.frame());
}

// ---- Assignment

void Interpreter::check_namespaces(const Target& target, const FramePtr& frame) {
  for (const Target& part : target.parts) check_namespaces(part, frame);
  if (target.attribute.empty()) return;
  const auto& holder = slot(target.name, frame);
  HONE_CHECK(holder && holder->object_as<Namespace>(), ErrorKind::data,
             "cannot assign to '{}.{}': '{}' is not a namespace", target.name.name, target.attribute, target.name.name);
}

void Interpreter::assign(const Target& target, const Value& value, const FramePtr& frame) {
  if (target.parts.empty()) {
    auto& place = slot(target.name, frame);
    if (target.attribute.empty()) {
      place = value;
    } else {
      place->object_as<Namespace>()->set(target.attribute, value);
    }
    return;
  }
  const auto items = iterate(value);
  size_t count = 0;
  for (Value item; items->next(item); ++count) {
    HONE_CHECK(count < target.parts.size(), ErrorKind::data, "too many values to unpack (expected {})",
               target.parts.size());
    assign(target.parts[count], item, frame);
  }
  HONE_CHECK(count == target.parts.size(), ErrorKind::data, "not enough values to unpack (expected {}, got {})",
             target.parts.size(), count);
}

// ---- Macros

Value Interpreter::call_macro(const Callable& macro, const FramePtr& parent, Args args) {
  const std::string& name = macro.name.empty() ? "caller" : macro.name;
  const ScopeGuard scope(*this, macro.scope, parent);
  auto& slots = scope.frame()->slots;
  const size_t count = macro.parameters.size();
  const auto take_named = [&](std::string_view parameter) -> std::optional<Value> {
    const auto found =
        std::find_if(args.named.begin(), args.named.end(), [&](const auto& arg) { return arg.first == parameter; });
    if (found == args.named.end()) return std::nullopt;
    Value value = std::move(found->second);
    args.named.erase(found);
    return value;
  };

  for (size_t i = 0; i < count; ++i) {
    slots[i] = i < args.positional.size() ? std::optional(args.positional[i]) : take_named(macro.parameters[i]);
  }
  if (macro.caller_slot >= 0) {
    slots[static_cast<size_t>(macro.caller_slot)] =
        take_named("caller").value_or(Value::undefined("No caller defined"));
  }
  if (macro.kwargs_slot >= 0) {
    std::vector<std::pair<Value, Value>> rest;
    for (auto& [key, value] : args.named) rest.emplace_back(Value::text(key), std::move(value));
    slots[static_cast<size_t>(macro.kwargs_slot)] = Value::dict(std::move(rest));
  } else {
    HONE_CHECK(args.named.empty(), ErrorKind::data, "macro '{}' takes no argument named '{}'", name,
               args.named.empty() ? "" : args.named[0].first);
  }
  if (macro.varargs_slot >= 0) {
    const auto extra = args.positional.begin() + static_cast<ptrdiff_t>(std::min(count, args.positional.size()));
    slots[static_cast<size_t>(macro.varargs_slot)] = Value::tuple({extra, args.positional.end()});
  } else {
    HONE_CHECK(args.positional.size() <= count, ErrorKind::data, "macro '{}' takes at most {} arguments, got {}", name,
               count, args.positional.size());
  }
  const size_t first_default = count - macro.defaults.size();
  for (size_t i = 0; i < count; ++i) {
    if (slots[i]) continue;
    slots[i] = i >= first_default
                   ? eval(*macro.defaults[i - first_default], scope.frame())
                   : Value::undefined(fmt::format("parameter '{}' was not provided", macro.parameters[i]));
  }
  return Value::text(capture([&] { run(macro.body, scope.frame()); }));
}

// ---- Iteration

std::shared_ptr<Iterator> Interpreter::iterate(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
      return std::make_shared<SequenceIterator>(Value::list({}));
    case Kind::text:
      return std::make_shared<TextIterator>(value);
    case Kind::sequence:
      return std::make_shared<SequenceIterator>(value);
    case Kind::dict:
      return make<DictView>(value, DictView::Part::keys)->iterate();
    case Kind::object:
      if (auto iterator = value.object()->iterate()) return iterator;
      break;
    default:
      break;
  }
  fail(ErrorKind::data, "'{}' object is not iterable", type_name(value));
}

std::vector<Value> Interpreter::to_vector(const Value& value) {
  std::vector<Value> items;
  const auto iterator = iterate(value);
  for (Value item; iterator->next(item);) {
    budget_.charge(1);
    items.push_back(std::move(item));
  }
  return items;
}

Value Interpreter::generator(std::function<bool(Value&)> next) {
  return Value(make<Generator>(std::make_shared<FunctionIterator>(*this, std::move(next))));
}

}  // namespace hone::jinja
