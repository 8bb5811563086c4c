// Python's binding of arguments to parameters, for builtins.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja/value.h"

namespace hone::jinja {

class Params {
 public:
  /// `names` of the parameters in order, the first `required` without defaults; a name that begins with '/' can only be
  /// given by position. Error(data) for too many, too few, unknown or repeated arguments.
  Params(std::string_view function, Args args, std::initializer_list<std::string_view> names, size_t required = 0);

  bool has(size_t i) const { return values_[i].has_value(); }
  /// The argument, or none if it was left out.
  const Value& operator[](size_t i) const;
  bool has_value(size_t i) const { return has(i) && !values_[i]->is_none(); }

  int64_t integer(size_t i, int64_t otherwise) const;  // Error(data) unless int or bool
  bool flag(size_t i, bool otherwise) const;           // truth of anything
  const std::string& text(size_t i) const;             // Error(data) unless str

 private:
  std::string function_;
  std::vector<std::string_view> names_;
  std::vector<std::optional<Value>> values_;
};

}  // namespace hone::jinja
