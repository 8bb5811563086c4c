// Finds the final answer in a completion. Everything here is linear in the text and returns views into it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/number.h"
#include "hone/reward.h"

namespace hone {

enum class Extraction { automatic, tag, boxed, phrase, last_number, whole };

/// "auto" | "tag" | "boxed" | "phrase" | "last_number" | "whole"; the names are checked where options are read.
Extraction extraction_from_name(std::string_view name);

/// What follows the last </think>, or everything where there is none: an answer belongs behind the thinking.
std::string_view after_thinking(std::string_view completion);

/// What the user asked: the last user turn of the record's `messages`, else its `question`, `problem` or `prompt`, else
/// the rendered prompt.
std::string_view question_text(const ScoreInput& in);

/// Content of the last \boxed{...} or \fbox{...} with balanced braces; nothing if there is none or the last one is
/// never closed.
std::optional<std::string_view> last_boxed(std::string_view text);

/// last_boxed, with the boxes before it that only commas or "and" part from it: \boxed{1} and \boxed{2} is "1, 2".
std::optional<std::string> last_boxes(std::string_view text);

/// Content of the last $...$, $$...$$, \(...\) or \[...\].
std::optional<std::string_view> last_formula(std::string_view text);

/// The last number as it is written.
std::optional<std::string_view> last_number(std::string_view text);

/// The number that is the only one in the text: a list of guesses is no answer.
std::optional<FoundNumber> only_number(std::string_view text);

/// Every accepted answer in the record's field: one value, or a list of alternatives; numbers as they are written, of a
/// GSM8K solution what follows ####. Empty if there is none, or if one is unusable.
std::vector<std::string> gold_texts(const nlohmann::json& fields, const std::string& name);

/// The final answer. Looks only behind the thinking.
///   tag          content of the last <answer>...</answer>; one that is still open counts to the end of a completion
///                that ended by itself, since a stop string is not part of the text
///   boxed        content of the last \boxed{...}
///   phrase       what follows the last "answer is", "answer:" or "answer =" (also "option", "choice"), up to the end
///   of
///                the sentence or line
///   last_number  the last number
///   whole        all of it
///   automatic    tag, else boxed, else the rest of the line after the last ####, else last_number if `want_number`,
///                else whole
/// Nothing if there is no such thing or only white space in it.
std::optional<std::string_view> extract_answer(const ScoreInput& in, Extraction how, bool want_number);

}  // namespace hone
