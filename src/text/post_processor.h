// The "post_processor" of a tokenizer.json: the special tokens around a text.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace hone {

struct PostProcessor {
  std::vector<int32_t> prefix, suffix;
};

/// Reads {"type": ...} for a single text; null adds nothing. Error(format) names an unknown type and its place.
PostProcessor read_post_processor(const nlohmann::json& json, const std::string& where);

}  // namespace hone
