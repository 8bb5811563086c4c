#include "text/unigram.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/text.h"
#include "text/unicode.h"

namespace hone {
namespace {

constexpr double kUnknownPenalty = 10;  // below the worst piece, as in sentencepiece

std::vector<std::pair<std::string, int64_t>> numbered(const std::vector<std::pair<std::string, double>>& pieces) {
  std::vector<std::pair<std::string, int64_t>> tokens;
  tokens.reserve(pieces.size());
  for (const auto& [piece, score] : pieces) tokens.emplace_back(piece, static_cast<int64_t>(tokens.size()));
  return tokens;
}

}  // namespace

Unigram::Unigram(const std::vector<std::pair<std::string, double>>& pieces, std::optional<int64_t> unk_id,
                 bool byte_fallback)
    : TokenModel(Vocabulary::Repeats::last_wins, numbered(pieces)), byte_fallback_(byte_fallback) {
  HONE_CHECK(!pieces.empty(), ErrorKind::format, "a Unigram vocabulary needs at least one piece");
  HONE_CHECK(!unk_id || (*unk_id >= 0 && *unk_id < static_cast<int64_t>(pieces.size())), ErrorKind::format,
             "unk_id {} is outside the vocabulary of {} pieces", unk_id.value_or(0), pieces.size());
  if (unk_id) unk_ = static_cast<int32_t>(*unk_id);
  std::vector<std::pair<std::string_view, int32_t>> entries;
  double lowest = pieces.front().second;
  for (const auto& [piece, score] : pieces) {
    HONE_CHECK(std::isfinite(score), ErrorKind::format, "piece {} has the score {}", quote_for_message(piece, 40),
               score);
    lowest = std::min(lowest, score);
    scores_.push_back(score);
    entries.emplace_back(piece, *vocabulary().find(piece));
  }
  unk_score_ = lowest - kUnknownPenalty;
  trie_ = ByteTrie(std::move(entries));
}

int32_t Unigram::unk() const {
  HONE_CHECK(unk_, ErrorKind::format, "a character is not in the vocabulary, and the model has no unk_id");
  return *unk_;
}

void Unigram::tokenize(std::string_view word, bool, std::vector<int32_t>& out) const {
  struct Best {
    double score = 0;
    size_t start = SIZE_MAX;
    int32_t id = 0;
  };
  std::vector<Best> best(word.size() + 1);  // best path that ends at each byte
  for (size_t at = 0; at < word.size();) {
    const size_t next = at + char_size(word[at]);
    bool covered = false;  // some piece is exactly this character
    const auto offer = [&](size_t end, double score, int32_t id) {
      if (best[end].start == SIZE_MAX || score > best[end].score) best[end] = {score, at, id};
    };
    trie_.prefixes(word.substr(at), [&](size_t length, int32_t id) {
      offer(at + length, scores_[static_cast<size_t>(id)] + best[at].score, id);
      covered |= at + length == next;
    });
    if (!covered) offer(next, unk_score_ + best[at].score, unk());
    at = next;
  }

  // Walk back; a run of unknown characters becomes one piece.
  std::vector<std::string_view> pieces;
  bool in_unknown = false;
  for (size_t end = word.size(); end > 0;) {
    const auto [score, start, id] = best[end];
    const bool unknown = unk_ && id == *unk_;
    const std::string_view piece = word.substr(start, end - start);
    if (unknown && in_unknown)
      pieces.back() = {piece.data(), piece.size() + pieces.back().size()};
    else
      pieces.push_back(piece);
    in_unknown = unknown;
    end = start;
  }
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) emit(*piece, out);
}

void Unigram::emit(std::string_view piece, std::vector<int32_t>& out) const {
  if (const auto id = vocabulary().find(piece)) return out.push_back(*id);
  if (byte_fallback_ && append_byte_tokens(piece, out)) return;
  out.push_back(unk());
}

}  // namespace hone
