// sentencepiece .model files, by way of libsentencepiece.
#pragma once

#include <string>
#include <vector>

#include "text/tokenizer_data.h"

namespace hone {

/// `bytes`: a serialised ModelProto. Control pieces and `more_added` are found in the text first; the prefix space
/// is put at the start of the input or, if `prefix_every_text`, of every text between them (transformers' legacy =
/// true). Error(format) if it cannot be loaded.
TokenizerData tokenizer_from_spm(const std::string& bytes, const std::vector<AddedToken>& more_added = {},
                                 bool prefix_every_text = false);

}  // namespace hone
