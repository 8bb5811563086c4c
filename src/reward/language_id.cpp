// Evidence for every word (its sentence and its neighbours as CLD2 sees them, function words, letters) and the most
// likely path through it: changing the language costs much inside a sentence and little between sentences.
#include "reward/language_id.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>  // CLD2's header needs it
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>
#include <utf8proc.h>

#include "reward/function_words.h"

namespace hone {
namespace {

// Scores that are added up along a path. Only their relations matter; tests/golden/reward/language_* holds them to it.
constexpr float kSentence = 0.8f;        // a whole run of words that CLD2 gives to one language
constexpr float kUnreliable = 0.4f;      // factor where CLD2 is not sure of it
constexpr float kFallback = 0.1f;        // factor of English there: it is what CLD2 says when it knows nothing
constexpr float kRareLanguage = 0.25f;   // factor for languages that seldom occur beside their relatives
constexpr float kWindow = 1.5f;          // three neighbouring words that CLD2 gives to one language
constexpr float kFunctionWord = 2.2f;    // a function word, shared out among the languages that have it
constexpr float kTellingLetter = 0.7f;   // a letter that few languages have
constexpr float kTarget = 0.4f;          // what is of no clear language counts for the target
constexpr float kWrongScript = -30.f;    // a word in a script that the language is not written in
constexpr float kSwitchInside = -1.65f;  // another language within a run of words
constexpr float kSwitchBetween = -0.3f;  // another language at the start of a sentence or with another script
constexpr size_t kMaxRun = 64;           // words given to CLD2 at once
constexpr size_t kMaxLanguages = 12;     // on one path

std::string code_of(CLD2::Language language) {
  if (language == CLD2::UNKNOWN_LANGUAGE || language == CLD2::TG_UNKNOWN_LANGUAGE) return "";
  const std::string_view code = CLD2::LanguageCode(language);
  if (code == "hr" || code == "bs" || code == "sr-ME") return "hr";
  if (code == "iw") return "he";
  return std::string(code.substr(0, code.find('-')));
}

bool is_common(std::string_view code) {
  static constexpr std::string_view kCommon[] = {"ar", "cs", "de", "el", "en", "es", "fa", "fr", "he",
                                                 "hi", "hr", "hu", "id", "it", "ja", "ko", "nl", "pl",
                                                 "pt", "ro", "ru", "sv", "th", "tr", "uk", "vi", "zh"};
  return std::find(std::begin(kCommon), std::end(kCommon), code) != std::end(kCommon);
}

bool is_one_of(std::string_view code, std::string_view list) {
  for (size_t at = list.find(code); at != std::string_view::npos; at = list.find(code, at + 1)) {
    const size_t end = at + code.size();
    if ((at == 0 || list[at - 1] == ' ') && (end == list.size() || list[end] == ' ')) return true;
  }
  return false;
}

/// Whether a language is written in a script. Scripts of one language and unknown ones are left to CLD2.
bool may_be_written(std::string_view code, Script script) {
  switch (script) {
    case Script::latin:
      return !is_one_of(code, "ru uk bg be mk el he yi ar fa ur ps hi mr ne bn ta te th lo ka hy ko ja zh am");
    case Script::cyrillic:
      return is_one_of(code, "ru uk bg be mk sr kk ky mn tg tt uz ba cv ab os ce");
    case Script::greek:
      return code == "el";
    case Script::hebrew:
      return code == "he" || code == "yi";
    case Script::arabic:
      return is_one_of(code, "ar fa ur ps ug sd ku dv");
    case Script::hangul:
      return code == "ko";
    case Script::han_kana:
      return code == "ja" || code == "zh";
    case Script::thai:
      return code == "th";
    case Script::lao:
      return code == "lo";
    case Script::georgian:
      return code == "ka";
    case Script::armenian:
      return code == "hy";
    default:
      return is_one_of(code, "hi mr ne sa bn as pa gu or ta te kn ml si bo my km am ti");
  }
}

/// The one language of a script that has one among those that matter.
std::string_view only_language(const Word& word) {
  switch (word.script) {
    case Script::hangul:
      return "ko";
    case Script::greek:
      return "el";
    case Script::thai:
      return "th";
    case Script::lao:
      return "lo";
    case Script::georgian:
      return "ka";
    case Script::armenian:
      return "hy";
    case Script::han_kana:
      return word.has_kana ? "ja" : "";
    default:
      return "";
  }
}

struct Guess {
  std::string code;
  float score = 0;
};

/// One call of CLD2: up to three languages, each with its share of the text.
std::vector<Guess> call_cld2(std::string_view text, int flags, bool& reliable) {
  const CLD2::CLDHints no_hints = {nullptr, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
  std::array<CLD2::Language, 3> languages;
  std::array<int, 3> percents;
  std::array<double, 3> scores;
  int text_bytes = 0, valid_bytes = 0;
  CLD2::ExtDetectLanguageSummaryCheckUTF8(text.data(), static_cast<int>(text.size()), /*is_plain_text=*/true, &no_hints,
                                          flags, languages.data(), percents.data(), scores.data(), nullptr, &text_bytes,
                                          &reliable, &valid_bytes);
  std::vector<Guess> guesses;
  for (size_t i = 0; i < languages.size(); ++i) {
    std::string code = code_of(languages[i]);
    if (code.empty() || percents[i] <= 0 || scores[i] <= 0) continue;
    guesses.push_back({std::move(code), static_cast<float>(percents[i]) / 100.f});
  }
  return guesses;
}

/// What CLD2 is sure of; failing that its best guess.
std::vector<Guess> guess_languages(std::string_view text, bool& reliable) {
  std::vector<Guess> guesses = call_cld2(text, 0, reliable);
  reliable &= !guesses.empty();
  if (reliable) return guesses;
  bool ignored = false;
  return call_cld2(text, CLD2::kCLDFlagBestEffort, ignored);
}

std::string lower(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    utf8proc_int32_t c = next_code_point(text, at);
    if (c < 0) continue;
    if (c == 0x2019) c = '\'';
    std::array<utf8proc_uint8_t, 4> bytes;
    const auto n = utf8proc_encode_char(utf8proc_tolower(c), bytes.data());
    out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(n));
  }
  return out;
}

/// Bits of kFunctionWords whose list holds the word.
uint32_t function_word_languages(const std::string& word) {
  static const auto* const table = [] {
    auto* words = new std::unordered_map<std::string, uint32_t>;
    for (size_t i = 0; i < std::size(kFunctionWords); ++i) {
      std::string_view list = kFunctionWords[i].words;
      while (!list.empty()) {
        const size_t end = std::min(list.find(' '), list.size());
        (*words)[std::string(list.substr(0, end))] |= 1u << i;
        list.remove_prefix(std::min(end + 1, list.size()));
      }
    }
    return words;
  }();
  const auto found = table->find(word);
  return found == table->end() ? 0 : found->second;
}

/// Evidence by word and language. Languages are numbered as they turn up.
class Evidence {
 public:
  Evidence(std::string_view text, std::span<const Word> words, const std::string& target)
      : text_(text), words_(words), found_(words.size()) {
    if (!target.empty()) target_ = index_of(target);
    for (size_t begin = 0; begin < words.size();) {
      size_t end = begin + 1;
      while (end < words.size() && !breaks_before(end) && end - begin < kMaxRun) ++end;
      weigh_run(begin, end);
      begin = end;
    }
  }

