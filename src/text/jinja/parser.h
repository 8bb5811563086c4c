// Template source to syntax tree.
#pragma once

#include <string_view>

#include "text/jinja/ast.h"

namespace hone::jinja {

/// Parses, resolves variables and checks the names of filters and tests. Error(format) with line:column.
Program parse(std::string_view source);

}  // namespace hone::jinja
