// {"pattern": {"String": s} | {"Regex": r}} as normalizers, pre-tokenizers and decoders write it.
#pragma once

#include <string>
#include <string_view>

#include "text/json_fields.h"
#include "text/regex.h"

namespace hone {

/// The member "pattern" of `fields`; Error(format) with its place.
Regex read_pattern(const JsonFields& fields);

/// `text` with every match replaced by `content`, taken literally.
std::string replace_matches(const Regex& regex, std::string_view text, std::string_view content);

}  // namespace hone
