#include "text/jinja/loop.h"

#include "base/check.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/objects.h"

namespace hone::jinja {
namespace {

/// Yields what a vector holds.
class VectorIterator : public Iterator {
 public:
  explicit VectorIterator(std::vector<Value> items) : items_(std::move(items)) {}
  bool next(Value& out) override {
    if (place_ >= items_.size()) return false;
    out = items_[place_++];
    return true;
  }

 private:
  std::vector<Value> items_;
  size_t place_ = 0;
};

}  // namespace

bool LoopState::peek() {
  if (after_) return true;
  Value item;
  if (!items_->next(item)) return false;
  after_ = std::move(item);
  return true;
}

bool LoopState::advance() {
  if (!peek()) return false;
  ++index0_;
  before_ = std::move(current_);
  current_ = std::move(after_);
  after_.reset();
  return true;
}

void LoopState::release() {
  items_ = nullptr;
  frame_ = nullptr;
  before_ = current_ = after_ = last_changed_ = std::nullopt;
}

std::string LoopState::repr() { return fmt::format("<LoopContext {}/{}>", index0_ + 1, *length()); }

// A generator has to be run to its end to know its length.
std::optional<int64_t> LoopState::length() {
  if (!length_) {
    std::vector<Value> rest;
    for (Value item; items_->next(item);) rest.push_back(item);
    length_ = static_cast<int64_t>(rest.size()) + index0_ + 1 + (after_ ? 1 : 0);
    items_ = std::make_shared<VectorIterator>(std::move(rest));
  }
  return length_;
}

std::optional<Value> LoopState::attribute(Interpreter& interpreter, const std::string& name) {
  if (name == "index") return Value(index0_ + 1);
  if (name == "index0") return Value(index0_);
  if (name == "first") return Value(index0_ == 0);
  if (name == "last") return Value(!peek());
  if (name == "length") return Value(*length());
  if (name == "revindex") return Value(*length() - index0_);
  if (name == "revindex0") return Value(*length() - index0_ - 1);
  if (name == "depth") return Value(depth_ + 1);
  if (name == "depth0") return Value(depth_);
  if (name == "previtem") return index0_ == 0 ? Value::undefined("there is no previous item") : *before_;
  if (name == "nextitem") return peek() ? *after_ : Value::undefined("there is no next item");
  // The interpreter keeps this object for as long as any of its methods.
  if (name == "cycle") {
    return Value(interpreter.make<Builtin>(name, [this](Interpreter&, Args args) {
      HONE_CHECK(!args.positional.empty() && args.named.empty(), ErrorKind::data,
                 "loop.cycle: no items to cycle through");
      return args.positional[static_cast<size_t>(index0_) % args.positional.size()];
    }));
  }
  if (name == "changed") {
    return Value(interpreter.make<Builtin>(name, [this](Interpreter& i, Args args) {
      Value now = Value::tuple(std::move(args.positional));
      i.budget().charge(weight_of(now));
      if (last_changed_ && equal(*last_changed_, now)) return Value(false);
      last_changed_ = std::move(now);
      return Value(true);
    }));
  }
  return std::nullopt;
}

Value LoopState::call(Interpreter& interpreter, Args args) {
  HONE_CHECK(node_.recursive, ErrorKind::data, "loop() needs a loop marked 'recursive'");
  HONE_CHECK(args.positional.size() == 1 && args.named.empty(), ErrorKind::data, "loop() takes one iterable");
  return interpreter.run_recursive_loop(node_, frame_, args.positional[0], depth_ + 1);
}

}  // namespace hone::jinja
