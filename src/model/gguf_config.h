// Configuration and tensor names of GGUF models.
#pragma once

#include "format/gguf.h"
#include "model/config.h"

namespace hone {

/// Error(format) for an architecture other than llama, qwen2, qwen3 and gemma3, or metadata that does not fit.
ModelConfig config_from_gguf(const GgufFile& file);

/// GGUF's name of a tensor of a Hugging Face name.
std::string gguf_tensor_name(const std::string& hf_name, bool post_norms);

}  // namespace hone
