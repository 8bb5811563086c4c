#include "text/word_split.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "text/unicode.h"

namespace hone {
namespace {

/// Joins neighbours in `ranges` so that what remains are words; dropped delimiters keep matched = true.
void merge(std::vector<MatchedRange>& ranges, SplitBehavior behavior) {
  if (behavior == SplitBehavior::removed) return;
  if (behavior == SplitBehavior::isolated) {
    for (MatchedRange& range : ranges) range.matched = false;
    return;
  }
  const bool backwards = behavior == SplitBehavior::merged_with_next;
  if (backwards) std::reverse(ranges.begin(), ranges.end());
  std::vector<MatchedRange> merged;
  bool previous = false;
  for (const auto& [begin, end, matched] : ranges) {
    const bool joins = behavior == SplitBehavior::contiguous ? matched == previous : matched && !previous;
    if (joins && !merged.empty()) {
      (backwards ? merged.back().begin : merged.back().end) = backwards ? begin : end;
    } else {
      merged.push_back({begin, end, false});
    }
    previous = matched;
  }
  if (backwards) std::reverse(merged.begin(), merged.end());
  ranges = std::move(merged);
}

}  // namespace

SplitBehavior split_behavior(std::string_view name, const std::string& where) {
  if (name == "Removed") return SplitBehavior::removed;
  if (name == "Isolated") return SplitBehavior::isolated;
  if (name == "MergedWithPrevious") return SplitBehavior::merged_with_previous;
  if (name == "MergedWithNext") return SplitBehavior::merged_with_next;
  if (name == "Contiguous") return SplitBehavior::contiguous;
  fail(ErrorKind::format, "{}: expected Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous, got {}",
       where, quote_for_message(name));
}

Cutter cut_at(std::function<bool(char32_t)> is_delimiter) {
  return [is_delimiter = std::move(is_delimiter)](std::string_view word, std::vector<MatchedRange>& out) {
    out.clear();
    size_t done = 0;
    for (size_t at = 0; at < word.size();) {
      const size_t begin = at;
      if (!is_delimiter(next_char(word, at))) continue;
      if (begin > done) out.push_back({done, begin, false});
      out.push_back({begin, at, true});
      done = at;
    }
    if (done < word.size()) out.push_back({done, word.size(), false});
  };
}

Cutter cut_at(Regex delimiter) {
  return [delimiter = std::move(delimiter)](std::string_view word, std::vector<MatchedRange>& out) {
    delimiter.cut(word, out);
  };
}

Cutter inverted(Cutter cutter) {
  return [cutter = std::move(cutter)](std::string_view word, std::vector<MatchedRange>& out) {
    cutter(word, out);
    for (MatchedRange& range : out) range.matched = !range.matched;
  };
}

PreTokenizer split_words(Cutter cutter, SplitBehavior behavior) {
  return [cutter = std::move(cutter), behavior](Words& words) {
    std::vector<Words::Span> spans;
    spans.reserve(words.spans.size());
    std::vector<MatchedRange> ranges;
    for (const Words::Span word : words.spans) {
      cutter(words.word(word), ranges);
      merge(ranges, behavior);
      for (const auto& [begin, end, dropped] : ranges) {
        if (!dropped && begin < end) spans.push_back({word.begin + begin, word.begin + end});
      }
    }
    // The start of the input is lost when the delimiter in front of the first word was dropped.
    const bool kept_start = !spans.empty() && !words.spans.empty() && spans[0].begin == words.spans[0].begin;
    words.at_start = words.at_start && kept_start;
    words.spans = std::move(spans);
  };
}

}  // namespace hone
