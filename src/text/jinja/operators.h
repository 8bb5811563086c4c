// Python's operators on values, with jinja2's rules for undefined ones and for looking things up.
#pragma once

#include <optional>
#include <string>

#include "text/jinja/ast.h"
#include "text/jinja/value.h"

namespace hone::jinja {

/// All throw Error(data) where Python raises, and pay for what they walk.
Value binary(Interpreter& interpreter, BinaryOp op, const Value& a, const Value& b);
Value negate(const Value& value);
Value unary_plus(const Value& value);
bool compare(Interpreter& interpreter, CompareOp op, const Value& a, const Value& b);
bool contains(Interpreter& interpreter, const Value& container, const Value& item);
bool equal_paid(Interpreter& interpreter, const Value& a, const Value& b);
bool less(Interpreter& interpreter, const Value& a, const Value& b);

/// -1, 0 or 1; nullopt when one is NaN. Exact for an int against a float.
std::optional<int> compare_numbers(const Value& a, const Value& b);

/// a[key] of a template: an item, else an attribute, else undefined.
Value get_item(Interpreter& interpreter, const Value& object, const Value& key);
/// a.name of a template: an attribute, else an item, else undefined.
Value get_attribute(Interpreter& interpreter, const Value& object, const std::string& name);
/// Only attributes: methods, fields of objects. nullopt if there is none of that name.
std::optional<Value> find_attribute(Interpreter& interpreter, const Value& object, const std::string& name);

/// a[start:stop:step]; none and absent parts are the same.
Value slice(Interpreter& interpreter, const Value& object, const Value& start, const Value& stop, const Value& step);

/// len(); Error(data) for what has none.
int64_t length(const Value& value);

/// & < > ' " replaced, as markupsafe does.
std::string escape_html(std::string_view text);

/// What undefined values do when they are used.
[[noreturn]] void fail_undefined(const Value& value);

}  // namespace hone::jinja
