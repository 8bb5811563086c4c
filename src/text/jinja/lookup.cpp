// Items, attributes, slices and membership.
#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "text/jinja/builtins.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/objects.h"
#include "text/jinja/operators.h"
#include "text/jinja/search.h"
#include "text/jinja/unicode.h"

namespace hone::jinja {
namespace {

// Place of a possibly negative index, or nullopt outside.
std::optional<size_t> place_of(int64_t index, size_t size) {
  const int64_t n = static_cast<int64_t>(size);
  if (index < 0) index += n;
  if (index < 0 || index >= n) return std::nullopt;
  return static_cast<size_t>(index);
}

std::optional<Value> char_at(Interpreter& interpreter, const Value& text, int64_t index) {
  const std::string& bytes = text.text();
  interpreter.budget().charge_bytes(bytes.size());
  if (is_ascii(bytes)) {
    const auto place = place_of(index, bytes.size());
    if (!place) return std::nullopt;
    return Value::text(bytes.substr(*place, 1), text.is_safe());
  }
  const std::u32string chars = decode(bytes);
  const auto place = place_of(index, chars.size());
  if (!place) return std::nullopt;
  return Value::text(encode(std::u32string_view(chars).substr(*place, 1)), text.is_safe());
}

// Python's object[key] without attributes; nullopt where it raises TypeError or LookupError.
std::optional<Value> find_item(Interpreter& interpreter, const Value& object, const Value& key) {
  if (object.is_dict()) {
    if (!hashable(key)) return std::nullopt;
    interpreter.budget().charge(weight_of(key));
    const Value* found = object.dict().find(key);
    return found ? std::optional(*found) : std::nullopt;
  }
  const auto index = as_integer(key);
  if (!index) return std::nullopt;
  if (object.kind() == Kind::sequence) {
    const auto& items = object.sequence().items;
    const auto place = place_of(*index, items.size());
    return place ? std::optional(items[*place]) : std::nullopt;
  }
  if (object.is_text()) return char_at(interpreter, object, *index);
  if (const Range* range = object.object_as<Range>()) {
    const auto place = place_of(*index, static_cast<size_t>(*object.object()->length()));
    return place ? std::optional(range->at(static_cast<int64_t>(*place))) : std::nullopt;
  }
  return std::nullopt;
}

Value missing_attribute(const Value& object, const std::string& name) {
  return Value::undefined(
      fmt::format("'{} object' has no attribute {}", type_name(object), quote_for_message(name, 60)));
}

struct SliceRange {
  int64_t start, step;
  size_t count;
};

// PySlice_AdjustIndices.
SliceRange slice_range(const Value& start, const Value& stop, const Value& step_value, int64_t size) {
  const auto part = [](const Value& v) -> std::optional<int64_t> {
    if (v.is_none()) return std::nullopt;
    const auto i = as_integer(v);
    HONE_CHECK(i, ErrorKind::data, "slice indices must be integers or none, got {}", type_name(v));
    return i;
  };
  const int64_t step = part(step_value).value_or(1);
  HONE_CHECK(step != 0, ErrorKind::data, "slice step cannot be zero");
  const int64_t low = step < 0 ? -1 : 0, high = step < 0 ? size - 1 : size;
  const auto clip = [&](std::optional<int64_t> i, int64_t otherwise) {
    if (!i) return otherwise;
    return *i < 0 ? std::max(low, *i < -size ? low : *i + size) : std::min(high, *i);
  };
  const int64_t from = clip(part(start), step < 0 ? high : 0), to = clip(part(stop), step < 0 ? -1 : size);
  SliceRange range{from, step, 0};
  // Unsigned, because -step overflows for the smallest integer.
  const uint64_t stride = step < 0 ? -static_cast<uint64_t>(step) : static_cast<uint64_t>(step);
  const int64_t distance = step < 0 ? from - to : to - from;
  if (distance > 0) range.count = static_cast<size_t>((static_cast<uint64_t>(distance) - 1) / stride + 1);
  return range;
}

template <class Container>
Container pick(const Container& items, SliceRange range) {
  Container out;
  out.reserve(range.count);
  int64_t at = range.start;
  for (size_t i = 0; i < range.count; ++i) {
    out.push_back(items[static_cast<size_t>(at)]);
    if (i + 1 < range.count) at += range.step;
  }
  return out;
}

}  // namespace

std::optional<Value> find_attribute(Interpreter& interpreter, const Value& object, const std::string& name) {
  if (object.kind() == Kind::object) return object.object()->attribute(interpreter, name);
  if (object.kind() == Kind::sequence && object.sequence().group) {
    if (name == "grouper") return object.sequence().items[0];
    if (name == "list") return object.sequence().items[1];
  }
  const MethodFunction method = find_method(object, name);
  if (method == nullptr) return std::nullopt;
  if (is_refused(method)) {
    return Value::undefined(
        fmt::format("'{}' would change a {}, which templates must not do", name, type_name(object)));
  }
  auto bound = [method, object](Interpreter& i, Args args) { return method(i, object, std::move(args)); };
  return Value(interpreter.make<Builtin>(name, std::move(bound)));
}

Value get_item(Interpreter& interpreter, const Value& object, const Value& key) {
  if (object.is_undefined()) fail_undefined(object);
  if (auto item = find_item(interpreter, object, key)) return *std::move(item);
  if (key.is_text()) {
    if (!key.text().starts_with('_')) {
      if (auto attribute = find_attribute(interpreter, object, key.text())) return *std::move(attribute);
    }
    return missing_attribute(object, key.text());
  }
  if (key.kind() == Kind::integer) {
    return Value::undefined(fmt::format("{} object has no element {}", type_name(object), key.integer()));
  }
  return Value::undefined(fmt::format("{} object has no such element", type_name(object)));
}

Value get_attribute(Interpreter& interpreter, const Value& object, const std::string& name) {
  if (object.is_undefined()) fail_undefined(object);
  if (!name.starts_with('_')) {
    if (auto attribute = find_attribute(interpreter, object, name)) return *std::move(attribute);
  }
  if (object.is_dict()) {
    if (const Value* item = object.dict().find(std::string_view(name))) return *item;
  }
  return missing_attribute(object, name);
}

Value slice(Interpreter& interpreter, const Value& object, const Value& start, const Value& stop, const Value& step) {
  if (object.is_undefined()) fail_undefined(object);
  if (object.kind() == Kind::sequence) {
    const auto& items = object.sequence().items;
    const SliceRange range = slice_range(start, stop, step, static_cast<int64_t>(items.size()));
    interpreter.budget().charge(static_cast<int64_t>(range.count));
    auto picked = pick(items, range);
    return object.is_tuple() ? Value::tuple(std::move(picked)) : Value::list(std::move(picked));
  }
  if (object.is_text()) {
    const std::string& bytes = object.text();
    interpreter.budget().charge_bytes(bytes.size());
    if (is_ascii(bytes)) {
      const SliceRange range = slice_range(start, stop, step, static_cast<int64_t>(bytes.size()));
      return Value::text(pick(bytes, range), object.is_safe());
    }
    const std::u32string chars = decode(bytes);
    const SliceRange range = slice_range(start, stop, step, static_cast<int64_t>(chars.size()));
    return Value::text(encode(pick(chars, range)), object.is_safe());
  }
  if (const Range* numbers = object.object_as<Range>()) {
    const SliceRange range = slice_range(start, stop, step, *object.object()->length());
    const int64_t first = range.count > 0 ? numbers->at(range.start).integer() : 0;
    const int64_t stride = range.count > 1 ? numbers->at(range.start + range.step).integer() - first : 1;
    return Value(interpreter.make<Range>(first, static_cast<int64_t>(range.count), stride));
  }
  fail(ErrorKind::data, "'{}' object cannot be sliced", type_name(object));
}

bool contains(Interpreter& interpreter, const Value& container, const Value& item) {
  switch (container.kind()) {
    case Kind::undefined:
      return false;  // iterates as empty
    case Kind::text:
      HONE_CHECK(item.is_text(), ErrorKind::data, "'in <string>' requires a string on the left, got {}",
                 type_name(item));
      interpreter.budget().charge_bytes(container.text().size());
      return find_forward(container.text(), item.text()) != kNotFound;
    case Kind::sequence: {
      const auto& items = container.sequence().items;
      return std::any_of(items.begin(), items.end(), [&](const Value& v) { return equal_paid(interpreter, v, item); });
    }
    case Kind::dict:
      HONE_CHECK(hashable(item), ErrorKind::data, "unhashable type: '{}'", type_name(item));
      interpreter.budget().charge(weight_of(item));
      return container.dict().find(item) != nullptr;
    case Kind::object:
      return container.object()->contains(interpreter, item);
    default:
      fail(ErrorKind::data, "argument of type '{}' is not iterable", type_name(container));
  }
}

int64_t length(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
      return 0;
    case Kind::text:
      return static_cast<int64_t>(count_chars(value.text()));
    case Kind::sequence:
      return static_cast<int64_t>(value.sequence().items.size());
    case Kind::dict:
      return static_cast<int64_t>(value.dict().items.size());
    case Kind::object:
      if (const auto n = value.object()->length()) return *n;
      break;
    default:
      break;
  }
  fail(ErrorKind::data, "object of type '{}' has no len()", type_name(value));
}

}  // namespace hone::jinja
