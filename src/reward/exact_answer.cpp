// exact_answer: the final answer equals the record's gold answer, as a number or as text.
#include <algorithm>
#include <cctype>
#include <optional>

#include "base/number.h"
#include "base/text.h"
#include "hone/options.h"
#include "reward/extract.h"
#include "reward/rewards.h"

namespace hone {
namespace {

using nlohmann::json;

struct ExactAnswerOptions {
  std::string extraction = "auto";
  std::string compare = "auto";
  std::string field = "answer";
  bool ignore_case = true;
  bool ignore_spaces = true;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("extraction", c.extraction, "where the answer stands in the completion",
      one_of({"auto", "tag", "boxed", "last_number", "whole"}));
    v("compare", c.compare, "as numbers, as text, or as the gold answer is", one_of({"auto", "number", "text"}));
    v("field", c.field, "field of the record that holds the gold answer");
    v("ignore_case", c.ignore_case, "ASCII case does not matter in text");
    v("ignore_spaces", c.ignore_spaces, "white space does not matter in text");
  }
};

/// The one number that an answer states: the whole text, what its \boxed{} holds, what follows its last "=", or the
/// only number in it.
std::optional<Number> stated_number(std::string_view answer) {
  if (const auto boxed = last_boxed(answer)) answer = *boxed;
  if (const size_t equal = answer.rfind('='); equal != std::string_view::npos) answer = answer.substr(equal + 1);
  if (auto number = parse_number(answer)) return number;
  const auto number = only_number(answer);
  return number ? std::optional(number->value) : std::nullopt;
}

/// Text as it is compared: without the dollar signs, quotes or full stop around it.
std::string plain_text(std::string_view text, const ExactAnswerOptions& options) {
  text = trim(text);
  if (text.ends_with('.')) text = trim(text.substr(0, text.size() - 1));
  for (const char quote : {'$', '"', '\''}) {
    if (text.size() > 2 && text.front() == quote && text.back() == quote) text = text.substr(1, text.size() - 2);
  }
  std::string plain;
  for (const char c : trim(text)) {
    if (options.ignore_spaces && std::string_view(" \t\r\n\f\v").find(c) != std::string_view::npos) continue;
    plain += options.ignore_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return plain;
}

bool same_text(std::string_view answer, const std::string& gold, const ExactAnswerOptions& options) {
  const std::string expected = plain_text(gold, options);
  if (plain_text(answer, options) == expected) return true;
  const auto boxed = last_boxed(answer);
  return boxed && plain_text(*boxed, options) == expected;
}

Verdict score(const ScoreInput& in, const ExactAnswerOptions& options, Extraction extraction) {
  const auto golds = gold_texts(in.fields, options.field);
  if (golds.empty()) return unscorable("the record has no usable gold answer in field '" + options.field + "'");
  std::vector<std::optional<Number>> numbers;
  bool want_number = false;
  for (const std::string& gold : golds) {
    numbers.push_back(options.compare == "text" ? std::nullopt : parse_number(gold));
    want_number |= numbers.back().has_value();
    if (numbers.back() || (options.compare != "number" && extraction != Extraction::last_number)) continue;
    return unscorable("the gold answer is not a number: " + quote_for_message(gold, 60));
  }

  const auto answer = extract_answer(in, extraction, want_number);
  if (!answer) return wrong("no answer found");
  const std::optional<Number> number = want_number ? stated_number(*answer) : std::nullopt;
  for (size_t i = 0; i < golds.size(); ++i) {
    const bool same = numbers[i] ? number && equal_answer(*number, *numbers[i]) : same_text(*answer, golds[i], options);
    if (same) return correct("answered " + quote_for_message(*answer, 60));
  }
  return wrong("answered " + quote_for_message(*answer, 60) + ", expected " + quote_for_message(golds.front(), 60));
}

}  // namespace

RewardFunction make_exact_answer(const json& json) {
  const auto options = read_options<ExactAnswerOptions>(json, "reward 'exact_answer'");
  return [options, extraction = extraction_from_name(options.extraction)](const ScoreInput& in) {
    return score(in, options, extraction);
  };
}

}  // namespace hone
