// map, select, reject, selectattr, rejectattr: lazy, as in jinja2, so that what is not asked for is not computed.
#include "base/check.h"
#include "text/jinja/attribute_path.h"
#include "text/jinja/builtins.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/operators.h"
#include "text/jinja/params.h"

namespace hone::jinja {
namespace {

using Transform = std::function<Value(const Value&)>;

// How map makes a value of an item: an attribute of it, or a filter applied to it.
Transform prepare_map(Interpreter& i, Args args) {
  const auto attribute =
      std::find_if(args.named.begin(), args.named.end(), [](const auto& arg) { return arg.first == "attribute"; });
  if (args.positional.empty() && attribute != args.named.end()) {
    const Params params("map", std::move(args), {"attribute", "default"});
    return [&i, path = AttributePath(params[0], params[1])](const Value& item) { return path.get(i, item); };
  }
  HONE_CHECK(!args.positional.empty(), ErrorKind::data, "map requires a filter argument");
  HONE_CHECK(args.positional[0].is_text(), ErrorKind::data, "map: the name of a filter must be a str, got {}",
             type_name(args.positional[0]));
  const std::string name = args.positional[0].text();
  args.positional.erase(args.positional.begin());
  return [&i, name, args = std::move(args)](const Value& item) { return i.apply_filter(name, item, args); };
}

Value map_filter(Interpreter& i, const Value& input, Args args) {
  return i.generator([&i, input, args = std::move(args), items = std::shared_ptr<Iterator>(),
                      transform = Transform()](Value& out) mutable {
    if (!items) {
      if (!truth(input)) return false;
      transform = prepare_map(i, std::move(args));
      items = i.iterate(input);
    }
    Value item;
    if (!items->next(item)) return false;
    out = transform(item);
    return true;
  });
}

using Predicate = std::function<bool(const Value&)>;

// Whether an item, or an attribute of it, passes a test; its truth if no test is named.
Predicate prepare_select(Interpreter& i, Args args, bool by_attribute) {
  AttributePath path{Value(None{})};
  auto rest = args.positional.begin();
  if (by_attribute) {
    HONE_CHECK(rest != args.positional.end(), ErrorKind::data, "missing parameter for attribute name");
    path = AttributePath(*rest++);
  }
  if (rest == args.positional.end()) return [&i, path](const Value& item) { return truth(path.get(i, item)); };
  HONE_CHECK(rest->is_text(), ErrorKind::data, "the name of a test must be a str, got {}", type_name(*rest));
  const std::string name = rest->text();
  const Args test_args{{rest + 1, args.positional.end()}, std::move(args.named)};
  return [&i, path, name, test_args](const Value& item) { return i.apply_test(name, path.get(i, item), test_args); };
}

Value choose(Interpreter& i, const Value& input, Args args, bool by_attribute, bool keep) {
  return i.generator([&i, input, args = std::move(args), by_attribute, keep, items = std::shared_ptr<Iterator>(),
                      passes = Predicate()](Value& out) mutable {
    if (!items) {
      if (!truth(input)) return false;
      passes = prepare_select(i, std::move(args), by_attribute);
      items = i.iterate(input);
    }
    while (items->next(out)) {
      i.budget().charge(1);
      if (passes(out) == keep) return true;
    }
    return false;
  });
}

Value select_filter(Interpreter& i, const Value& input, Args args) {
  return choose(i, input, std::move(args), false, true);
}
Value reject_filter(Interpreter& i, const Value& input, Args args) {
  return choose(i, input, std::move(args), false, false);
}
Value selectattr_filter(Interpreter& i, const Value& input, Args args) {
  return choose(i, input, std::move(args), true, true);
}
Value rejectattr_filter(Interpreter& i, const Value& input, Args args) {
  return choose(i, input, std::move(args), true, false);
}

}  // namespace

const Table<FilterFunction>& select_filters() {
  static const Table<FilterFunction> table = {{"map", map_filter},
                                              {"reject", reject_filter},
                                              {"rejectattr", rejectattr_filter},
                                              {"select", select_filter},
                                              {"selectattr", selectattr_filter}};
  return table;
}

}  // namespace hone::jinja
