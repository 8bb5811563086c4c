#include "text/jinja/attribute_path.h"

#include "base/check.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/literals.h"
#include "text/jinja/operators.h"
#include "text/jinja/unicode.h"

namespace hone::jinja {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  size_t start = 0;
  while (true) {
    const size_t end = text.find(separator, start);
    parts.push_back(text.substr(start, end - start));
    if (end == std::string::npos) return parts;
    start = end + 1;
  }
}

bool is_number(const std::string& part) {
  return !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

AttributePath::AttributePath(const Value& attribute, Value fallback) : fallback_(std::move(fallback)) {
  if (attribute.is_none()) return;
  if (!attribute.is_text()) {
    parts_.push_back(attribute);
    return;
  }
  for (const std::string& part : split(attribute.text(), '.')) {
    parts_.push_back(is_number(part) ? Value(*parse_integer(part, 10)) : Value::text(part));
  }
}

Value AttributePath::get(Interpreter& interpreter, const Value& item) const {
  Value value = item;
  for (const Value& part : parts_) {
    interpreter.budget().charge(1);
    value = get_item(interpreter, value, part);
    if (value.is_undefined() && !fallback_.is_none()) value = fallback_;
  }
  return value;
}

Value ignore_case(Interpreter& interpreter, const Value& value) {
  if (!value.is_text()) return value;
  interpreter.budget().charge(weight_of(value));
  return Value::text(lower(value.text()));
}

std::function<Value(Interpreter&, const Value&)> sort_key(const Value& attribute, bool case_sensitive) {
  std::vector<AttributePath> paths;
  if (attribute.is_text()) {
    for (const std::string& part : split(attribute.text(), ',')) paths.emplace_back(Value::text(part));
  } else {
    paths.emplace_back(attribute);
  }
  return [paths = std::move(paths), case_sensitive](Interpreter& interpreter, const Value& item) {
    std::vector<Value> keys;
    for (const AttributePath& path : paths) {
      Value key = path.get(interpreter, item);
      keys.push_back(case_sensitive ? std::move(key) : ignore_case(interpreter, key));
    }
    return Value::list(std::move(keys));
  };
}

}  // namespace hone::jinja
