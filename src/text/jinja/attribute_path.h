// The `attribute` argument of map, sort, join and such: "a.b.0", an int, or none for the item itself.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "text/jinja/value.h"

namespace hone::jinja {

class AttributePath {
 public:
  /// `fallback`, unless none, replaces an undefined part. Error(data) unless text, int or none.
  explicit AttributePath(const Value& attribute, Value fallback = None{});
  Value get(Interpreter& interpreter, const Value& item) const;

 private:
  std::vector<Value> parts_;
  Value fallback_;
};

/// The key to sort by: of several attributes "a,b" a list, lower-cased text unless `case_sensitive`.
std::function<Value(Interpreter&, const Value&)> sort_key(const Value& attribute, bool case_sensitive);

/// Text in lower case, other values as they are.
Value ignore_case(Interpreter& interpreter, const Value& value);

}  // namespace hone::jinja
