// Finds out what a path holds and reads it, with the small JSON files that stand beside a tokenizer.
#pragma once

#include <filesystem>

#include "text/tokenizer_data.h"

namespace hone {

/// An HF folder, a tokenizer.json, a sentencepiece model or a GGUF file, told apart by content.
TokenizerData load_tokenizer_files(const std::filesystem::path& path);

/// A tokenizer.json's bytes alone, with no files beside it.
TokenizerData load_tokenizer_json(std::string bytes);

}  // namespace hone
