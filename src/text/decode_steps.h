// The steps a decoder is made of. Each makes a fresh state per stream.
#pragma once

#include <cstddef>
#include <string>

#include "text/decoder.h"
#include "text/regex.h"

namespace hone {

MakeDecodeStep decode_byte_level();                             // GPT-2's alphabet back to bytes, all tokens fused
MakeDecodeStep decode_byte_tokens();                            // runs of <0x..> back to text
MakeDecodeStep decode_fuse();                                   // all tokens as one
MakeDecodeStep decode_join(std::string separator);              // separator between tokens
MakeDecodeStep decode_metaspace(char32_t mark, bool prefixed);  // mark to space; none in the first token if prefixed
MakeDecodeStep decode_replace(Regex pattern, std::string content);
MakeDecodeStep decode_strip(char32_t c, size_t start, size_t stop);
MakeDecodeStep decode_word_pieces(std::string prefix, bool cleanup);
MakeDecodeStep decode_word_suffix(std::string suffix);  // BPE's end-of-word mark to a space

}  // namespace hone
