// GGUF's block formats: each block holds a few fp16 scales and packed small integers.
#pragma once

#include <cstdint>

#include "format/tensor_view.h"

namespace hone {

/// Decodes `count` consecutive blocks into count * block_size floats.
using BlockDecoder = void (*)(const uint8_t* blocks, int64_t count, float* out);

/// nullptr for types that are not block formats and for block formats without a decoder.
BlockDecoder block_decoder(DType dtype);

}  // namespace hone
