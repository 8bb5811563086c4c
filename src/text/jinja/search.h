// Substring search in linear time whatever the strings, which std::string::find does not promise.
#pragma once

#include <string_view>

namespace hone::jinja {

inline constexpr size_t kNotFound = std::string_view::npos;

/// First place at or after `from` where `needle` stands. An empty needle stands everywhere up to the end.
size_t find_forward(std::string_view text, std::string_view needle, size_t from = 0);

/// Last place where `needle` stands whole before `end`.
size_t find_backward(std::string_view text, std::string_view needle, size_t end = std::string_view::npos);

}  // namespace hone::jinja
