// Whether what the code produced is what the record expects.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace hone {

enum class OutputRule { lines, tokens, exact };

/// "lines" | "tokens" | "exact"; the names are checked where options are read.
OutputRule output_rule_from_name(std::string_view name);

/// lines: equal but for white space at the end of lines and blank lines at the end; tokens: equal words, white space
/// anyhow; exact: equal bytes.
bool same_output(std::string_view output, std::string_view expected, OutputRule rule);

/// A value as python/values.py encodes it against one from a record. Lists and tuples are the same, sets are lists in
/// any order, keys of dictionaries that are numbers equal their text. Numbers: integers exactly; once a floating point
/// number takes part, within `tolerance` (absolute up to 1, relative beyond). True is not 1.
bool same_value(const nlohmann::json& encoded, const nlohmann::json& expected, double tolerance);

/// A value of a record as values.py decodes it.
nlohmann::json encode_value(const nlohmann::json& value);

}  // namespace hone