  /// The best path: an index of codes for each word, -1 for no language.
  std::vector<std::string> decide() const {
    const std::vector<size_t> kept = strongest();
    const size_t states = kept.size() + 1;  // the last one: no language
    std::vector<float> score(states, 0.f), next(states);
    std::vector<uint8_t> from(words_.size() * states);
    for (size_t i = 0; i < words_.size(); ++i) {
      const float change = i == 0 || breaks_before(i) ? kSwitchBetween : kSwitchInside;
      const size_t best = static_cast<size_t>(std::max_element(score.begin(), score.end()) - score.begin());
      for (size_t s = 0; s < states; ++s) {
        const bool stay = score[s] >= score[best] + change;
        from[i * states + s] = static_cast<uint8_t>(stay ? s : best);
        next[s] = (stay ? score[s] : score[best] + change) + (s + 1 < states ? emission(i, kept[s]) : 0.f);
      }
      const float top = *std::max_element(next.begin(), next.end());
      for (size_t s = 0; s < states; ++s) score[s] = next[s] - top;
    }
    std::vector<std::string> codes(words_.size());
    size_t state = static_cast<size_t>(std::max_element(score.begin(), score.end()) - score.begin());
    for (size_t i = words_.size(); i-- > 0;) {
      if (state < kept.size()) codes[i] = codes_[kept[state]];
      state = from[i * states + state];
    }
    return codes;
  }

