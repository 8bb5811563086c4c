// Methods of list, tuple and dict, the is... methods of str, and the lookup of all methods.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/check.h"
#include "text/jinja/builtins.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/objects.h"
#include "text/jinja/operators.h"
#include "text/jinja/params.h"
#include "text/jinja/unicode.h"

namespace hone::jinja {
namespace {

// ---- str predicates

template <bool (*predicate)(char32_t)>
Value all_chars(Interpreter&, const Value& self, Args args) {
  const Params params("this str method", std::move(args), {});
  const std::string& text = self.text();
  for (size_t at = 0; at < text.size();) {
    if (!predicate(next_char(text, at))) return false;
  }
  return !text.empty();
}

Value islower(Interpreter& i, const Value& self, Args args) {
  const Params params("islower", std::move(args), {});
  return i.apply_test("lower", self, {});
}
Value isupper(Interpreter& i, const Value& self, Args args) {
  const Params params("isupper", std::move(args), {});
  return i.apply_test("upper", self, {});
}

Value istitle(Interpreter&, const Value& self, Args args) {
  const Params params("istitle", std::move(args), {});
  bool after_cased = false, found = false;
  for (size_t at = 0; at < self.text().size();) {
    const char32_t c = next_char(self.text(), at);
    const bool large = is_upper(c) || is_title(c), small = is_lower(c);
    if ((large && after_cased) || (small && !after_cased)) return false;
    after_cased = large || small;
    found = found || after_cased;
  }
  return found;
}

Value isascii(Interpreter&, const Value& self, Args args) {
  const Params params("isascii", std::move(args), {});
  return is_ascii(self.text());
}

Value isprintable(Interpreter&, const Value& self, Args args) {
  const Params params("isprintable", std::move(args), {});
  const std::u32string chars = decode(self.text());
  return std::all_of(chars.begin(), chars.end(), is_printable);
}

Value isidentifier(Interpreter&, const Value& self, Args args) {
  const Params params("isidentifier", std::move(args), {});
  const std::u32string chars = decode(self.text());
  return !chars.empty() && (is_alpha(chars[0]) || chars[0] == '_') && std::all_of(chars.begin(), chars.end(), is_word);
}

// ---- Sequences

Value sequence_count(Interpreter& i, const Value& self, Args args) {
  const Params params("count", std::move(args), {"/value"}, 1);
  const auto& items = self.sequence().items;
  return static_cast<int64_t>(
      std::count_if(items.begin(), items.end(), [&](const Value& item) { return equal_paid(i, item, params[0]); }));
}

Value sequence_index(Interpreter& i, const Value& self, Args args) {
  const Params params("index", std::move(args), {"/value", "/start", "/stop"}, 1);
  const auto& items = self.sequence().items;
  const auto size = static_cast<int64_t>(items.size());
  const auto bound = [&](size_t at, int64_t otherwise) {
    const int64_t n = params.integer(at, otherwise);
    return n < 0 ? std::max<int64_t>(0, n < -size ? 0 : n + size) : std::min(n, size);
  };
  for (int64_t at = bound(1, 0); at < bound(2, size); ++at) {
    if (equal_paid(i, items[static_cast<size_t>(at)], params[0])) return at;
  }
  fail(ErrorKind::data, "index: the value is not in the {}", type_name(self));
}

Value copy(Interpreter&, const Value& self, Args args) {
  const Params params("copy", std::move(args), {});
  return self;  // values never change
}

Value refuse_change(Interpreter&, const Value& self, Args) {
  fail(ErrorKind::data, "this method would change a {}, which templates must not do", type_name(self));
}

// ---- dict

Value get(Interpreter& i, const Value& self, Args args) {
  const Params params("get", std::move(args), {"/key", "/default"}, 1);
  HONE_CHECK(hashable(params[0]), ErrorKind::data, "unhashable type: '{}'", type_name(params[0]));
  i.budget().charge(weight_of(params[0]));
  const Value* found = self.dict().find(params[0]);
  return found ? *found : params[1];
}

template <DictView::Part part>
Value view(Interpreter& i, const Value& self, Args args) {
  const Params params("this dict method", std::move(args), {});
  return Value(i.make<DictView>(self, part));
}

Value fromkeys(Interpreter& i, const Value&, Args args) {
  const Params params("fromkeys", std::move(args), {"/iterable", "/value"}, 1);
  std::vector<std::pair<Value, Value>> items;
  for (Value& key : i.to_vector(params[0])) items.emplace_back(std::move(key), params[1]);
  return Value::dict(std::move(items));
}

using MethodMap = std::unordered_map<std::string_view, MethodFunction>;

const MethodMap& methods_of_str() {
  static const MethodMap map = [] {
    MethodMap out(str_methods().begin(), str_methods().end());
    out.insert(str_predicates().begin(), str_predicates().end());
    return out;
  }();
  return map;
}

const MethodMap& methods_of_tuple() {
  static const MethodMap map = {{"count", sequence_count}, {"index", sequence_index}};
  return map;
}

const MethodMap& methods_of_list() {
  static const MethodMap map = [] {
    MethodMap out = methods_of_tuple();
    out.emplace("copy", copy);
    for (std::string_view name : {"append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"}) {
      out.emplace(name, refuse_change);
    }
    return out;
  }();
  return map;
}

const MethodMap& methods_of_dict() {
  static const MethodMap map = [] {
    MethodMap out = {{"get", get},
                     {"items", view<DictView::Part::items>},
                     {"keys", view<DictView::Part::keys>},
                     {"values", view<DictView::Part::values>},
                     {"copy", copy},
                     {"fromkeys", fromkeys}};
    for (std::string_view name : {"clear", "pop", "popitem", "setdefault", "update"}) out.emplace(name, refuse_change);
    return out;
  }();
  return map;
}

}  // namespace

const Table<MethodFunction>& str_predicates() {
  static const Table<MethodFunction> table = {{"isalpha", all_chars<is_alpha>},
                                              {"isdigit", all_chars<is_digit>},
                                              {"isdecimal", all_chars<is_decimal>},
                                              {"isnumeric", all_chars<is_numeric>},
                                              {"isalnum", all_chars<is_alnum>},
                                              {"isspace", all_chars<is_space>},
                                              {"islower", islower},
                                              {"isupper", isupper},
                                              {"istitle", istitle},
                                              {"isascii", isascii},
                                              {"isprintable", isprintable},
                                              {"isidentifier", isidentifier}};
  return table;
}

bool is_refused(MethodFunction method) { return method == refuse_change; }

MethodFunction find_method(const Value& self, std::string_view name) {
  const auto in = [&](const MethodMap& methods) {
    const auto found = methods.find(name);
    return found == methods.end() ? nullptr : found->second;
  };
  if (self.is_text()) return in(methods_of_str());
  if (self.is_dict()) return in(methods_of_dict());
  if (self.kind() != Kind::sequence) return nullptr;
  return self.is_tuple() ? in(methods_of_tuple()) : in(methods_of_list());
}

}  // namespace hone::jinja
