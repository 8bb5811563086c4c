// Bare text -> numbers, by one grammar for YAML, JSON and `--set`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "config/node.h"
#include "config/problems.h"

namespace hone::config {

/// [+-] digits [. digits] [e [+-] digits], also .5 and 5. ; no hexadecimal, no 1_000, no leading zeros, no inf or nan.
bool is_number(std::string_view text);

/// A finite double; nothing for text that is no number or that a double cannot hold.
std::optional<double> to_double(std::string_view text);

/// 16, 16.0 and 1e3 are whole numbers, 1.5 is not; nothing also where 64 bits do not hold it exactly.
std::optional<int64_t> to_integer(std::string_view text);

/// The options of tasks and rewards have no declared type: bare null, true, false and numbers are what YAML 1.2 makes
/// of them, everything else is text. A number that does not fit becomes a problem.
nlohmann::json to_json(const Node& node, Problems& problems);

}  // namespace hone::config
