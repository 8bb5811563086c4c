// GPT-2's alphabet: every byte as one printable character, so that byte sequences are text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hone {

std::string bytes_to_alphabet(std::string_view bytes);

/// The bytes that a token of the alphabet stands for, or the token's own bytes if one of its characters is foreign.
std::string alphabet_to_bytes(std::string_view token);

}  // namespace hone
