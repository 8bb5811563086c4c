// The "normalizer" of a tokenizer.json: text to text, before it is cut into words.
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace hone {

/// Well-formed UTF-8 in, well-formed UTF-8 out; may be called from many threads.
using Normalizer = std::function<std::string(std::string text)>;

/// Reads {"type": ...}; null gives the identity. Error(format) names an unknown type and its place.
Normalizer read_normalizer(const nlohmann::json& json, const std::string& where);

}  // namespace hone
