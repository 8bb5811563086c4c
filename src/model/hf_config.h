// config.json of a Hugging Face folder.
#pragma once

#include <filesystem>

#include "model/config.h"

namespace hone {

/// What the class of a reward model is called, behind the family's name.
inline constexpr char kRewardSuffix[] = "ForSequenceClassification";

/// Reads and checks a configuration of the llama, mistral, qwen2, qwen3 or gemma3_text kind, in the spelling of
/// transformers 4 or 5. Error(format) names the key, what was expected and what is there.
ModelConfig config_from_hf(const nlohmann::json& config, const std::string& name);

/// Ranges and divisibility that every family needs; called for each source of a configuration.
void check_config(const ModelConfig& config, const std::string& name);

}  // namespace hone
