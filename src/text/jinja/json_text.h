// JSON in and out of templates.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "text/jinja/value.h"

namespace hone::jinja {

/// The keyword arguments of Python's json.dumps.
struct JsonStyle {
  bool ensure_ascii = false;
  bool sort_keys = false;
  std::optional<std::string> indent;  // one level of it
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};

/// json.dumps(value). Error(data) for what JSON cannot hold.
std::string to_json_text(Interpreter& interpreter, const Value& value, const JsonStyle& style);

/// JSON as a template sees it. Error(data), beginning with `path`, for text that is not UTF-8, integers beyond 64 bits,
/// and nesting too deep.
Value from_json(const nlohmann::ordered_json& json, const std::string& path);

}  // namespace hone::jinja
