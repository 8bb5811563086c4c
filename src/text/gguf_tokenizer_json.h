// The tokenizer.json that a GGUF vocabulary amounts to.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "text/gguf_vocab.h"

namespace hone {

/// Gives the ids of llama.cpp and of the original tokenizer; Error(format) for what cannot be read.
nlohmann::json tokenizer_json_from_gguf(const GgufVocab& vocab);

}  // namespace hone
