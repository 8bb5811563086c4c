// Expressions.
#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "text/jinja/builtins.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/operators.h"

namespace hone::jinja {

Value Interpreter::eval(const Expr& expr, const FramePtr& frame) {
  const Nesting nesting(*this);
  at_ = expr.at;
  budget_.charge(1);
  return std::visit([&](const auto& node) { return eval_node(node, expr, frame); }, expr.node);
}

Value Interpreter::eval_or_none(const ExprPtr& expr, const FramePtr& frame) {
  return expr ? eval(*expr, frame) : Value(None{});
}

Value Interpreter::eval_node(const Name& node, const Expr&, const FramePtr& frame) {
  const auto& value = slot(node, frame);
  return value ? *value : Value::undefined(fmt::format("{} is undefined", quote_for_message(node.name, 60)));
}

Value Interpreter::eval_node(const Literal& node, const Expr&, const FramePtr&) { return node.value; }

Value Interpreter::eval_node(const SequenceLiteral& node, const Expr&, const FramePtr& frame) {
  std::vector<Value> items;
  items.reserve(node.items.size());
  for (const ExprPtr& item : node.items) items.push_back(eval(*item, frame));
  return node.tuple ? Value::tuple(std::move(items)) : Value::list(std::move(items));
}

Value Interpreter::eval_node(const DictLiteral& node, const Expr& expr, const FramePtr& frame) {
  std::vector<std::pair<Value, Value>> items;
  for (const auto& [key, value] : node.items) {
    Value k = eval(*key, frame);
    items.emplace_back(std::move(k), eval(*value, frame));
  }
  at_ = expr.at;
  return Value::dict(std::move(items));
}

Value Interpreter::eval_node(const Unary& node, const Expr& expr, const FramePtr& frame) {
  const Value operand = eval(*node.operand, frame);
  at_ = expr.at;
  switch (node.op) {
    case UnaryOp::negate:
      return negate(operand);
    case UnaryOp::plus:
      return unary_plus(operand);
    case UnaryOp::logical_not:
      return !truth(operand);
  }
  return Value();
}

Value Interpreter::eval_node(const Binary& node, const Expr& expr, const FramePtr& frame) {
  const Value left = eval(*node.left, frame);
  const Value right = eval(*node.right, frame);
  at_ = expr.at;
  return binary(*this, node.op, left, right);
}

Value Interpreter::eval_node(const Logical& node, const Expr&, const FramePtr& frame) {
  Value left = eval(*node.left, frame);
  return truth(left) == node.is_and ? eval(*node.right, frame) : left;
}

Value Interpreter::eval_node(const Compare& node, const Expr& expr, const FramePtr& frame) {
  Value left = eval(*node.first, frame);
  for (const auto& [op, operand] : node.rest) {
    Value right = eval(*operand, frame);
    at_ = expr.at;
    if (!compare(*this, op, left, right)) return false;
    left = std::move(right);
  }
  return true;
}

Value Interpreter::eval_node(const Concat& node, const Expr&, const FramePtr& frame) {
  std::string text;
  for (const ExprPtr& part : node.parts) {
    const Value value = eval(*part, frame);
    budget_.charge(weight_of(value));
    text += to_text(value);
  }
  budget_.charge_bytes(text.size());
  return Value::text(std::move(text));
}

Value Interpreter::eval_node(const Conditional& node, const Expr&, const FramePtr& frame) {
  if (truth(eval(*node.test, frame))) return eval(*node.yes, frame);
  if (node.no) return eval(*node.no, frame);
  return Value::undefined("the inline if-expression evaluated to false and has no else section");
}

Value Interpreter::eval_node(const Attribute& node, const Expr& expr, const FramePtr& frame) {
  const Value object = eval(*node.object, frame);
  at_ = expr.at;
  return get_attribute(*this, object, node.name);
}

Value Interpreter::eval_node(const Item& node, const Expr& expr, const FramePtr& frame) {
  const Value object = eval(*node.object, frame);
  const Value index = eval(*node.index, frame);
  at_ = expr.at;
  return get_item(*this, object, index);
}

Value Interpreter::eval_node(const Slice& node, const Expr& expr, const FramePtr& frame) {
  const Value object = eval(*node.object, frame);
  const Value start = eval_or_none(node.start, frame);
  const Value stop = eval_or_none(node.stop, frame);
  const Value step = eval_or_none(node.step, frame);
  at_ = expr.at;
  return slice(*this, object, start, stop, step);
}

Value Interpreter::eval_node(const Call& node, const Expr& expr, const FramePtr& frame) {
  return eval_call(node, expr.at, frame, std::nullopt);
}

Value Interpreter::eval_node(const Filter& node, const Expr& expr, const FramePtr& frame) {
  Value input = node.input ? eval(*node.input, frame) : *std::exchange(block_contents_, std::nullopt);
  Args args = eval_args(node.args, frame);
  at_ = expr.at;
  return apply_filter(node.name, input, std::move(args));
}

Value Interpreter::eval_node(const Test& node, const Expr& expr, const FramePtr& frame) {
  const Value input = eval(*node.input, frame);
  Args args = eval_args(node.args, frame);
  at_ = expr.at;
  return apply_test(node.name, input, std::move(args));
}

Args Interpreter::eval_args(const CallArgs& args, const FramePtr& frame) {
  Args out;
  for (const ExprPtr& value : args.positional) out.positional.push_back(eval(*value, frame));
  for (const auto& [name, value] : args.named) out.named.emplace_back(name, eval(*value, frame));
  if (args.star) {
    std::vector<Value> more = to_vector(eval(*args.star, frame));
    out.positional.insert(out.positional.end(), more.begin(), more.end());
  }
  if (args.star_star) {
    const Value more = eval(*args.star_star, frame);
    HONE_CHECK(more.is_dict(), ErrorKind::data, "argument after ** must be a mapping, got {}", type_name(more));
    for (const auto& [key, value] : more.dict().items) {
      HONE_CHECK(key.is_text(), ErrorKind::data, "keywords must be strings, got {}", type_name(key));
      const bool twice = std::any_of(out.named.begin(), out.named.end(),
                                     [&, &k = key](const auto& arg) { return arg.first == k.text(); });
      HONE_CHECK(!twice, ErrorKind::data, "argument {} is given twice", quote_for_message(key.text(), 40));
      budget_.charge(static_cast<int64_t>(out.named.size()));
      out.named.emplace_back(key.text(), value);
    }
  }
  return out;
}

Value Interpreter::eval_call(const Call& node, Position at, const FramePtr& frame, std::optional<Value> caller) {
  // A method that is called where it stands needs no object to bind it.
  if (const Attribute* attribute = std::get_if<Attribute>(&node.callee->node); attribute && !caller) {
    const Value object = eval(*attribute->object, frame);
    if (const MethodFunction method = find_method(object, attribute->name)) {
      Args args = eval_args(node.args, frame);
      at_ = at;
      budget_.charge(weight_of(object.is_text() ? object : Value()));
      return method(*this, object, std::move(args));
    }
    const Value callee = get_attribute(*this, object, attribute->name);
    Args args = eval_args(node.args, frame);
    at_ = at;
    return call(callee, std::move(args));
  }
  const Value callee = eval(*node.callee, frame);
  Args args = eval_args(node.args, frame);
  if (caller) args.named.emplace_back("caller", *std::move(caller));
  at_ = at;
  return call(callee, std::move(args));
}

Value Interpreter::call(const Value& callee, Args args) {
  if (callee.is_undefined()) fail_undefined(callee);
  HONE_CHECK(callee.kind() == Kind::object, ErrorKind::data, "'{}' object is not callable", type_name(callee));
  const Nesting nesting(*this);
  const std::shared_ptr<Object> function = callee.object();
  return function->call(*this, std::move(args));
}

namespace {

// What a builtin may read of its texts; those that walk containers pay for the rest themselves.
void pay_for_texts(Budget& budget, const Value& input, const Args& args) {
  budget.charge(input.is_text() ? weight_of(input) : 1);
  for (const Value& arg : args.positional) budget.charge(arg.is_text() ? weight_of(arg) : 1);
}

}  // namespace

Value Interpreter::apply_filter(const std::string& name, const Value& input, Args args) {
  const FilterFunction filter = find_filter(name);
  HONE_CHECK(filter != nullptr, ErrorKind::data, "no filter named {}", quote_for_message(name, 40));
  const Nesting nesting(*this);
  pay_for_texts(budget_, input, args);
  Value result = filter(*this, input, std::move(args));
  if (result.is_text()) budget_.charge(weight_of(result));
  return result;
}

bool Interpreter::apply_test(const std::string& name, const Value& input, Args args) {
  const TestFunction test = find_test(name);
  HONE_CHECK(test != nullptr, ErrorKind::data, "no test named {}", quote_for_message(name, 40));
  pay_for_texts(budget_, input, args);
  return test(*this, input, args);
}

}  // namespace hone::jinja
