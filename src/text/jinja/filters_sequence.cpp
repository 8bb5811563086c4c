// Filters on sequences and dicts.
#include <algorithm>
#include <unordered_set>

#include "base/check.h"
#include "text/jinja/attribute_path.h"
#include "text/jinja/builtins.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/objects.h"
#include "text/jinja/operators.h"
#include "text/jinja/params.h"
#include "text/jinja/unicode.h"

namespace hone::jinja {
namespace {

Value length_filter(Interpreter&, const Value& input, Args args) {
  const Params params("length", std::move(args), {});
  return length(input);
}

Value default_filter(Interpreter&, const Value& input, Args args) {
  const Params params("default", std::move(args), {"default_value", "boolean"});
  const bool use = input.is_undefined() || (params.flag(1, false) && !truth(input));
  if (!use) return input;
  return params.has(0) ? params[0] : Value::text("");
}

Value first_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("first", std::move(args), {});
  Value item;
  return i.iterate(input)->next(item) ? item : Value::undefined("no first item, sequence was empty");
}

// What Python's reversed() takes: sequences and dicts, no generators.
std::vector<Value> reversed(Interpreter& i, const Value& input) {
  HONE_CHECK(input.object_as<Generator>() == nullptr, ErrorKind::data, "'generator' object is not reversible");
  std::vector<Value> items = i.to_vector(input);
  std::reverse(items.begin(), items.end());
  return items;
}

Value last_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("last", std::move(args), {});
  if (input.kind() == Kind::sequence) {
    const auto& items = input.sequence().items;
    return items.empty() ? Value::undefined("no last item, sequence was empty") : items.back();
  }
  if (input.is_text() && !input.text().empty()) return get_item(i, input, Value(-1));  // keeps safe text safe
  const std::vector<Value> items = reversed(i, input);
  return items.empty() ? Value::undefined("no last item, sequence was empty") : items.front();
}

Value one_by_one(Interpreter& i, std::vector<Value> items) {
  return i.generator([items = std::move(items), at = size_t{0}](Value& out) mutable {
    if (at >= items.size()) return false;
    out = items[at++];
    return true;
  });
}

Value reverse_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("reverse", std::move(args), {});
  if (input.is_text()) {
    std::u32string chars = decode(input.text());
    std::reverse(chars.begin(), chars.end());
    return Value::text(encode(chars), input.is_safe());
  }
  std::vector<Value> items = i.to_vector(input);
  std::reverse(items.begin(), items.end());
  return input.object_as<Generator>() ? Value::list(std::move(items)) : one_by_one(i, std::move(items));
}

Value list_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("list", std::move(args), {});
  return Value::list(i.to_vector(input));
}

Value items_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("items", std::move(args), {});
  return i.generator([input, &i, items = std::shared_ptr<Iterator>()](Value& out) mutable {
    if (!items) {
      HONE_CHECK(input.is_dict() || input.is_undefined(), ErrorKind::data,
                 "items: can only get item pairs from a mapping, got {}", type_name(input));
      items = input.is_dict() ? i.make<DictView>(input, DictView::Part::items)->iterate() : i.iterate(input);
    }
    return items->next(out);
  });
}

/// Items with their keys, in Python's stable order.
std::vector<std::pair<Value, Value>> sorted_by_key(Interpreter& i, std::vector<std::pair<Value, Value>> keyed,
                                                   bool reverse) {
  std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    return reverse ? less(i, b.first, a.first) : less(i, a.first, b.first);
  });
  return keyed;
}

std::vector<Value> values_of(std::vector<std::pair<Value, Value>> keyed) {
  std::vector<Value> out;
  out.reserve(keyed.size());
  for (auto& [key, value] : keyed) out.push_back(std::move(value));
  return out;
}

