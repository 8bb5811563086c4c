// The one way in which pre-tokenizers cut: find delimiters, then keep, drop or merge them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "text/pretokenizer.h"
#include "text/regex.h"

namespace hone {

/// What happens to a delimiter.
enum class SplitBehavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };

/// "Removed", "Isolated", ...; Error(format) names `where`.
SplitBehavior split_behavior(std::string_view name, const std::string& where);

/// Cuts one word into delimiters (matched) and the rest.
using Cutter = std::function<void(std::string_view word, std::vector<MatchedRange>& out)>;

/// Every run of characters between delimiters is one range, every delimiter character another.
Cutter cut_at(std::function<bool(char32_t)> is_delimiter);
Cutter cut_at(Regex delimiter);
Cutter inverted(Cutter cutter);  // what lay between delimiters is the delimiter

PreTokenizer split_words(Cutter cutter, SplitBehavior behavior);

}  // namespace hone
