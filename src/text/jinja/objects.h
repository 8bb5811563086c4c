// The objects that a template can hold: iterators and views, namespaces, functions and macros.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/ast.h"
#include "text/jinja/value.h"

namespace hone::jinja {

struct Frame;

/// range(start, stop, step)
class Range : public Object {
 public:
  Range(int64_t start, int64_t count, int64_t step) : start_(start), count_(count), step_(step) {}
  std::string type_name() const override { return "range"; }
  std::string repr() override;
  std::optional<Value> attribute(Interpreter& interpreter, const std::string& name) override;
  std::shared_ptr<Iterator> iterate() override;
  std::optional<int64_t> length() override { return count_; }
  bool equals(const Object& other) const override;
  Value at(int64_t index) const { return Value(start_ + index * step_); }

 private:
  int64_t start_, count_, step_;
};

/// dict.keys(), .values(), .items()
class DictView : public Object {
 public:
  enum class Part { keys, values, items };
  DictView(Value dict, Part part) : dict_(std::move(dict)), part_(part) {}
  std::string type_name() const override;
  void release() override { dict_ = Value::dict({}); }
  int64_t weight() const override { return weight_of(dict_); }
  std::string repr() override;
  std::shared_ptr<Iterator> iterate() override;
  std::optional<int64_t> length() override;
  bool contains(Interpreter& interpreter, const Value& item) override;

 private:
  Value dict_;
  Part part_;
};

/// What map, select, batch and such return: values made one by one, once.
class Generator : public Object, public std::enable_shared_from_this<Generator> {
 public:
  explicit Generator(std::shared_ptr<Iterator> iterator) : iterator_(std::move(iterator)) {}
  std::string type_name() const override { return "generator"; }
  void release() override { iterator_ = nullptr; }
  std::shared_ptr<Iterator> iterate() override;  // goes on where the last one stopped
  bool next(Value& out) { return iterator_ && iterator_->next(out); }

 private:
  std::shared_ptr<Iterator> iterator_;
};

/// namespace(): the one thing that a template may change. Prints without its contents if they hold objects, which may
/// be the namespace itself.
class Namespace : public Object {
 public:
  std::string type_name() const override { return "Namespace"; }
  void release() override { attributes_.clear(); }
  int64_t weight() const override;
  std::string repr() override;
  std::optional<Value> attribute(Interpreter& interpreter, const std::string& name) override;
  void set(const std::string& name, Value value);  // Error(data) for names with a leading underscore

 private:
  std::vector<std::pair<std::string, Value>> attributes_;
};

/// A function of the interpreter.
class Builtin : public Object {
 public:
  using Function = std::function<Value(Interpreter&, Args)>;
  Builtin(std::string name, Function function) : name_(std::move(name)), function_(std::move(function)) {}
  std::string type_name() const override { return "builtin_function_or_method"; }
  std::string repr() override { return "<built-in function " + name_ + ">"; }
  void release() override { function_ = nullptr; }
  bool callable() const override { return true; }
  Value call(Interpreter& interpreter, Args args) override { return function_(interpreter, std::move(args)); }

 private:
  std::string name_;
  Function function_;
};

/// A macro or the caller of a call block, with the scope it was defined in.
class MacroValue : public Object {
 public:
  MacroValue(std::shared_ptr<const Callable> macro, std::shared_ptr<Frame> frame)
      : macro_(std::move(macro)), frame_(std::move(frame)) {}
  std::string type_name() const override { return "Macro"; }
  std::string repr() override;
  void release() override { frame_ = nullptr; }
  std::optional<Value> attribute(Interpreter& interpreter, const std::string& name) override;
  bool callable() const override { return true; }
  Value call(Interpreter& interpreter, Args args) override;

 private:
  std::shared_ptr<const Callable> macro_;
  std::shared_ptr<Frame> frame_;
};

/// cycler(a, b, ...) and its next(), reset() and current.
class Cycler : public Object {
 public:
  explicit Cycler(std::vector<Value> items) : items_(std::move(items)) {}
  std::string type_name() const override { return "Cycler"; }
  void release() override { items_.clear(); }
  std::optional<Value> attribute(Interpreter& interpreter, const std::string& name) override;

 private:
  std::vector<Value> items_;
  size_t at_ = 0;
};

/// joiner(separator): empty at the first call.
class Joiner : public Object {
 public:
  explicit Joiner(Value separator) : separator_(std::move(separator)) {}
  std::string type_name() const override { return "Joiner"; }
  void release() override { separator_ = Value(); }
  bool callable() const override { return true; }
  Value call(Interpreter&, Args) override;

 private:
  Value separator_;
  bool used_ = false;
};

}  // namespace hone::jinja
