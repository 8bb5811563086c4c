#include "text/wordpiece.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "text/unicode.h"

namespace hone {
namespace {

int32_t unknown(const Vocabulary& vocabulary, const std::string& unk_token, std::string_view word) {
  const auto id = vocabulary.find(unk_token);
  HONE_CHECK(id, ErrorKind::format, "the unknown token {} is not in the vocabulary but is needed for {}",
             quote_for_message(unk_token, 40), quote_for_message(word, 40));
  return *id;
}

}  // namespace

WordPiece::WordPiece(std::vector<std::pair<std::string, int64_t>> tokens, std::string unk_token,
                     const std::string& prefix, int64_t max_input_chars_per_word)
    : TokenModel(Vocabulary::Repeats::refuse, std::move(tokens)),
      unk_token_(std::move(unk_token)),
      max_chars_(static_cast<size_t>(std::max<int64_t>(max_input_chars_per_word, 0))) {
  std::vector<std::pair<std::string_view, int32_t>> first, continuing;
  for (int32_t id = 0; id < vocabulary().end_id(); ++id) {
    const std::string* token = vocabulary().token(id);
    if (token == nullptr) continue;
    first.emplace_back(*token, id);
    if (token->starts_with(prefix)) continuing.emplace_back(std::string_view(*token).substr(prefix.size()), id);
  }
  first_ = ByteTrie(std::move(first));
  continuing_ = ByteTrie(std::move(continuing));
}

void WordPiece::tokenize(std::string_view word, bool, std::vector<int32_t>& out) const {
  const size_t before = out.size();
  bool known = count_chars(word) <= max_chars_;
  for (size_t at = 0; known && at < word.size();) {
    size_t length = 0;
    int32_t id = 0;
    (at == 0 ? first_ : continuing_).prefixes(word.substr(at), [&](size_t l, int32_t i) { length = l, id = i; });
    known = length > 0;
    if (known) out.push_back(id);
    at += length;
  }
  if (known) return;
  out.resize(before);  // one unknown part makes the whole word unknown
  out.push_back(unknown(vocabulary(), unk_token_, word));
}

WordLevel::WordLevel(std::vector<std::pair<std::string, int64_t>> tokens, std::string unk_token)
    : TokenModel(Vocabulary::Repeats::refuse, std::move(tokens)), unk_token_(std::move(unk_token)) {}

void WordLevel::tokenize(std::string_view word, bool, std::vector<int32_t>& out) const {
  const auto id = vocabulary().find(word);
  out.push_back(id ? *id : unknown(vocabulary(), unk_token_, word));
}

}  // namespace hone