 private:
  std::string_view text_of(size_t i) const { return text_.substr(words_[i].begin, words_[i].end - words_[i].begin); }

  bool breaks_before(size_t i) const {
    return words_[i].starts_sentence || (i > 0 && words_[i].script != words_[i - 1].script);
  }

  size_t index_of(const std::string& code) {
    const auto found = std::find(codes_.begin(), codes_.end(), code);
    if (found != codes_.end()) return static_cast<size_t>(found - codes_.begin());
    codes_.push_back(code);
    return codes_.size() - 1;
  }

  void add(size_t i, size_t language, float score) {
    for (auto& [known, sum] : found_[i]) {
      if (known == language) {
        sum += score;
        return;
      }
    }
    found_[i].emplace_back(static_cast<uint16_t>(language), score);
  }

  void add_guesses(size_t begin, size_t end, const std::vector<Guess>& guesses, bool reliable, float factor) {
    for (const Guess& guess : guesses) {
      const float sure = reliable ? 1.f : guess.code == "en" ? kFallback : kUnreliable;
      const float rare = is_common(guess.code) || is_target(guess.code) ? 1.f : kRareLanguage;
      const size_t language = index_of(guess.code);
      for (size_t i = begin; i < end; ++i) add(i, language, factor * sure * rare * guess.score);
    }
  }

  bool is_target(const std::string& code) const { return target_ && codes_[*target_] == code; }

  std::vector<Guess> guess(size_t begin, size_t end, bool& reliable) const {
    std::string run;
    for (size_t i = begin; i < end; ++i) (run += text_of(i)) += ' ';
    return guess_languages(run, reliable);
  }

  void weigh_run(size_t begin, size_t end) {
    bool kana = false;
    for (size_t i = begin; i < end; ++i) kana |= words_[i].has_kana;
    if (kana) {  // Han characters beside kana are Japanese
      for (size_t i = begin; i < end; ++i) add(i, index_of("ja"), kSentence);
      return;
    }
    if (const std::string_view only = only_language(words_[begin]); !only.empty()) {
      for (size_t i = begin; i < end; ++i) add(i, index_of(std::string(only)), kSentence);
      return;
    }
    bool reliable = false;
    const std::vector<Guess> guesses = guess(begin, end, reliable);
    add_guesses(begin, end, guesses, reliable, kSentence);
    const Script script = words_[begin].script;
    if (script != Script::latin && script != Script::cyrillic) return;
    for (size_t i = begin; i < end; ++i) weigh_word(i);
    for (size_t i = begin; i + 3 <= end; ++i) {
      bool sure = false;
      const std::vector<Guess> around = guess(i, i + 3, sure);
      add_guesses(i + 1, i + 2, around, sure, kWindow);
      if (i == begin) add_guesses(i, i + 1, around, sure, kWindow / 2);  // it stands in no middle
      if (i + 3 == end) add_guesses(i + 2, i + 3, around, sure, kWindow / 2);
    }
  }