Value sort_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("sort", std::move(args), {"reverse", "case_sensitive", "attribute"});
  const auto key = sort_key(params[2], params.flag(1, false));
  std::vector<std::pair<Value, Value>> keyed;
  for (Value& item : i.to_vector(input)) {
    Value k = key(i, item);
    keyed.emplace_back(std::move(k), std::move(item));
  }
  return Value::list(values_of(sorted_by_key(i, std::move(keyed), params.flag(0, false))));
}

Value dictsort_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("dictsort", std::move(args), {"case_sensitive", "by", "reverse"});
  const bool case_sensitive = params.flag(0, false);
  const std::string by = params.has(1) ? params.text(1) : "key";
  HONE_CHECK(by == "key" || by == "value", ErrorKind::data, "dictsort: you can only sort by 'key' or 'value'");
  if (input.is_undefined()) fail_undefined(input);
  HONE_CHECK(input.is_dict(), ErrorKind::data, "dictsort: expected a dict, got {}", type_name(input));
  std::vector<std::pair<Value, Value>> keyed;
  for (const auto& [key, value] : input.dict().items) {
    i.budget().charge(1);
    const Value& k = by == "key" ? key : value;
    keyed.emplace_back(case_sensitive ? k : ignore_case(i, k), Value::tuple({key, value}));
  }
  return Value::list(values_of(sorted_by_key(i, std::move(keyed), params.flag(2, false))));
}

Value unique_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("unique", std::move(args), {"case_sensitive", "attribute"});
  const bool case_sensitive = params.flag(0, false);
  auto items = std::shared_ptr<Iterator>();
  auto seen = std::make_shared<std::unordered_set<Value, KeyHash, KeyEqual>>();
  return i.generator([&i, input, items, seen, case_sensitive, path = AttributePath(params[1])](Value& out) mutable {
    if (!items) items = i.iterate(input);
    while (items->next(out)) {
      Value key = path.get(i, out);
      if (!case_sensitive) key = ignore_case(i, key);
      HONE_CHECK(hashable(key), ErrorKind::data, "unique: unhashable type '{}'", type_name(key));
      i.budget().charge(weight_of(key));
      if (seen->insert(key).second) return true;
    }
    return false;
  });
}

Value extreme(Interpreter& i, const char* name, const Value& input, Args args, bool largest) {
  const Params params(name, std::move(args), {"case_sensitive", "attribute"});
  const bool case_sensitive = params.flag(0, false);
  const AttributePath path(params[1]);
  std::optional<std::pair<Value, Value>> best;
  const auto items = i.iterate(input);
  for (Value item; items->next(item);) {
    i.budget().charge(1);
    Value key = path.get(i, item);
    if (!case_sensitive) key = ignore_case(i, key);
    if (!best || (largest ? less(i, best->first, key) : less(i, key, best->first))) best = {std::move(key), item};
  }
  return best ? best->second : Value::undefined("no aggregated item, sequence was empty");
}

Value min_filter(Interpreter& i, const Value& input, Args args) {
  return extreme(i, "min", input, std::move(args), false);
}
Value max_filter(Interpreter& i, const Value& input, Args args) {
  return extreme(i, "max", input, std::move(args), true);
}

Value sum_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("sum", std::move(args), {"attribute", "start"});
  const AttributePath path(params[0]);
  Value total = params.has(1) ? params[1] : Value(0);
  HONE_CHECK(!total.is_text(), ErrorKind::data, "sum: cannot sum strings, use join");
  const auto items = i.iterate(input);
  for (Value item; items->next(item);) {
    i.budget().charge(1);
    total = binary(i, BinaryOp::add, total, path.get(i, item));
  }
  return total;
}

