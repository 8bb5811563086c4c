// The tests behind `is`.
#include <algorithm>

#include "base/check.h"
#include "text/jinja/builtins.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/objects.h"
#include "text/jinja/operators.h"
#include "text/jinja/params.h"
#include "text/jinja/unicode.h"

namespace hone::jinja {
namespace {

void no_arguments(const Args& args) {
  HONE_CHECK(args.positional.empty() && args.named.empty(), ErrorKind::data, "this test takes no argument");
}

Value one_argument(const Args& args) {
  HONE_CHECK(args.positional.size() + args.named.size() == 1, ErrorKind::data, "this test takes one argument");
  return args.positional.empty() ? args.named[0].second : args.positional[0];
}

bool is_divisible(Interpreter& i, const Value& value, const Value& by) {
  return equal(binary(i, BinaryOp::modulo, value, by), Value(0));
}

// str.islower and isupper: all cased characters are of that case, and there is one.
template <class IsCase, class IsOther>
bool all_cased(std::string_view text, const IsCase& is_case, const IsOther& is_other) {
  bool found = false;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = next_char(text, at);
    if (is_other(c) || is_title(c)) return false;
    found = found || is_case(c);
  }
  return found;
}

template <CompareOp op>
bool compare_test(Interpreter& i, const Value& value, const Args& args) {
  return compare(i, op, value, one_argument(args));
}

template <bool (*predicate)(const Value&)>
bool simple_test(Interpreter&, const Value& value, const Args& args) {
  no_arguments(args);
  return predicate(value);
}

bool is_defined(const Value& v) { return !v.is_undefined(); }
bool is_undefined(const Value& v) { return v.is_undefined(); }
bool is_none(const Value& v) { return v.is_none(); }
bool is_boolean(const Value& v) { return v.kind() == Kind::boolean; }
bool is_true(const Value& v) { return v.kind() == Kind::boolean && v.boolean(); }
bool is_false(const Value& v) { return v.kind() == Kind::boolean && !v.boolean(); }
bool is_integer(const Value& v) { return v.kind() == Kind::integer; }
bool is_float(const Value& v) { return v.kind() == Kind::real; }
bool is_number(const Value& v) { return as_number(v).has_value(); }
bool is_string(const Value& v) { return v.is_text(); }
bool is_mapping(const Value& v) { return v.is_dict(); }
bool is_escaped(const Value& v) { return v.is_safe(); }
bool is_callable(const Value& v) { return v.is_undefined() || (v.kind() == Kind::object && v.object()->callable()); }
bool is_sequence(const Value& v) {  // has a length and items by index
  return v.is_undefined() || v.is_text() || v.is_dict() || v.kind() == Kind::sequence ||
         v.object_as<Range>() != nullptr;
}
bool is_iterable(const Value& v) {
  if (v.kind() == Kind::object) return v.object()->iterate() != nullptr;
  return v.is_undefined() || v.is_text() || v.is_dict() || v.kind() == Kind::sequence;
}

bool odd_test(Interpreter& i, const Value& value, const Args& args) {
  no_arguments(args);
  return equal(binary(i, BinaryOp::modulo, value, Value(2)), Value(1));
}
bool even_test(Interpreter& i, const Value& value, const Args& args) {
  no_arguments(args);
  return is_divisible(i, value, Value(2));
}
bool divisibleby_test(Interpreter& i, const Value& value, const Args& args) {
  return is_divisible(i, value, one_argument(args));
}
bool lower_test(Interpreter& i, const Value& value, const Args& args) {
  no_arguments(args);
  i.budget().charge(weight_of(value));
  return all_cased(to_text(value), is_lower, is_upper);
}
bool upper_test(Interpreter& i, const Value& value, const Args& args) {
  no_arguments(args);
  i.budget().charge(weight_of(value));
  return all_cased(to_text(value), is_upper, is_lower);
}
bool sameas_test(Interpreter&, const Value& value, const Args& args) { return value.same_as(one_argument(args)); }
bool in_test(Interpreter& i, const Value& value, const Args& args) { return contains(i, one_argument(args), value); }
bool filter_test(Interpreter&, const Value& value, const Args& args) {
  no_arguments(args);
  HONE_CHECK(hashable(value), ErrorKind::data, "unhashable type: '{}'", type_name(value));
  return value.is_text() && find_filter(value.text()) != nullptr;
}
bool test_test(Interpreter&, const Value& value, const Args& args) {
  no_arguments(args);
  HONE_CHECK(hashable(value), ErrorKind::data, "unhashable type: '{}'", type_name(value));
  return value.is_text() && find_test(value.text()) != nullptr;
}

const Table<TestFunction>& all_tests() {
  static const Table<TestFunction> table = {{"odd", odd_test},
                                            {"even", even_test},
                                            {"divisibleby", divisibleby_test},
                                            {"defined", simple_test<is_defined>},
                                            {"undefined", simple_test<is_undefined>},
                                            {"filter", filter_test},
                                            {"test", test_test},
                                            {"none", simple_test<is_none>},
                                            {"boolean", simple_test<is_boolean>},
                                            {"false", simple_test<is_false>},
                                            {"true", simple_test<is_true>},
                                            {"integer", simple_test<is_integer>},
                                            {"float", simple_test<is_float>},
                                            {"lower", lower_test},
                                            {"upper", upper_test},
                                            {"string", simple_test<is_string>},
                                            {"mapping", simple_test<is_mapping>},
                                            {"number", simple_test<is_number>},
                                            {"sequence", simple_test<is_sequence>},
                                            {"iterable", simple_test<is_iterable>},
                                            {"callable", simple_test<is_callable>},
                                            {"sameas", sameas_test},
                                            {"escaped", simple_test<is_escaped>},
                                            {"in", in_test},
                                            {"==", compare_test<CompareOp::eq>},
                                            {"eq", compare_test<CompareOp::eq>},
                                            {"equalto", compare_test<CompareOp::eq>},
                                            {"!=", compare_test<CompareOp::ne>},
                                            {"ne", compare_test<CompareOp::ne>},
                                            {">", compare_test<CompareOp::gt>},
                                            {"gt", compare_test<CompareOp::gt>},
                                            {"greaterthan", compare_test<CompareOp::gt>},
                                            {"ge", compare_test<CompareOp::ge>},
                                            {">=", compare_test<CompareOp::ge>},
                                            {"<", compare_test<CompareOp::lt>},
                                            {"lt", compare_test<CompareOp::lt>},
                                            {"lessthan", compare_test<CompareOp::lt>},
                                            {"<=", compare_test<CompareOp::le>},
                                            {"le", compare_test<CompareOp::le>}};
  return table;
}

}  // namespace

TestFunction find_test(std::string_view name) {
  for (const auto& [known, test] : all_tests()) {
    if (known == name) return test;
  }
  return nullptr;
}

const std::vector<std::string>& test_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const auto& [name, test] : all_tests()) out.emplace_back(name);
    return out;
  }();
  return names;
}

}  // namespace hone::jinja
