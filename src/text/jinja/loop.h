// The `loop` variable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "text/jinja/ast.h"
#include "text/jinja/value.h"

namespace hone::jinja {

struct Frame;

/// The items of a running loop and where it stands. Looks one item ahead only when asked to, as jinja2 does.
class LoopState : public Object {
 public:
  /// `known_length` if the iterable has one; `node` and `frame` for recursive calls.
  LoopState(std::shared_ptr<Iterator> items, std::optional<int64_t> known_length, const For& node,
            std::shared_ptr<Frame> frame, int depth)
      : items_(std::move(items)), length_(known_length), node_(node), frame_(std::move(frame)), depth_(depth) {}

  bool advance();  // to the next item; false at the end
  const Value& item() const { return *current_; }

  std::string type_name() const override { return "LoopContext"; }
  void release() override;
  std::string repr() override;
  std::optional<Value> attribute(Interpreter& interpreter, const std::string& name) override;
  bool callable() const override { return true; }
  Value call(Interpreter& interpreter, Args args) override;
  std::optional<int64_t> length() override;

 private:
  bool peek();  // fills after_ if there is a next item

  std::shared_ptr<Iterator> items_;
  std::optional<int64_t> length_;
  const For& node_;
  std::shared_ptr<Frame> frame_;
  int depth_;
  int64_t index0_ = -1;
  std::optional<Value> before_, current_, after_;
  std::optional<Value> last_changed_;  // arguments of the last changed(), as a tuple
};

}  // namespace hone::jinja