  void weigh_word(size_t i) {
    const std::string word = lower(text_of(i));
    if (const uint32_t languages = function_word_languages(word)) {
      const float share = kFunctionWord / std::sqrt(static_cast<float>(__builtin_popcount(languages)));
      for (size_t k = 0; k < std::size(kFunctionWords); ++k) {
        if ((languages >> k & 1u) != 0) add(i, index_of(std::string(kFunctionWords[k].language)), share);
      }
    }
    for (const TellingLetters& telling : kTellingLetters) {
      bool has = false;
      for (size_t at = 0; at < word.size() && !has;) {
        const int32_t c = next_code_point(word, at);
        has = c > 0x7F && telling.letters.find(static_cast<char32_t>(c)) != std::u32string_view::npos;
      }
      for (size_t k = 0; has && k < std::size(kFunctionWords); ++k) {
        const std::string code(kFunctionWords[k].language);
        if (is_one_of(code, telling.languages)) add(i, index_of(code), kTellingLetter);
      }
    }
  }

  float emission(size_t i, size_t language) const {
    float score = target_ == language ? kTarget : 0.f;
    if (!may_be_written(codes_[language], words_[i].script)) score += kWrongScript;
    for (const auto& [known, sum] : found_[i]) {
      if (known == language) score += sum;
    }
    return score;
  }

  /// The target and the languages with the most evidence.
  std::vector<size_t> strongest() const {
    std::vector<float> sums(codes_.size(), 0.f);
    for (const auto& word : found_) {
      for (const auto& [language, score] : word) sums[language] += score;
    }
    if (target_) sums[*target_] = std::numeric_limits<float>::infinity();
    std::vector<size_t> order(codes_.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](size_t a, size_t b) { return sums[a] != sums[b] ? sums[a] > sums[b] : a < b; });
    order.resize(std::min(order.size(), kMaxLanguages));
    return order;
  }

  std::string_view text_;
  std::span<const Word> words_;
  std::vector<std::string> codes_;
  std::vector<std::vector<std::pair<uint16_t, float>>> found_;
  std::optional<size_t> target_;
};

}  // namespace

std::string language_code(std::string_view name) {
  std::string wanted(name);
  for (char& c : wanted) {
    if (c == '_') c = '-';
  }
  const std::string lowered = lower(wanted);
  if (lowered == "chinese" || lowered.substr(0, lowered.find('-')) == "zh") return "zh";
  if (lowered.substr(0, lowered.find('-')) == "he") return "he";
  const size_t region = lowered.find('-');
  const std::string bare = lowered.substr(0, region);
  if (bare.size() != 2 && bare.size() != 3 && region != std::string::npos) return "";
  CLD2::Language language = CLD2::GetLanguageFromName((bare.size() <= 3 ? bare : lowered).c_str());
  if (language == CLD2::UNKNOWN_LANGUAGE && bare.size() > 3) {
    std::string upper = lowered;
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    language = CLD2::GetLanguageFromName(upper.c_str());
  }
  return code_of(language);
}

std::vector<std::string> word_languages(std::string_view text, const std::vector<Word>& words,
                                        const std::string& target) {
  return Evidence(text, words, target).decide();
}

std::string main_language(std::string_view text) {
  const std::string prose = blank_code_and_maths(text);
  const std::vector<Word> words = split_words(prose);
  const std::vector<std::string> codes = word_languages(prose, words, "");
  std::map<std::string, int64_t> counts;
  for (size_t i = 0; i < words.size(); ++i) counts[codes[i]] += words[i].weight;
  counts.erase("");
  const auto most =
      std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == counts.end() ? "" : most->first;
}

}  // namespace hone
