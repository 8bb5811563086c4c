#include "text/jinja/builtins.h"

#include <unordered_map>

#include "base/check.h"
#include "base/text.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/objects.h"
#include "text/jinja/operators.h"
#include "text/jinja/params.h"
#include "text/jinja/strftime.h"

namespace hone::jinja {
namespace {

Value refused_filter(Interpreter&, const Value&, Args) {
  fail(ErrorKind::data, "this filter is not supported in chat templates here");
}

using FilterMap = std::unordered_map<std::string_view, FilterFunction>;

const FilterMap& all_filters() {
  static const FilterMap map = [] {
    FilterMap out;
    for (const auto* table : {&text_filters(), &number_filters(), &sequence_filters(), &select_filters()}) {
      out.insert(table->begin(), table->end());
    }
    // random would make a prompt depend on more than its arguments; the others have no use in one.
    for (std::string_view name : {"random", "pprint", "urlize", "wordwrap", "xmlattr"})
      out.emplace(name, refused_filter);
    return out;
  }();
  return map;
}

// ---- Global functions

Value range_function(Interpreter& i, Args args) {
  constexpr int64_t kMaxRange = 100000;  // as jinja2's sandbox
  HONE_CHECK(args.named.empty() && !args.positional.empty() && args.positional.size() <= 3, ErrorKind::data,
             "range takes one to three integers");
  std::vector<int64_t> n;
  for (const Value& value : args.positional) {
    if (value.is_undefined()) fail_undefined(value);
    const auto integer = as_integer(value);
    HONE_CHECK(integer, ErrorKind::data, "range: '{}' cannot be interpreted as an integer", type_name(value));
    n.push_back(*integer);
  }
  const int64_t start = n.size() == 1 ? 0 : n[0], stop = n.size() == 1 ? n[0] : n[1], step = n.size() == 3 ? n[2] : 1;
  HONE_CHECK(step != 0, ErrorKind::data, "range: the step must not be zero");
  // Unsigned, because distances between 64-bit integers do not fit in one.
  const bool empty = step > 0 ? start >= stop : start <= stop;
  const uint64_t from = static_cast<uint64_t>(step > 0 ? start : stop),
                 to = static_cast<uint64_t>(step > 0 ? stop : start);
  const uint64_t stride = step > 0 ? static_cast<uint64_t>(step) : -static_cast<uint64_t>(step);
  const uint64_t count = empty ? 0 : (to - from - 1) / stride + 1;
  HONE_CHECK(count <= static_cast<uint64_t>(kMaxRange), ErrorKind::data, "range of {} numbers, at most {} are allowed",
             count, kMaxRange);
  return Value(i.make<Range>(start, static_cast<int64_t>(count), step));
}

// dict(mapping or pairs, **more)
Value dict_of(Interpreter& i, Args args) {
  HONE_CHECK(args.positional.size() <= 1, ErrorKind::data, "dict takes at most one positional argument");
  std::vector<std::pair<Value, Value>> items;
  if (!args.positional.empty()) {
    const Value& source = args.positional[0];
    if (source.is_dict()) {
      items = source.dict().items;
      i.budget().charge(static_cast<int64_t>(items.size()));
    } else {
      for (const Value& pair : i.to_vector(source)) {
        std::vector<Value> both = i.to_vector(pair);
        HONE_CHECK(both.size() == 2, ErrorKind::data, "dict: expected pairs, got {} values", both.size());
        items.emplace_back(std::move(both[0]), std::move(both[1]));
      }
    }
  }
  for (auto& [name, value] : args.named) items.emplace_back(Value::text(name), std::move(value));
  return Value::dict(std::move(items));
}

Value namespace_function(Interpreter& i, Args args) {
  auto made = i.make<Namespace>();
  const Value attributes = dict_of(i, std::move(args));
  for (const auto& [name, value] : attributes.dict().items) {
    HONE_CHECK(name.is_text(), ErrorKind::data, "namespace: names must be strings, got {}", type_name(name));
    i.budget().charge(1 + static_cast<int64_t>(attributes.dict().items.size() / 16));
    made->set(name.text(), value);
  }
  return Value(std::move(made));
}

Value raise_exception_function(Interpreter&, Args args) {
  const Params params("raise_exception", std::move(args), {"message"}, 1);
  fail(ErrorKind::data, "the template rejects the conversation: {}", quote_for_message(to_text(params[0]), 400));
}

Value strftime_now_function(Interpreter& i, Args args) {
  const Params params("strftime_now", std::move(args), {"format"}, 1);
  return Value::text(format_time(params.text(0), i.now()));
}

Value cycler_function(Interpreter& i, Args args) {
  HONE_CHECK(!args.positional.empty() && args.named.empty(), ErrorKind::data, "cycler needs at least one item");
  return Value(i.make<Cycler>(std::move(args.positional)));
}

Value joiner_function(Interpreter& i, Args args) {
  const Params params("joiner", std::move(args), {"sep"});
  return Value(i.make<Joiner>(params.has(0) ? params[0] : Value::text(", ")));
}

}  // namespace

FilterFunction find_filter(std::string_view name) {
  const auto found = all_filters().find(name);
  return found == all_filters().end() ? nullptr : found->second;
}

const std::vector<std::string>& filter_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const auto& [name, filter] : all_filters()) out.emplace_back(name);
    return out;
  }();
  return names;
}

std::vector<std::pair<std::string, Value>> global_functions(Interpreter& i) {
  static const std::pair<const char*, Value (*)(Interpreter&, Args)> kFunctions[] = {
      {"range", range_function},
      {"dict", dict_of},
      {"namespace", namespace_function},
      {"raise_exception", raise_exception_function},
      {"strftime_now", strftime_now_function},
      {"cycler", cycler_function},
      {"joiner", joiner_function}};
  std::vector<std::pair<std::string, Value>> out;
  for (const auto& [name, function] : kFunctions) out.emplace_back(name, Value(i.make<Builtin>(name, function)));
  return out;
}

}  // namespace hone::jinja
