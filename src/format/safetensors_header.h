// The JSON header of a safetensors file, read in one pass without building a tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "format/safetensors.h"

namespace hone {

/// Writers must stay below it and readers refuse more, as the reference implementation does.
constexpr uint64_t kMaxSafetensorsHeader = 100'000'000;

struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::F32;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  // byte range in the data that follows the header
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // as written
  SafetensorsMetadata metadata;
};

/// Error(format) with the place for text that is not UTF-8, not JSON, nested more than 127 deep or of another
/// structure: each entry needs exactly a known dtype, a shape of integers >= 0 and two data offsets; further keys are
/// ignored.
SafetensorsHeader parse_safetensors_header(std::string_view text);

/// The header's text, padded with spaces so that the data that follows 8 bytes of length and this are 8-byte aligned.
std::string safetensors_header_text(const SafetensorsHeader& header);

}  // namespace hone
