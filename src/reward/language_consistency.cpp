// language_consistency: the share of the chain of thought's words that are in the target language.
#include <optional>

#include "base/check.h"
#include "base/text.h"
#include "hone/options.h"
#include "reward/extract.h"
#include "reward/language_id.h"
#include "reward/rewards.h"

namespace hone {
namespace {

struct LanguageOptions {
  std::string target;
  std::string field = "language";
  std::string part = "thinking";
  double threshold = 0.5;
  double empty = 0.0;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("target", c.target, "code or English name of the wanted language; else the record's field, else the question's");
    v("field", c.field, "field of the record that names the wanted language");
    v("part", c.part, "what is judged", one_of({"thinking", "answer", "whole"}));
    v("threshold", c.threshold, "share from which the verdict is correct", between(0, 1));
    v("empty", c.empty, "reward of a completion without any word", between(0, 1));
  }
};

std::string known_language(const std::string& name) {
  std::string code = language_code(name);
  HONE_CHECK(!code.empty(), ErrorKind::recipe,
             "reward 'language_consistency': target: expected a language like en, zh or Portuguese, got {}",
             quote_for_message(name));
  return code;
}

/// The target of one sample, or the reason why there is none.
struct Target {
  std::string code, why;
};

Target target_of(const ScoreInput& in, const LanguageOptions& options) {
  if (!options.target.empty()) return {options.target, ""};
  if (const auto named = in.fields.is_object() ? in.fields.find(options.field) : in.fields.end();
      named != in.fields.end() && named->is_string()) {
    const std::string code = language_code(named->get<std::string>());
    if (code.empty()) return {"", "field '" + options.field + "' names no known language"};
    return {code, ""};
  }
  std::string code = main_language(question_text(in));
  return {code, code.empty() ? "the question's language cannot be told; set target" : ""};
}

/// The part of the completion that is judged.
std::string_view judged_text(std::string_view completion, const std::string& part) {
  if (part == "whole") return completion;
  if (part == "answer") return after_thinking(completion);
  const std::string_view rest = after_thinking(completion);
  if (rest.size() == completion.size()) return completion;  // never closed: all of it is thinking
  return completion.substr(0, completion.size() - rest.size());
}

Verdict score(const ScoreInput& in, const LanguageOptions& options) {
  const Target target = target_of(in, options);
  if (target.code.empty()) return unscorable(target.why);
  const std::string text = blank_code_and_maths(judged_text(in.completion, options.part));
  const std::vector<Word> words = split_words(text);
  const std::vector<std::string> codes = word_languages(text, words, target.code);
  int64_t all = 0, right = 0;
  std::string stranger;  // the first word of another language
  for (size_t i = 0; i < words.size(); ++i) {
    all += words[i].weight;
    if (codes[i] == target.code) {
      right += words[i].weight;
    } else if (stranger.empty()) {
      stranger =
          fmt::format("; {} is {}", quote_for_message(text.substr(words[i].begin, words[i].end - words[i].begin), 40),
                      codes[i].empty() ? "of no known language" : codes[i]);
    }
  }
  if (all == 0) return {static_cast<float>(options.empty), VerdictKind::wrong, "no words", {}};
  const double share = static_cast<double>(right) / static_cast<double>(all);
  return {static_cast<float>(share),
          share >= options.threshold ? VerdictKind::correct : VerdictKind::wrong,
          fmt::format("{} of {} words are {}{}", right, all, target.code, stranger),
          {}};
}

}  // namespace

RewardFunction make_language_consistency(const nlohmann::json& json) {
  auto options = read_options<LanguageOptions>(json, "reward 'language_consistency'");
  if (!options.target.empty()) options.target = known_language(options.target);
  return [options](const ScoreInput& in) { return score(in, options); };
}

}  // namespace hone
