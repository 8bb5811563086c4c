// Reads a tokenizer.json (the format of the HF tokenizers library).
#pragma once

#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "text/tokenizer_data.h"

namespace hone {

/// Model, added tokens and pipeline; the ids of special tokens and hf_files are left to the caller. `more_added` are
/// tokens that other files of the folder define. Error(format) names the part that is wrong, missing or unknown.
TokenizerData read_tokenizer_json(const nlohmann::json& json, const std::vector<AddedToken>& more_added = {});

/// {"content": ..., "lstrip": ..., ...} with the library's defaults.
AddedToken read_added_token(const nlohmann::json& json, const std::string& where);

}  // namespace hone
