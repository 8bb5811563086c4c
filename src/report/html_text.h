// Text for the page. Everything that a model, a data set or a recipe wrote goes through one of these two functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hone {

/// For elements and quoted attributes: markup is escaped, and characters that hide or reorder text (is_deceptive) are
/// shown by name.
std::string escape_html(std::string_view text);

/// A prompt or completion: escaped like that, cut after `limit` characters with a note of how many more there are, with
/// <think>, <answer> and chat markers (<|...|>) lightly marked. The markup is balanced whatever the text.
std::string model_text(std::string_view text, size_t limit = 4000);

}  // namespace hone
