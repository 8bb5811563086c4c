// repetition: a penalty for saying the same again, by repeated n-grams and by a text that ends in a loop.
#include <algorithm>
#include <unordered_set>

#include <utf8proc.h>
#include <xxhash.h>

#include "base/check.h"
#include "hone/options.h"
#include "reward/prose.h"
#include "reward/rewards.h"

namespace hone {
namespace {

struct RepetitionOptions {
  int64_t ngram = 3;
  double max_penalty = -1.0;
  int64_t min_repeats = 4;
  int64_t min_loop = 20;
  double limit = 0.5;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("ngram", c.ngram, "words of an n-gram", between(1, 100));
    v("max_penalty", c.max_penalty, "reward of a text that is nothing but repetition", between(-1e6, 0));
    v("min_repeats", c.min_repeats, "a loop at the end goes round at least so often", between(2, 1e6));
    v("min_loop", c.min_loop, "characters that a loop fills at least", at_least(2));
    v("limit", c.limit, "share of repetition from which the verdict is wrong", between(0, 1));
  }
};

/// Lower case hashes of the words: what stands between white space, and every Chinese or Japanese character by itself.
std::vector<uint64_t> hash_words(std::string_view text) {
  std::vector<uint64_t> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(XXH3_64bits(word.data(), word.size()));
    word.clear();
  };
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const int32_t c = next_code_point(text, at);
    if (c == ' ' || (c >= '\t' && c <= '\r') || c == 0x3000) {
      end_word();
      continue;
    }
    const bool alone = script_of(c) == Script::han_kana;
    if (alone) end_word();
    utf8proc_uint8_t bytes[4];
    const auto n = c < 0 ? 0 : utf8proc_encode_char(utf8proc_tolower(c), bytes);
    word.append(n > 0 ? std::string_view(reinterpret_cast<char*>(bytes), static_cast<size_t>(n))
                      : text.substr(start, at - start));
    if (alone) end_word();
  }
  end_word();
  return words;
}

/// 1 - different n-grams / n-grams.
double ngram_share(const std::vector<uint64_t>& words, size_t n) {
  if (words.size() < n) return 0.0;
  std::unordered_set<uint64_t> seen;
  const size_t count = words.size() - n + 1;
  for (size_t i = 0; i < count; ++i) seen.insert(XXH3_64bits(&words[i], n * sizeof words[i]));
  return 1.0 - static_cast<double>(seen.size()) / static_cast<double>(count);
}

/// Share of the text that its last loop fills: the longest end that repeats one period at least min_repeats times. The
/// Z function of the reversed text gives, for every period at once, how far back it goes on.
double loop_share(std::string_view text, const RepetitionOptions& options) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
  const size_t n = text.size();
  const auto at = [&](size_t i) { return text[n - 1 - i]; };
  std::vector<uint32_t> z(n, 0);
  size_t longest = 0;
  for (size_t i = 1, left = 0, right = 0; i < n; ++i) {
    size_t k = i < right ? std::min(right - i, static_cast<size_t>(z[i - left])) : 0;
    while (i + k < n && at(k) == at(i + k)) ++k;
    z[i] = static_cast<uint32_t>(k);
    if (i + k > right) left = i, right = i + k;
    const size_t filled = i + k;  // by period i
    if (filled >= i * static_cast<size_t>(options.min_repeats)) longest = std::max(longest, filled);
  }
  if (longest < static_cast<size_t>(options.min_loop)) return 0.0;
  return static_cast<double>(longest) / static_cast<double>(n);
}

}  // namespace

RewardFunction make_repetition(const nlohmann::json& json) {
  const auto options = read_options<RepetitionOptions>(json, "reward 'repetition'");
  return [options](const ScoreInput& in) {
    const double ngrams = ngram_share(hash_words(in.completion), static_cast<size_t>(options.ngram));
    const double loop = loop_share(in.completion, options);
    const double share = std::max(ngrams, loop);
    return Verdict{share > 0 ? static_cast<float>(share * options.max_penalty) : 0.f,
                   share < options.limit || share == 0 ? VerdictKind::correct : VerdictKind::wrong,
                   fmt::format("{:.0f} % of the {}-grams are repeated, {:.0f} % of the text is a loop", 100 * ngrams,
                               options.ngram, 100 * loop),
                   {{"ngrams", static_cast<float>(ngrams)}, {"loop", static_cast<float>(loop)}}};
  };
}

}  // namespace hone
