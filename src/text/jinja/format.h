// Python's two ways to format: the % operator and str.format.
#pragma once

#include <string>
#include <string_view>

#include "text/jinja/value.h"

namespace hone::jinja {

/// pattern % values. Error(data) where Python raises, and for widths beyond the budget.
Value format_percent(Interpreter& interpreter, const Value& pattern, const Value& values);

/// pattern.format(*args, **kwargs); fields may use .name and [key], looked up as the template would.
Value format_braces(Interpreter& interpreter, const Value& pattern, const Args& args);

/// format(value, spec): [[fill]align][sign][#][0][width][,][.precision][type]
std::string format_with_spec(Interpreter& interpreter, const Value& value, std::string_view spec);

}  // namespace hone::jinja