Value batch_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("batch", std::move(args), {"linecount", "fill_with"}, 1);
  const Value count = params[0], fill = params[1];
  return i.generator([&i, input, count, fill, items = std::shared_ptr<Iterator>(), next = std::optional<Value>(),
                      done = false](Value& out) mutable {
    if (!items) items = i.iterate(input);
    if (done) return false;
    std::vector<Value> line;
    if (next) line.push_back(*std::exchange(next, std::nullopt));
    for (Value item; items->next(item);) {
      if (equal(Value(static_cast<int64_t>(line.size())), count)) {
        next = item;
        out = Value::list(std::move(line));
        return true;
      }
      i.budget().charge(1);
      line.push_back(item);
    }
    done = true;
    if (line.empty()) return false;
    if (!fill.is_none() && less(i, Value(static_cast<int64_t>(line.size())), count)) {
      const auto width = as_integer(count);
      HONE_CHECK(width, ErrorKind::data, "batch: the number of items must be an int, got {}", type_name(count));
      i.budget().charge(*width);
      line.resize(static_cast<size_t>(*width), fill);
    }
    out = Value::list(std::move(line));
    return true;
  });
}

Value slice_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("slice", std::move(args), {"slices", "fill_with"}, 1);
  const Value fill = params[1];
  const int64_t slices = params.integer(0, 0);
  return i.generator([&i, input, slices, fill, items = std::optional<std::vector<Value>>(), slice = int64_t{0},
                      from = size_t{0}](Value& out) mutable {
    if (!items) {
      HONE_CHECK(slices != 0, ErrorKind::data, "slice: division by zero");
      items = i.to_vector(input);
    }
    if (slice >= slices) return false;
    const int64_t n = static_cast<int64_t>(items->size());
    const bool longer = slice < n % slices;
    const size_t size = static_cast<size_t>(n / slices + longer);
    std::vector<Value> part(items->begin() + static_cast<ptrdiff_t>(from),
                            items->begin() + static_cast<ptrdiff_t>(from + size));
    if (!fill.is_none() && !longer) part.push_back(fill);
    from += size;
    ++slice;
    out = Value::list(std::move(part));
    return true;
  });
}

Value groupby_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("groupby", std::move(args), {"attribute", "default", "case_sensitive"}, 1);
  const bool case_sensitive = params.flag(2, false);
  const AttributePath path(params[0], params[1]);
  std::vector<std::pair<Value, Value>> keyed;
  for (Value& item : i.to_vector(input)) {
    Value key = path.get(i, item);
    keyed.emplace_back(case_sensitive ? std::move(key) : ignore_case(i, key), std::move(item));
  }
  keyed = sorted_by_key(i, std::move(keyed), false);
  std::vector<Value> groups;
  for (size_t at = 0; at < keyed.size();) {
    std::vector<Value> members;
    const Value key = keyed[at].first;
    while (at < keyed.size() && equal_paid(i, keyed[at].first, key)) members.push_back(keyed[at++].second);
    Value shown = case_sensitive ? key : path.get(i, members.front());
    groups.push_back(make_group(std::move(shown), Value::list(std::move(members))));
  }
  return Value::list(std::move(groups));
}

Value attr_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("attr", std::move(args), {"name"}, 1);
  const std::string& name = params.text(0);
  if (input.is_undefined()) fail_undefined(input);
  if (!name.starts_with('_')) {
    if (auto attribute = find_attribute(i, input, name)) return *std::move(attribute);
  }
  return Value::undefined(fmt::format("'{}' object has no such attribute", type_name(input)));
}

}  // namespace

const Table<FilterFunction>& sequence_filters() {
  static const Table<FilterFunction> table = {
      {"attr", attr_filter},     {"batch", batch_filter},     {"count", length_filter},
      {"d", default_filter},     {"default", default_filter}, {"dictsort", dictsort_filter},
      {"first", first_filter},   {"groupby", groupby_filter}, {"items", items_filter},
      {"last", last_filter},     {"length", length_filter},   {"list", list_filter},
      {"max", max_filter},       {"min", min_filter},         {"reverse", reverse_filter},
      {"slice", slice_filter},   {"sort", sort_filter},       {"sum", sum_filter},
      {"unique", unique_filter},
  };
  return table;
}

}  // namespace hone::jinja
