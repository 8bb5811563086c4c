#include "text/jinja/objects.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/operators.h"

namespace hone::jinja {
namespace {

/// Yields count values that `at` makes from their index.
class IndexedIterator : public Iterator {
 public:
  IndexedIterator(size_t count, std::function<Value(size_t)> at) : count_(count), at_(std::move(at)) {}
  bool next(Value& out) override {
    if (place_ >= count_) return false;
    out = at_(place_++);
    return true;
  }

 private:
  size_t count_, place_ = 0;
  std::function<Value(size_t)> at_;
};

std::shared_ptr<Iterator> indexed(size_t count, std::function<Value(size_t)> at) {
  return std::make_shared<IndexedIterator>(count, std::move(at));
}

bool holds_objects(const Value& value) {
  if (value.kind() == Kind::sequence) {
    const auto& items = value.sequence().items;
    return std::any_of(items.begin(), items.end(), holds_objects);
  }
  if (value.is_dict()) {
    const auto& items = value.dict().items;
    return std::any_of(items.begin(), items.end(), [](const auto& item) { return holds_objects(item.second); });
  }
  return value.kind() == Kind::object;
}

Value method(Interpreter& interpreter, const std::string& name, Builtin::Function function) {
  return Value(interpreter.make<Builtin>(name, std::move(function)));
}

}  // namespace

std::string Range::repr() {
  const int64_t stop = start_ + count_ * step_;
  return step_ == 1 ? fmt::format("range({}, {})", start_, stop)
                    : fmt::format("range({}, {}, {})", start_, stop, step_);
}

std::optional<Value> Range::attribute(Interpreter& interpreter, const std::string& name) {
  if (name == "index" || name == "count") {
    std::vector<Value> numbers;
    for (int64_t i = 0; i < count_; ++i) numbers.push_back(at(i));
    interpreter.budget().charge(count_);
    return find_attribute(interpreter, Value::tuple(std::move(numbers)), name);
  }
  if (name == "start") return Value(start_);
  if (name == "stop") return Value(start_ + count_ * step_);
  if (name == "step") return Value(step_);
  return std::nullopt;
}

std::shared_ptr<Iterator> Range::iterate() {
  return indexed(static_cast<size_t>(count_),
                 [start = start_, step = step_](size_t i) { return Value(start + static_cast<int64_t>(i) * step); });
}

bool Range::equals(const Object& other) const {
  const auto* range = dynamic_cast<const Range*>(&other);
  return range != nullptr && range->count_ == count_ && (count_ == 0 || range->start_ == start_) &&
         (count_ <= 1 || range->step_ == step_);
}

// Holds the generator, not its iterator: a chain of generators is one of objects, which the interpreter takes apart.
std::shared_ptr<Iterator> Generator::iterate() {
  class Rest : public Iterator {
   public:
    explicit Rest(std::shared_ptr<Generator> generator) : generator_(std::move(generator)) {}
    bool next(Value& out) override { return generator_->next(out); }

   private:
    std::shared_ptr<Generator> generator_;
  };
  return std::make_shared<Rest>(shared_from_this());
}

std::string DictView::type_name() const {
  return part_ == Part::keys ? "dict_keys" : part_ == Part::values ? "dict_values" : "dict_items";
}

std::shared_ptr<Iterator> DictView::iterate() {
  return indexed(dict_.dict().items.size(), [dict = dict_, part = part_](size_t i) {
    const auto& [key, value] = dict.dict().items[i];
    return part == Part::keys ? key : part == Part::values ? value : Value::tuple({key, value});
  });
}

std::string DictView::repr() {
  std::vector<Value> items;
  for (const auto& [key, value] : dict_.dict().items) {
    items.push_back(part_ == Part::keys ? key : part_ == Part::values ? value : Value::tuple({key, value}));
  }
  return type_name() + "(" + jinja::repr(Value::list(std::move(items))) + ")";
}

std::optional<int64_t> DictView::length() { return static_cast<int64_t>(dict_.dict().items.size()); }

bool DictView::contains(Interpreter& interpreter, const Value& item) {
  return part_ == Part::keys ? jinja::contains(interpreter, dict_, item) : Object::contains(interpreter, item);
}

int64_t Namespace::weight() const {
  int64_t total = 1;
  for (const auto& [name, value] : attributes_) {
    if (value.kind() != Kind::object) total += weight_of(value);
  }
  return total;
}

std::string Namespace::repr() {
  std::vector<std::pair<Value, Value>> items;
  for (const auto& [name, value] : attributes_) {
    if (holds_objects(value)) return "<Namespace>";
    items.emplace_back(Value::text(name), value);
  }
  return "<Namespace " + jinja::repr(Value::dict(std::move(items))) + ">";
}

std::optional<Value> Namespace::attribute(Interpreter&, const std::string& name) {
  for (const auto& [key, value] : attributes_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

void Namespace::set(const std::string& name, Value value) {
  HONE_CHECK(!name.starts_with('_'), ErrorKind::data, "a namespace cannot store {}: names must not begin with '_'",
             quote_for_message(name, 40));
  for (auto& [key, old] : attributes_) {
    if (key == name) {
      old = std::move(value);
      return;
    }
  }
  attributes_.emplace_back(name, std::move(value));
}

std::string MacroValue::repr() {
  return macro_->name.empty() ? "<Macro anonymous>" : "<Macro " + jinja::repr(std::string_view(macro_->name)) + ">";
}

std::optional<Value> MacroValue::attribute(Interpreter&, const std::string& name) {
  if (name == "name") return macro_->name.empty() ? Value(None{}) : Value::text(macro_->name);
  if (name == "catch_kwargs") return Value(macro_->kwargs_slot >= 0);
  if (name == "catch_varargs") return Value(macro_->varargs_slot >= 0);
  if (name == "caller") return Value(macro_->caller_slot >= 0);
  if (name == "arguments") {
    std::vector<Value> names;
    for (const std::string& parameter : macro_->parameters) names.push_back(Value::text(parameter));
    return Value::tuple(std::move(names));
  }
  return std::nullopt;
}

Value MacroValue::call(Interpreter& interpreter, Args args) {
  return interpreter.call_macro(*macro_, frame_, std::move(args));
}

std::optional<Value> Cycler::attribute(Interpreter& interpreter, const std::string& name) {
  if (name == "current") return items_[at_];
  // The interpreter keeps this object for as long as any of its methods.
  if (name == "next") {
    return method(interpreter, name, [this](Interpreter&, Args) {
      Value item = items_[at_];
      at_ = (at_ + 1) % items_.size();
      return item;
    });
  }
  if (name == "reset") {
    return method(interpreter, name, [this](Interpreter&, Args) {
      at_ = 0;
      return Value(None{});
    });
  }
  return std::nullopt;
}

Value Joiner::call(Interpreter&, Args) {
  if (std::exchange(used_, true)) return separator_;
  return Value::text("");
}

}  // namespace hone::jinja
