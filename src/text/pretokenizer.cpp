#include "text/pretokenizer.h"

#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "text/byte_level.h"
#include "text/json_fields.h"
#include "text/text_pattern.h"
#include "text/unicode.h"
#include "text/word_split.h"

namespace hone {
namespace {

constexpr const char* kGpt2Pattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

PreTokenizer in_order(std::vector<PreTokenizer> steps) {
  return [steps = std::move(steps)](Words& words) {
    for (const PreTokenizer& step : steps) step(words);
  };
}

/// Rewrites every word; `rewrite(word, first)` returns its new text.
template <class Rewrite>
void rewrite_words(Words& words, const Rewrite& rewrite) {
  std::string text;
  text.reserve(words.text.size() * 2);
  bool first = true;
  for (Words::Span& span : words.spans) {
    const size_t begin = text.size();
    text += rewrite(words.word(span), std::exchange(first, false));
    span = {begin, text.size()};
  }
  words.text = std::move(text);
}

PreTokenizer byte_level(const JsonFields& fields) {
  std::vector<PreTokenizer> steps;
  if (fields.boolean("add_prefix_space", true)) {
    steps.push_back([](Words& words) {
      rewrite_words(words,
                    [](std::string_view word, bool) { return (word.starts_with(' ') ? "" : " ") + std::string(word); });
    });
  }
  if (fields.boolean("use_regex", true)) {
    steps.push_back(split_words(cut_at(Regex(kGpt2Pattern)), SplitBehavior::isolated));
  }
  steps.push_back(
      [](Words& words) { rewrite_words(words, [](std::string_view word, bool) { return bytes_to_alphabet(word); }); });
  return in_order(std::move(steps));
}

PreTokenizer split(const JsonFields& fields) {
  Cutter cutter = cut_at(read_pattern(fields));
  if (fields.boolean("invert", false)) cutter = inverted(std::move(cutter));
  return split_words(std::move(cutter), split_behavior(fields.text("behavior"), fields.path("behavior")));
}

char32_t single_char(const JsonFields& fields, const char* key, const std::string& otherwise) {
  const std::string text = fields.text(key, otherwise);
  HONE_CHECK(count_chars(text) == 1, ErrorKind::format, "{}: expected one character, got {}", fields.path(key),
             quote_for_message(text));
  return last_char(text);
}

PreTokenizer metaspace(const JsonFields& fields) {
  const char32_t replacement = single_char(fields, "replacement", "▁");
  std::string mark;
  append_char(mark, replacement);
  const bool legacy_prefix = fields.boolean("add_prefix_space", true);
  const std::string scheme = fields.text("prepend_scheme", legacy_prefix ? "always" : "never");
  HONE_CHECK(scheme == "always" || scheme == "first" || scheme == "never", ErrorKind::format,
             "{}: expected always, first or never, got {}", fields.path("prepend_scheme"), quote_for_message(scheme));
  HONE_CHECK(legacy_prefix || scheme == "never", ErrorKind::format,
             "{}: add_prefix_space is false but prepend_scheme is {}", fields.where(), scheme);

  std::vector<PreTokenizer> steps;
  steps.push_back([mark, scheme](Words& words) {
    rewrite_words(words, [&](std::string_view word, bool first) {
      std::string text;
      for (const char c : word) {
        if (c == ' ')
          text += mark;
        else
          text += c;
      }
      const bool prefix = scheme == "always" || (scheme == "first" && first && words.at_start);
      return prefix && !text.starts_with(mark) ? mark + text : text;
    });
  });
  if (fields.boolean("split", true)) {
    steps.push_back(
        split_words(cut_at([replacement](char32_t c) { return c == replacement; }), SplitBehavior::merged_with_next));
  }
  return in_order(std::move(steps));
}

PreTokenizer whitespace_split() { return split_words(cut_at(is_white_space), SplitBehavior::removed); }

/// Runs of word characters and runs of anything else but white space.
PreTokenizer whitespace() {
  const Cutter cutter = [](std::string_view word, std::vector<MatchedRange>& out) {
    const auto kind = [](char32_t c) { return is_word_char(c) ? 1 : is_white_space(c) ? 0 : 2; };
    out.clear();
    int run = -1;
    for (size_t at = 0; at < word.size();) {
      const size_t begin = at;
      const int k = kind(next_char(word, at));
      if (k == run)
        out.back().end = at;
      else
        out.push_back({begin, at, k == 0});
      run = k;
    }
  };
  return split_words(cutter, SplitBehavior::removed);
}

PreTokenizer bert() {
  return in_order({whitespace_split(), split_words(cut_at(is_punctuation), SplitBehavior::isolated)});
}

PreTokenizer fixed_length(const JsonFields& fields) {
  const int64_t length = fields.integer("length", 5);
  HONE_CHECK(length > 0, ErrorKind::format, "{}: expected at least 1, got {}", fields.path("length"), length);
  const Cutter cutter = [length](std::string_view word, std::vector<MatchedRange>& out) {
    out.clear();
    int64_t chars = 0;
    for (size_t at = 0; at < word.size(); ++chars) {
      const size_t begin = at;
      next_char(word, at);
      if (chars % length == 0)
        out.push_back({begin, at, false});
      else
        out.back().end = at;
    }
  };
  return split_words(cutter, SplitBehavior::isolated);
}

PreTokenizer sequence(const JsonFields& fields) {
  std::vector<PreTokenizer> steps;
  for (const auto& step : fields.array("pretokenizers")) {
    steps.push_back(read_pretokenizer(step, fmt::format("{}.pretokenizers[{}]", fields.where(), steps.size())));
  }
  return in_order(std::move(steps));
}

}  // namespace

PreTokenizer read_pretokenizer(const nlohmann::json& json, const std::string& where) {
  if (json.is_null()) return [](Words&) {};
  const JsonFields fields(json, where);
  const std::string type = fields.text("type");
  if (type == "Sequence") return sequence(fields);
  if (type == "ByteLevel") return byte_level(fields);
  if (type == "Split") return split(fields);
  if (type == "Metaspace") return metaspace(fields);
  if (type == "Whitespace") return whitespace();
  if (type == "WhitespaceSplit") return whitespace_split();
  if (type == "BertPreTokenizer") return bert();
  if (type == "FixedLength") return fixed_length(fields);
  if (type == "Digits") {
    const bool single = fields.boolean("individual_digits", false);
    return split_words(cut_at(is_numeric), single ? SplitBehavior::isolated : SplitBehavior::contiguous);
  }
  if (type == "Punctuation") {
    return split_words(cut_at(is_punctuation),
                       split_behavior(fields.text("behavior", "Isolated"), fields.path("behavior")));
  }
  if (type == "CharDelimiterSplit") {
    const char32_t delimiter = single_char(fields, "delimiter", "");
    return split_words(cut_at([delimiter](char32_t c) { return c == delimiter; }), SplitBehavior::removed);
  }
  fail(ErrorKind::format, "{}: unknown pre-tokenizer {}", where, quote_for_message(type));
}

}  // namespace hone
