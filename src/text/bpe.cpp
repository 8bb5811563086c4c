#include "text/bpe.h"

#include <algorithm>
#include <queue>

#include "base/check.h"
#include "base/text.h"
#include "text/unicode.h"
#include "text/word_cache.h"

namespace hone {
namespace {

/// The merge order of both routines below: lowest rank first, leftmost of equals.
struct Candidate {
  int32_t rank;
  int32_t at;  // index of the left symbol
  int32_t id;  // what the pair becomes
  bool operator>(const Candidate& other) const { return rank != other.rank ? rank > other.rank : at > other.at; }
};

/// Quadratic, and the fastest there is for words of the usual length.
void merge_short(const PairMap& merges, std::vector<int32_t>& symbols) {
  thread_local std::vector<Merge> pairs;  // pairs[i]: merge of symbols i and i + 1
  pairs.clear();
  for (size_t i = 0; i + 1 < symbols.size(); ++i) pairs.push_back(merges.find(symbols[i], symbols[i + 1]));
  while (!pairs.empty()) {
    size_t best = pairs.size();
    for (size_t i = 0; i < pairs.size(); ++i) {
      if (pairs[i].rank >= 0 && (best == pairs.size() || pairs[i].rank < pairs[best].rank)) best = i;
    }
    if (best == pairs.size()) return;
    symbols[best] = pairs[best].id;
    symbols.erase(symbols.begin() + static_cast<ptrdiff_t>(best) + 1);
    pairs.erase(pairs.begin() + static_cast<ptrdiff_t>(best));
    if (best < pairs.size()) pairs[best] = merges.find(symbols[best], symbols[best + 1]);
    if (best > 0) pairs[best - 1] = merges.find(symbols[best - 1], symbols[best]);
  }
}

/// n log n: symbols in a linked list, candidates in a heap, out-of-date ones dropped as they come up.
void merge_long(const PairMap& merges, std::vector<int32_t>& symbols) {
  constexpr int32_t kGone = -1;
  const auto n = static_cast<int32_t>(symbols.size());
  std::vector<int32_t> next(symbols.size()), previous(symbols.size());
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto offer = [&](int32_t left, int32_t right) {
    const Merge merge = merges.find(symbols[static_cast<size_t>(left)], symbols[static_cast<size_t>(right)]);
    if (merge.rank >= 0) queue.push({merge.rank, left, merge.id});
  };
  for (int32_t i = 0; i < n; ++i) {
    next[static_cast<size_t>(i)] = i + 1, previous[static_cast<size_t>(i)] = i - 1;
    if (i + 1 < n) offer(i, i + 1);
  }
  while (!queue.empty()) {
    const Candidate top = queue.top();
    queue.pop();
    const auto at = static_cast<size_t>(top.at);
    if (symbols[at] == kGone || next[at] >= n) continue;
    const auto right = static_cast<size_t>(next[at]);
    const Merge now = merges.find(symbols[at], symbols[right]);
    if (now.rank != top.rank || now.id != top.id) continue;
    symbols[at] = top.id;
    symbols[right] = kGone;
    next[at] = next[right];
    if (next[at] < n) {
      previous[static_cast<size_t>(next[at])] = top.at;
      offer(top.at, next[at]);
    }
    if (previous[at] >= 0) offer(previous[at], top.at);
  }
  std::erase(symbols, kGone);
}

}  // namespace

Bpe::Bpe(std::vector<std::pair<std::string, int64_t>> tokens,
         const std::vector<std::pair<std::string, std::string>>& merges, BpeOptions options)
    : TokenModel(Vocabulary::Repeats::refuse, std::move(tokens)),
      options_(std::move(options)),
      merges_(merges.size()),
      cache_(std::make_unique<WordCache>()) {
  const auto id_of = [&](const std::string& token, const auto& merge) {
    const auto id = vocabulary().find(token);
    HONE_CHECK(id, ErrorKind::format, "merge {} + {} needs the token {}, which is not in the vocabulary",
               quote_for_message(merge.first, 40), quote_for_message(merge.second, 40), quote_for_message(token, 40));
    return *id;
  };
  const std::string& prefix = options_.continuing_subword_prefix;
  int32_t rank = 0;
  for (const auto& merge : merges) {
    const int32_t left = id_of(merge.first, merge), right = id_of(merge.second, merge);
    HONE_CHECK(merge.second.size() >= prefix.size(), ErrorKind::format,
               "merge {} + {}: the right side is shorter than the subword prefix {}",
               quote_for_message(merge.first, 40), quote_for_message(merge.second, 40), quote_for_message(prefix, 40));
    merges_.insert(left, right, {rank++, id_of(merge.first + merge.second.substr(prefix.size()), merge)});
  }
  if (options_.unk_token) unk_ = vocabulary().find(*options_.unk_token);
  for (char32_t c = 0; c < first_chars_.size(); ++c) {
    std::string text;
    append_char(text, c);
    first_chars_[c] = vocabulary().find(text).value_or(-1);
  }
}

Bpe::~Bpe() = default;

std::optional<int32_t> Bpe::find_char(std::string_view word, size_t begin, size_t end) const {
  const std::string_view text = word.substr(begin, end - begin);
  const bool prefixed = begin > 0 && !options_.continuing_subword_prefix.empty();
  const bool suffixed = end == word.size() && !options_.end_of_word_suffix.empty();
  if (prefixed || suffixed) {
    return vocabulary().find((prefixed ? options_.continuing_subword_prefix : "") + std::string(text) +
                             (suffixed ? options_.end_of_word_suffix : ""));
  }
  size_t at = 0;
  const char32_t c = next_char(text, at);
  if (c >= first_chars_.size()) return vocabulary().find(text);
  return first_chars_[c] >= 0 ? std::optional(first_chars_[c]) : std::nullopt;
}

/// One symbol a character; where the model has none, byte tokens, else the unknown token, else nothing.
void Bpe::split(std::string_view word, std::vector<int32_t>& symbols) const {
  bool unknown = false;  // an unknown token is due: it comes before the next known character, not before bytes
  for (size_t begin = 0, end = 0; begin < word.size(); begin = end) {
    end = begin + char_size(word[begin]);
    if (const auto id = find_char(word, begin, end)) {
      if (std::exchange(unknown, false)) symbols.push_back(*unk_);
      symbols.push_back(*id);
      continue;
    }
    if (options_.byte_fallback) {
      const bool suffixed = end == word.size() && !options_.end_of_word_suffix.empty();
      const bool prefixed = begin > 0 && !options_.continuing_subword_prefix.empty();
      const std::string text = (prefixed ? options_.continuing_subword_prefix : "") +
                               std::string(word.substr(begin, end - begin)) +
                               (suffixed ? options_.end_of_word_suffix : "");
      if (append_byte_tokens(text, symbols)) continue;
    }
    if (!options_.unk_token) continue;
    HONE_CHECK(unk_, ErrorKind::format, "the unknown token {} is not in the vocabulary but is needed for {}",
               quote_for_message(*options_.unk_token, 40), quote_for_message(word.substr(begin, end - begin)));
    if (unknown && !options_.fuse_unk) symbols.push_back(*unk_);
    unknown = true;
  }
  if (unknown) symbols.push_back(*unk_);
}

void Bpe::tokenize(std::string_view word, bool, std::vector<int32_t>& out) const {
  if (options_.ignore_merges) {
    if (const auto id = vocabulary().find(word)) return out.push_back(*id);
  }
  const bool cacheable = word.size() <= WordCache::kMaxWordBytes;
  if (cacheable && cache_->find(word, out)) return;
  thread_local std::vector<int32_t> symbols;
  symbols.clear();
  split(word, symbols);
  constexpr size_t kShortWord = 96;
  if (symbols.size() <= kShortWord)
    merge_short(merges_, symbols);
  else
    merge_long(merges_, symbols);
  out.insert(out.end(), symbols.begin(), symbols.end());
  if (cacheable) cache_->insert(word, symbols.data(), symbols.data() + symbols.size());
}

}  // namespace hone
