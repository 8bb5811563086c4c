// JSON Lines: one JSON value a line, blank lines skipped, every error with path and line number.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "hone/error.h"

namespace hone {

/// Calls `record(value, line_number)` for every line. Error(data) `path:line: ...` for a line that is not JSON, not
/// UTF-8, or nested more than 256 deep; errors thrown by `record` get the same prefix.
void read_jsonl(const std::filesystem::path& path,
                const std::function<void(nlohmann::json value, int64_t line)>& record);

/// Parses one JSON text with a nesting limit; Error(kind) says the byte where it broke.
nlohmann::json parse_json(std::string_view text, const std::string& name, ErrorKind kind = ErrorKind::data);

/// Compact text of a value; bytes that are not UTF-8 are replaced rather than thrown on.
std::string dump_json(const nlohmann::json& value, int indent = -1);

}  // namespace hone
