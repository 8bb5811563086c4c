// Which language each word of a text is in, for texts that mix languages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reward/prose.h"

namespace hone {

/// ISO 639-1 code of a language given as a code, with or without a region (pt, pt-BR, zh_Hans), or by its English name
/// (Portuguese). "" if it is not known.
std::string language_code(std::string_view name);

/// The code of every word's language, "" where none can be told. `target` is the language that words of no clear
/// language count for; "" if there is none. Linear in the text.
std::vector<std::string> word_languages(std::string_view text, const std::vector<Word>& words,
                                        const std::string& target);

/// The language that most of the text's prose is in; "" if it has no words or their language cannot be told.
std::string main_language(std::string_view text);

}  // namespace hone
