// The names a template can use: filters, tests, global functions, and the methods of str, list and dict.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/value.h"

namespace hone::jinja {

using FilterFunction = Value (*)(Interpreter&, const Value& input, Args args);
using TestFunction = bool (*)(Interpreter&, const Value& input, const Args& args);
using MethodFunction = Value (*)(Interpreter&, const Value& self, Args args);

/// Null for an unknown name.
FilterFunction find_filter(std::string_view name);
TestFunction find_test(std::string_view name);
const std::vector<std::string>& filter_names();
const std::vector<std::string>& test_names();

/// range, dict, namespace, raise_exception, strftime_now, cycler, joiner.
std::vector<std::pair<std::string, Value>> global_functions(Interpreter& interpreter);

/// The method of a str, list, tuple or dict, or null. Methods that would change the value are found but refused: they
/// throw when called, and read as undefined, as in the immutable sandbox.
MethodFunction find_method(const Value& self, std::string_view name);
bool is_refused(MethodFunction method);

// The parts of the tables above, by topic.
template <class Function>
using Table = std::vector<std::pair<std::string_view, Function>>;
const Table<FilterFunction>& text_filters();
const Table<FilterFunction>& number_filters();
const Table<FilterFunction>& sequence_filters();
const Table<FilterFunction>& select_filters();
const Table<MethodFunction>& str_methods();
const Table<MethodFunction>& str_predicates();

}  // namespace hone::jinja
