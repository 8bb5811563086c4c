#include "text/added_tokens.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "text/unicode.h"

namespace hone {
namespace {

size_t space_at_start(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    size_t next = at;
    if (!is_white_space(next_char(text, next))) break;
    at = next;
  }
  return at;
}

size_t start_of_space_at_end(std::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    size_t at = end - 1;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
    size_t next = at;
    if (!is_white_space(next_char(text, next))) break;
    end = at;
  }
  return end;
}

bool touches_word(std::string_view before, std::string_view after) {
  size_t at = 0;
  return (!before.empty() && is_word_char(last_char(before))) || (!after.empty() && is_word_char(next_char(after, at)));
}

}  // namespace

void AddedTokens::add(std::vector<AddedToken> tokens, const Vocabulary& vocabulary) {
  for (AddedToken& token : tokens) {
    if (token.content.empty()) continue;
    const int32_t listed = token.id;
    const auto known = by_content_.find(token.content);
    if (known != by_content_.end()) {
      token.id = tokens_[known->second].id;
      tokens_[known->second] = std::move(token);
      continue;
    }
    token.id = vocabulary.find(token.content).value_or(std::max(vocabulary.size(), end_id_));
    if (listed >= 0 && listed != token.id) {
      log_warn("added token {} is listed with id {} but gets {}, as in HF tokenizers",
               quote_for_message(token.content, 40), listed, token.id);
    }
    const std::string* holder = vocabulary.token(token.id);
    HONE_CHECK(holder == nullptr || *holder == token.content, ErrorKind::format,
               "added token {} would get id {}, which the vocabulary gives to {}; its ids have gaps",
               quote_for_message(token.content, 40), token.id, quote_for_message(holder ? *holder : "", 40));
    end_id_ = std::max(end_id_, token.id + 1);
    by_id_[token.id] = by_content_[token.content] = tokens_.size();
    tokens_.push_back(std::move(token));
  }
}

void AddedTokens::finish(const Normalizer& normalizer) {
  std::vector<std::pair<std::string_view, int32_t>> raw, normalized;
  spellings_.resize(tokens_.size());
  // Of two equal spellings the special token's counts.
  for (const bool special : {true, false}) {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].special != special) continue;
      spellings_[i] = tokens_[i].normalized ? normalizer(tokens_[i].content) : tokens_[i].content;
      (tokens_[i].normalized ? normalized : raw).emplace_back(spellings_[i], static_cast<int32_t>(i));
    }
  }
  raw_ = ByteTrie(std::move(raw));
  normalized_ = ByteTrie(std::move(normalized));
}

/// Leftmost, longest matches; a match that is refused (single_word) still uses up its text, as in HF tokenizers.
std::vector<TextPiece> AddedTokens::split(std::string_view text, const ByteTrie& trie) const {
  std::vector<TextPiece> pieces;
  size_t done = 0;  // end of what is in `pieces`
  for (size_t at = 0; !trie.empty() && at < text.size();) {
    size_t length = 0;
    int32_t index = 0;
    trie.prefixes(text.substr(at), [&](size_t l, int32_t i) { length = l, index = i; });
    if (length == 0) {
      at += char_size(text[at]);
      continue;
    }
    size_t begin = at, end = at + length;
    at = end;
    const AddedToken& token = tokens_[static_cast<size_t>(index)];
    if (token.single_word && touches_word(text.substr(0, begin), text.substr(end))) continue;
    if (token.lstrip) begin = std::max(start_of_space_at_end(text.substr(0, begin)), done);
    if (token.rstrip) end += space_at_start(text.substr(end));
    if (done < begin) pieces.push_back({-1, done, begin});
    pieces.push_back({token.id, begin, end});
    done = end;
  }
  if (done < text.size()) pieces.push_back({-1, done, text.size()});
  return pieces;
}

const AddedToken* AddedTokens::find(std::string_view content) const {
  const auto found = by_content_.find(std::string(content));
  return found == by_content_.end() ? nullptr : &tokens_[found->second];
}

const std::string* AddedTokens::spelling(int32_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &spellings_[found->second];
}

bool AddedTokens::is_special(int32_t id) const {
  const auto found = by_id_.find(id);
  return found != by_id_.end() && tokens_[found->second].special;
}

}  // namespace hone
