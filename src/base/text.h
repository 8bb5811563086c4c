// Small text helpers shared by every layer: UTF-8 checks, nearest names for error messages, trimming.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hone {

/// Length of the longest prefix that is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
size_t valid_utf8_prefix(std::string_view bytes);
inline bool is_valid_utf8(std::string_view bytes) { return valid_utf8_prefix(bytes) == bytes.size(); }

/// Bytes that are not well-formed become U+FFFD, one per maximal broken part, as Python's errors="replace" does.
std::string replace_invalid_utf8(std::string_view bytes);

/// The candidate with the smallest edit distance to `name`, or "" if none is near enough to be a likely typo.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

/// `; did you mean 'x'?` or an empty string.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

std::string_view trim(std::string_view text);  // ASCII white space on both sides
std::string join(std::span<const std::string> parts, std::string_view separator);

/// Text cut to `limit` bytes at a character boundary, with an ellipsis where something was left out; control characters
/// are shown escaped. For quoting input in one-line messages.
std::string quote_for_message(std::string_view text, size_t limit = 80);

}  // namespace hone
