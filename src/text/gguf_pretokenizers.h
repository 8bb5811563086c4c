// How text is cut for each value of `tokenizer.ggml.pre`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hone {

/// What a GGUF file leaves out of a byte-level BPE tokenizer and only names.
struct GgufPreTokenizer {
  std::vector<std::string> splits;  // regexes, each cuts what the one before left; matches are isolated
  bool nfc = false;                 // text is composed first
  bool ignore_merges = false;
  bool add_bos = false;  // where the file does not say
};

/// Error(format) for a name that is not known, with the nearest one that is.
GgufPreTokenizer gguf_pretokenizer(std::string_view pre);

}  // namespace hone
