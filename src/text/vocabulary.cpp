#include "text/vocabulary.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace hone {

Vocabulary::Vocabulary(std::vector<std::pair<std::string, int64_t>> tokens, Repeats repeats) {
  // Gaps are legal; ids that would make the table much larger than the file are not.
  const auto limit = static_cast<int64_t>(2 * tokens.size() + (1 << 16));
  int64_t end = 0;
  for (const auto& [token, id] : tokens) {
    HONE_CHECK(id >= 0 && id < limit, ErrorKind::format, "token {} has id {}; with {} tokens ids must lie in [0, {})",
               quote_for_message(token, 40), id, tokens.size(), limit);
    end = std::max(end, id + 1);
  }
  tokens_.resize(static_cast<size_t>(end));
  present_.resize(static_cast<size_t>(end));
  ids_.reserve(tokens.size());
  for (auto& [token, id] : tokens) {
    const auto at = static_cast<size_t>(id);
    HONE_CHECK(!present_[at], ErrorKind::format, "id {} belongs to two tokens, {} and {}", id,
               quote_for_message(tokens_[at], 40), quote_for_message(token, 40));
    tokens_[at] = std::move(token);
    present_[at] = true;
    const auto [entry, added] = ids_.try_emplace(tokens_[at], static_cast<int32_t>(id));
    if (added) continue;
    HONE_CHECK(repeats == Repeats::last_wins, ErrorKind::format, "token {} is listed twice, with ids {} and {}",
               quote_for_message(tokens_[at], 40), entry->second, id);
    entry->second = static_cast<int32_t>(id);
  }
}

}  // namespace hone
