#include "text/jinja/value.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/check.h"
#include "text/jinja/operators.h"

namespace hone::jinja {
namespace {

constexpr int kMaxDepth = 300;
constexpr int64_t kMaxWeight = int64_t{1} << 24;
constexpr size_t kIndexedDict = 16;  // a linear search is faster below

void add_extent(Extent& total, const Value& part) {
  const Extent e = extent_of(part);
  total.depth = std::max(total.depth, e.depth + 1);
  total.weight += e.weight;
  HONE_CHECK(total.depth <= kMaxDepth, ErrorKind::data, "value nested more than {} deep", kMaxDepth);
  HONE_CHECK(total.weight <= kMaxWeight, ErrorKind::data, "value of more than {} parts", kMaxWeight);
}

Value make_sequence(std::vector<Value> items, bool tuple, bool group) {
  auto made = std::make_shared<Sequence>();
  made->tuple = tuple;
  made->group = group;
  made->extent.depth = 1;
  for (const Value& item : items) add_extent(made->extent, item);
  made->items = std::move(items);
  return Value(std::shared_ptr<const Sequence>(std::move(made)));
}

size_t hash_number(double number) {
  return std::hash<double>{}(number == 0 ? 0.0 : number);  // -0.0 equals 0
}

}  // namespace

Value Value::undefined(std::string why) {
  Value value;
  value.data_ = Undefined{std::make_shared<const std::string>(std::move(why))};
  return value;
}

Value Value::text(std::string bytes, bool safe) {
  return Value(std::make_shared<const Text>(Text{std::move(bytes), safe}));
}

Value Value::list(std::vector<Value> items) { return make_sequence(std::move(items), false, false); }
Value Value::tuple(std::vector<Value> items) { return make_sequence(std::move(items), true, false); }

Value make_group(Value grouper, Value members) {
  return make_sequence({std::move(grouper), std::move(members)}, true, true);
}

Value Value::dict(std::vector<std::pair<Value, Value>> items) {
  auto made = std::make_shared<Dict>();
  made->extent.depth = 1;
  std::unordered_map<Value, size_t, KeyHash, KeyEqual> seen;
  for (auto& [key, value] : items) {
    HONE_CHECK(hashable(key), ErrorKind::data, "unhashable type: '{}' cannot be a key of a dict", type_name(key));
    add_extent(made->extent, key);
    add_extent(made->extent, value);
    const auto [place, is_new] = seen.try_emplace(key, made->items.size());
    if (is_new) {
      made->items.emplace_back(std::move(key), std::move(value));
    } else {
      made->items[place->second].second = std::move(value);  // the first key stays, the last value wins
    }
  }
  if (made->items.size() > kIndexedDict) made->index = std::move(seen);
  return Value(std::shared_ptr<const Dict>(std::move(made)));
}

bool Value::is_list() const { return kind() == Kind::sequence && !sequence().tuple; }
bool Value::is_tuple() const { return kind() == Kind::sequence && sequence().tuple; }

const std::string& Value::why() const {
  static const std::string nameless = "value is undefined";
  const auto& why = std::get<Undefined>(data_).why;
  return why ? *why : nameless;
}

bool Value::same_as(const Value& other) const {
  if (kind() != other.kind()) return false;
  switch (kind()) {
    case Kind::sequence:
      return &sequence() == &other.sequence();
    case Kind::dict:
      return &dict() == &other.dict();
    case Kind::object:
      return object() == other.object();
    case Kind::undefined:
      return false;
    default:
      return equal(*this, other);
  }
}

Extent extent_of(const Value& value) {
  switch (value.kind()) {
    case Kind::text:
      return {0, 1 + static_cast<int64_t>(value.text().size() / 64)};
    case Kind::sequence:
      return value.sequence().extent;
    case Kind::dict:
      return value.dict().extent;
    case Kind::object:
      return {0, value.object()->weight()};
    default:
      return {0, 1};
  }
}

const Value* Dict::find(const Value& key) const {
  if (!index.empty()) {
    const auto place = index.find(key);
    return place == index.end() ? nullptr : &items[place->second].second;
  }
  for (const auto& [k, v] : items) {
    if (equal(k, key)) return &v;
  }
  return nullptr;
}

const Value* Dict::find(std::string_view key) const {
  if (!index.empty()) return find(Value::text(std::string(key)));
  for (const auto& [k, v] : items) {
    if (k.is_text() && k.text() == key) return &v;
  }
  return nullptr;
}

size_t KeyHash::operator()(const Value& key) const {
  switch (key.kind()) {
    case Kind::text:
      return std::hash<std::string>{}(key.text());
    case Kind::boolean:
    case Kind::integer:
    case Kind::real:
      return hash_number(*as_number(key));
    case Kind::sequence: {
      size_t h = 0x9E3779B97F4A7C15u;
      for (const Value& item : key.sequence().items) h = (h ^ (*this)(item)) * 0x100000001B3u;
      return h;
    }
    case Kind::object:
      return std::hash<const void*>{}(key.object().get());
    default:
      return static_cast<size_t>(key.kind());
  }
}

bool KeyEqual::operator()(const Value& a, const Value& b) const { return equal(a, b); }

bool hashable(const Value& value) {
  if (value.is_dict() || value.is_list()) return false;
  if (!value.is_tuple()) return true;
  const auto& items = value.sequence().items;
  return std::all_of(items.begin(), items.end(), hashable);
}

bool equal(const Value& a, const Value& b) {
  const auto x = as_number(a), y = as_number(b);
  if (x && y) {
    const auto i = as_integer(a), j = as_integer(b);
    if (i && j) return *i == *j;
    return *compare_numbers(a, b) == 0;
  }
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::undefined:
    case Kind::none:
      return true;
    case Kind::text:
      return a.text() == b.text();
    case Kind::sequence: {
      const Sequence &s = a.sequence(), &t = b.sequence();
      return &s == &t ||
             (s.tuple == t.tuple && std::equal(s.items.begin(), s.items.end(), t.items.begin(), t.items.end(), equal));
    }
    case Kind::dict: {
      const Dict &s = a.dict(), &t = b.dict();
      if (&s == &t) return true;
      if (s.items.size() != t.items.size()) return false;
      return std::all_of(s.items.begin(), s.items.end(), [&](const auto& item) {
        const Value* other = t.find(item.first);
        return other != nullptr && equal(item.second, *other);
      });
    }
    case Kind::object:
      return a.object() == b.object() || a.object()->equals(*b.object());
    default:
      return false;
  }
}

