// Finds the final answer in a completion. Everything here is linear in the text and returns views into it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hone/reward.h"

namespace hone {

enum class Extraction { automatic, tag, boxed, last_number, whole };

/// "auto" | "tag" | "boxed" | "last_number" | "whole"; the names are checked where options are read.
Extraction extraction_from_name(std::string_view name);

/// What follows the last </think>, or everything where there is none: an answer belongs behind the thinking.
std::string_view after_thinking(std::string_view completion);

/// What the user asked: the last user turn of the record's `messages`, else its `question`, `problem` or `prompt`, else
/// the rendered prompt.
std::string_view question_text(const ScoreInput& in);

/// Content of the last \boxed{...} with balanced braces; nothing if there is none or the last one is never closed.
std::optional<std::string_view> last_boxed(std::string_view text);

/// The final answer. Looks only behind the thinking.
///   tag          content of the last <answer>...</answer>; one that is still open counts to the end of a completion
///                that ended by itself, since a stop string is not part of the text
///   boxed        content of the last \boxed{...}
///   last_number  the last number
///   whole        all of it
///   automatic    tag, else boxed, else the rest of the line after the last ####, else last_number if `want_number`,
///                else whole
/// Nothing if there is no such thing or only white space in it.
std::optional<std::string_view> extract_answer(const ScoreInput& in, Extraction how, bool want_number);

}  // namespace hone
