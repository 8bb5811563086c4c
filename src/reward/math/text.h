// Answers that are words or the letter of an option.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hone::math {

/// How an answer reads when looks do not matter: lower case, no spaces, no \text, brackets around one letter or a full
/// stop behind. "" if it is too long to be an answer.
std::string plain_text(std::string_view text);

/// The letter (lower case) of an option, as in C  (C)  C.  \text{(C)}  (C) 42  option C.
std::optional<char> option_letter(std::string_view text);

/// Whether text that is no mathematics may be an answer in words: it has words and no notation.
bool is_prose(std::string_view text);

}  // namespace hone::math