bool truth(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
    case Kind::none:
      return false;
    case Kind::boolean:
      return value.boolean();
    case Kind::integer:
      return value.integer() != 0;
    case Kind::real:
      return value.real() != 0;
    case Kind::text:
      return !value.text().empty();
    case Kind::sequence:
      return !value.sequence().items.empty();
    case Kind::dict:
      return !value.dict().items.empty();
    case Kind::object:
      return value.object()->length().value_or(1) != 0;
  }
  return false;
}

std::optional<int64_t> as_integer(const Value& value) {
  if (value.kind() == Kind::integer) return value.integer();
  if (value.kind() == Kind::boolean) return value.boolean() ? 1 : 0;
  return std::nullopt;
}

std::optional<double> as_number(const Value& value) {
  if (value.kind() == Kind::real) return value.real();
  if (const auto i = as_integer(value)) return static_cast<double>(*i);
  return std::nullopt;
}

std::string type_name(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
      return "Undefined";
    case Kind::none:
      return "NoneType";
    case Kind::boolean:
      return "bool";
    case Kind::integer:
      return "int";
    case Kind::real:
      return "float";
    case Kind::text:
      return value.is_safe() ? "Markup" : "str";
    case Kind::sequence:
      return value.is_tuple() ? "tuple" : "list";
    case Kind::dict:
      return "dict";
    case Kind::object:
      return value.object()->type_name();
  }
  return "?";
}

Value Object::call(Interpreter&, Args) { fail(ErrorKind::data, "'{}' object is not callable", type_name()); }

bool Object::contains(Interpreter& interpreter, const Value& item) {
  const auto iterator = iterate();
  HONE_CHECK(iterator, ErrorKind::data, "argument of type '{}' is not iterable", type_name());
  for (Value element; iterator->next(element);) {
    if (equal_paid(interpreter, element, item)) return true;
  }
  return false;
}

}  // namespace hone::jinja
