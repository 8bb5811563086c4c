// strftime in the C locale.
#pragma once

#include <ctime>
#include <string>

namespace hone::jinja {

/// Error(data) for a directive that has no meaning everywhere.
std::string format_time(const std::string& pattern, const std::tm& when);

}  // namespace hone::jinja
