// Tokenizers from GGUF vocabularies, by way of the tokenizer.json they amount to.
#pragma once

#include "text/gguf_vocab.h"
#include "text/tokenizer_data.h"

namespace hone {

/// hf_files() writes the tokenizer.json and a tokenizer_config.json. Error(format) for what cannot be read.
TokenizerData tokenizer_from_gguf(GgufVocab vocab);

}  // namespace hone
