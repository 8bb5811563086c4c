// The values of a template: Python's None, bool, int, float, str, list, tuple and dict, jinja2's Undefined, and objects
// (functions, macros, loops, namespaces, generators). All but objects are immutable and shared, as the immutable
// sandbox lets a template change nothing else; so containers cannot form cycles.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace hone::jinja {

class Interpreter;
class Object;
class Value;
struct Dict;
struct Sequence;

struct Undefined {
  std::shared_ptr<const std::string> why;  // what an Error says when the value is used; may be null
};
struct None {};

/// A str. `safe` is markupsafe's Markup: adding a plain str to it escapes that one's HTML characters.
struct Text {
  std::string bytes;  // UTF-8
  bool safe = false;
};

enum class Kind { undefined, none, boolean, integer, real, text, sequence, dict, object };

class Value {
 public:
  Value() = default;  // undefined
  Value(None) : data_(None{}) {}
  Value(bool b) : data_(b) {}
  Value(int64_t i) : data_(i) {}
  Value(double d) : data_(d) {}
  Value(int i) : data_(int64_t{i}) {}
  Value(std::shared_ptr<const Text> text) : data_(std::move(text)) {}
  Value(std::shared_ptr<const Sequence> sequence) : data_(std::move(sequence)) {}
  Value(std::shared_ptr<const Dict> dict) : data_(std::move(dict)) {}
  Value(std::shared_ptr<Object> object) : data_(std::move(object)) {}
  template <class T>
  Value(T*) = delete;  // a pointer would become a bool

  static Value undefined(std::string why);
  static Value text(std::string bytes, bool safe = false);
  static Value list(std::vector<Value> items);
  static Value tuple(std::vector<Value> items);
  static Value dict(std::vector<std::pair<Value, Value>> items);

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_undefined() const { return kind() == Kind::undefined; }
  bool is_none() const { return kind() == Kind::none; }
  bool is_text() const { return kind() == Kind::text; }
  bool is_list() const;
  bool is_tuple() const;
  bool is_dict() const { return kind() == Kind::dict; }

  const std::string& why() const;  // of an undefined value
  bool boolean() const { return std::get<bool>(data_); }
  int64_t integer() const { return std::get<int64_t>(data_); }
  double real() const { return std::get<double>(data_); }
  const std::string& text() const { return std::get<std::shared_ptr<const Text>>(data_)->bytes; }
  bool is_safe() const { return is_text() && std::get<std::shared_ptr<const Text>>(data_)->safe; }
  const Sequence& sequence() const { return *std::get<std::shared_ptr<const Sequence>>(data_); }
  const Dict& dict() const { return *std::get<std::shared_ptr<const Dict>>(data_); }
  const std::shared_ptr<Object>& object() const { return std::get<std::shared_ptr<Object>>(data_); }

  /// The object as a T, or null.
  template <class T>
  T* object_as() const {
    return kind() == Kind::object ? dynamic_cast<T*>(object().get()) : nullptr;
  }

  bool same_as(const Value& other) const;  // Python's `is`, as far as immutable values can tell

 private:
  std::variant<Undefined, None, bool, int64_t, double, std::shared_ptr<const Text>, std::shared_ptr<const Sequence>,
               std::shared_ptr<const Dict>, std::shared_ptr<Object>>
      data_;
};

/// Nesting and full size of a container, sharing ignored. Both are bounded when a container is made, which bounds every
/// recursion over values and lets a walk be paid for before it starts.
struct Extent {
  int depth = 0;
  int64_t weight = 1;  // values below, plus text bytes / 64
};
Extent extent_of(const Value& value);
inline int64_t weight_of(const Value& value) { return extent_of(value).weight; }

/// A list or a tuple. `group` marks what groupby yields: a pair whose parts are also called grouper and list.
struct Sequence {
  std::vector<Value> items;
  bool tuple = false;
  bool group = false;
  Extent extent;
};
Value make_group(Value grouper, Value members);

struct KeyHash {
  size_t operator()(const Value& key) const;
};
struct KeyEqual {
  bool operator()(const Value& a, const Value& b) const;
};

/// Insertion-ordered, with Python's key rules: 1, 1.0 and True are one key, lists and dicts are none.
struct Dict {
  std::vector<std::pair<Value, Value>> items;
  std::unordered_map<Value, size_t, KeyHash, KeyEqual> index;  // key -> place in items; empty for small dicts
  Extent extent;

  const Value* find(const Value& key) const;
  const Value* find(std::string_view key) const;
};

/// Positional and named arguments of a call.
struct Args {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

/// Yields values one by one; the state of Python's iterators.
class Iterator {
 public:
  virtual ~Iterator() = default;
  virtual bool next(Value& out) = 0;  // false at the end
};

/// Whatever is neither plain data nor undefined. The interpreter that made an object keeps it until the rendering ends
/// and then releases all, so that neither cycles of objects leak nor long chains of them overflow the stack when they
/// go.
class Object {
 public:
  virtual ~Object() = default;
  virtual std::string type_name() const = 0;
  virtual void release() {}  // drops every value it holds
  virtual int64_t weight() const { return 1; }
  virtual std::string repr() { return "<" + type_name() + ">"; }
  virtual std::optional<Value> attribute(Interpreter&, const std::string&) { return std::nullopt; }
  virtual bool callable() const { return false; }
  virtual Value call(Interpreter&, Args);                           // Error(data) unless overridden
  virtual std::shared_ptr<Iterator> iterate() { return nullptr; }   // null: not iterable
  virtual std::optional<int64_t> length() { return std::nullopt; }  // nullopt: no len()
  virtual bool contains(Interpreter&, const Value& item);           // by iteration unless overridden
  virtual bool equals(const Object&) const { return false; }        // beyond identity
};

std::string type_name(const Value& value);  // as Python's type(value).__name__
bool truth(const Value& value);
bool equal(const Value& a, const Value& b);             // ==; pay weight_of first
std::optional<int64_t> as_integer(const Value& value);  // int or bool
std::optional<double> as_number(const Value& value);    // int, bool or float
bool hashable(const Value& value);

std::string to_text(const Value& value);  // Python's str()
std::string repr(const Value& value);     // Python's repr()
std::string repr(double number);
std::string repr(std::string_view text);

}  // namespace hone::jinja
