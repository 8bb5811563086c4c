// math: the final answer is mathematically the same as the gold answer. What "the same" means stands in
// docs/rewards.md; how it is decided in math/compare.h and math/equal.h.
#include <algorithm>
#include <cmath>
#include <optional>

#include "base/check.h"
#include "base/number.h"
#include "base/text.h"
#include "hone/options.h"
#include "reward/extract.h"
#include "reward/math/compare.h"
#include "reward/math/parser.h"
#include "reward/math/text.h"
#include "reward/rewards.h"

namespace hone {
namespace {

using nlohmann::json;

// Steps of one verdict, and of finding out that a gold answer is itself usable: milliseconds at most.
constexpr int64_t kSteps = 20'000, kGoldSteps = 5'000;

struct MathOptions {
  std::string extraction = "auto";
  std::string field = "answer";
  double tolerance = 0;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("extraction", c.extraction, "where the answer stands in the completion",
      one_of({"auto", "tag", "boxed", "phrase", "last_number", "whole"}));
    v("field", c.field, "field of the record that holds the gold answer");
    v("tolerance", c.tolerance, "relative error that passes where one side is a decimal number", at_least(0));
  }
};

/// An answer as words and, where it can be read so, as mathematics: in every reading that its notation leaves open.
struct Answer {
  std::string text;
  std::vector<math::Node> readings;
};

bool is_mathematics(std::string_view text, math::Budget& budget) { return math::parse(text, {}, budget).has_value(); }

/// All of it is one answer: not words with a formula in them, as in "So $x+1$".
bool is_one_answer(std::string_view text, math::Budget& budget) {
  const bool words_first = last_formula(text) && text[0] != '$' && text[0] != '\\';
  return !words_first && is_mathematics(text, budget);
}

Answer read_answer(std::string_view text, bool letter_units, math::Budget& budget) {
  Answer answer{std::string(text), {}};
  const auto first = math::parse(text, {}, budget);
  if (!first) return answer;
  answer.readings.push_back(first->node);
  const auto add = [&](const math::Reading& reading) {
    if (auto parsed = math::parse(text, reading, budget)) answer.readings.push_back(std::move(parsed->node));
  };
  if (first->slash_ambiguous) add({.tight_slash = true});
  if (first->unit_ambiguous && letter_units) add({.letter_units = true});
  return answer;
}

/// The gold answer without a box or dollar signs around it.
std::string_view bare_gold(std::string_view gold) {
  if (const auto boxed = last_boxed(gold)) gold = *boxed;
  return trim(gold);
}

/// A scalar, which a single number may state.
bool is_scalar(const Answer& gold) { return !gold.readings.empty() && gold.readings[0].kind <= math::Kind::based; }

/// The answer inside of a tag or behind a phrase, which may be a sentence: its boxes, all of it, its last formula, what
/// follows its last "=", or the only number in it.
std::string final_expression(std::string_view text, math::Budget& budget) {
  if (auto boxes = last_boxes(text)) return *boxes;
  if (is_one_answer(text, budget)) return std::string(text);
  if (const auto formula = last_formula(text); formula && is_mathematics(*formula, budget))
    return std::string(*formula);
  if (const size_t equal = text.rfind('='); equal != std::string_view::npos) {
    if (is_mathematics(text.substr(equal + 1), budget)) return std::string(text.substr(equal + 1));
  }
  if (const auto number = only_number(text))
    return std::string(text.substr(number->begin, number->end - number->begin));
  return std::string(text);
}

/// The end of a completion that marks its answer in no way.
std::string unmarked_answer(std::string_view text, bool want_number, math::Budget& budget) {
  constexpr size_t kTail = 2 * math::kMaxAnswerBytes;  // an answer stands no further from the end
  text = trim(text);
  text = text.substr(text.size() - std::min(text.size(), kTail));
  const bool one_line = text.find('\n') == std::string_view::npos || text.starts_with("\\begin");
  if (one_line && is_one_answer(text, budget)) return std::string(text);
  const auto number = want_number ? last_number(text) : std::nullopt;
  const auto formula = last_formula(text);
  // A number inside or before the last formula is not the answer; the formula is.
  if (formula && is_mathematics(*formula, budget)) {
    if (!number || number->data() < formula->data() + formula->size()) return std::string(*formula);
  }
  if (number) return std::string(*number);
  if (const size_t line = text.rfind('\n'); line != std::string_view::npos) text = trim(text.substr(line));
  const size_t is = text.rfind(" is ");
  return std::string(is == std::string_view::npos ? text : text.substr(is + 4));
}

std::optional<std::string> find_answer(const ScoreInput& in, Extraction extraction, bool want_number,
                                       math::Budget& budget) {
  const auto found = [&](Extraction how) { return extract_answer(in, how, want_number); };
  if (extraction == Extraction::boxed) return last_boxes(after_thinking(in.completion));
  if (extraction != Extraction::automatic) {
    const auto answer = found(extraction);
    return answer ? std::optional(final_expression(*answer, budget)) : std::nullopt;
  }
  if (const auto tag = found(Extraction::tag)) return final_expression(*tag, budget);
  if (auto boxes = last_boxes(after_thinking(in.completion))) return boxes;
  if (after_thinking(in.completion).find("####") != std::string_view::npos) {
    const auto hashes = found(Extraction::automatic);
    return hashes ? std::optional(final_expression(*hashes, budget)) : std::nullopt;
  }
  if (const auto phrase = found(Extraction::phrase)) return final_expression(*phrase, budget);
  return unmarked_answer(after_thinking(in.completion), want_number, budget);
}

bool same_text(const std::string& gold, const std::string& answer) {
  const std::string expected = math::plain_text(gold);
  if (!expected.empty() && math::plain_text(answer) == expected) return true;
  const auto option = math::option_letter(gold);
  return option && math::option_letter(answer) == option;
}

bool same(const Answer& gold, const Answer& answer, const mpq_class& tolerance, math::Budget& budget) {
  if (same_text(gold.text, answer.text)) return true;
  for (const math::Node& g : gold.readings) {
    for (const math::Node& a : answer.readings) {
      if (math::same_answer(g, a, tolerance, budget)) return true;
    }
  }
  return false;
}

/// Why nothing can be compared with the gold answer; "" if something can.
std::string gold_fault(const Answer& gold) {
  if (!is_valid_utf8(gold.text)) return "the gold answer is not UTF-8: " + quote_for_message(gold.text, 60);
  if (!gold.readings.empty() || math::is_prose(gold.text) || math::option_letter(gold.text)) return "";
  return "the gold answer is neither mathematics nor words: " + quote_for_message(gold.text, 60);
}

/// A gold answer that is not even equal to itself (1/0, a power of a sum with thousands of terms) can call nothing
/// wrong.
bool equals_itself(const Answer& gold) {
  if (gold.readings.empty()) return true;
  try {
    math::Budget budget(kGoldSteps);
    return math::same_answer(gold.readings[0], gold.readings[0], 0, budget);
  } catch (math::OutOfSteps) {
    return false;
  }
}

/// The gold answers as they can be compared; with a reason in `fault` if one cannot.
std::vector<Answer> read_golds(const ScoreInput& in, const MathOptions& options, std::string& fault) {
  std::vector<Answer> golds;
  for (const std::string& text : gold_texts(in.fields, options.field)) {
    math::Budget budget(kGoldSteps);
    try {
      golds.push_back(read_answer(bare_gold(text), false, budget));
      fault = gold_fault(golds.back());
    } catch (math::OutOfSteps) {
      fault = "the gold answer takes too many steps to read: " + quote_for_message(text, 60);
    }
    if (!fault.empty()) return golds;
  }
  if (golds.empty()) fault = "the record has no usable gold answer in field '" + options.field + "'";
  return golds;
}

Verdict compare(const ScoreInput& in, const std::vector<Answer>& golds, const MathOptions& options,
                Extraction extraction) {
  const bool want_number = std::any_of(golds.begin(), golds.end(), is_scalar);
  math::Budget budget(kSteps);
  try {
    const auto text = find_answer(in, extraction, want_number, budget);
    if (!text || trim(*text).empty()) return wrong("no answer found");
    const std::string quoted = "answered " + quote_for_message(trim(*text), 60);
    const Answer answer = read_answer(trim(*text), true, budget);
    for (const Answer& gold : golds) {
      if (same(gold, answer, mpq_class(options.tolerance), budget)) return correct(quoted);
    }
    return wrong(quoted + ", expected " + quote_for_message(golds.front().text, 60));
  } catch (math::OutOfSteps) {
    return wrong("the answer takes too many steps to compare");
  }
}

Verdict score(const ScoreInput& in, const MathOptions& options, Extraction extraction) {
  std::string fault;
  const std::vector<Answer> golds = read_golds(in, options, fault);
  if (!fault.empty()) return unscorable(fault);
  Verdict verdict = compare(in, golds, options, extraction);
  if (verdict.verdict == VerdictKind::wrong && !std::all_of(golds.begin(), golds.end(), equals_itself)) {
    return unscorable("the gold answer has no value that can be compared: " +
                      quote_for_message(golds.front().text, 60));
  }
  return verdict;
}

}  // namespace

RewardFunction make_math(const json& json) {
  const auto options = read_options<MathOptions>(json, "reward 'math'");
  HONE_CHECK(std::isfinite(options.tolerance), ErrorKind::recipe, "reward 'math': tolerance must be finite");
  return [options, extraction = extraction_from_name(options.extraction)](const ScoreInput& in) {
    return score(in, options, extraction);
  };
}

}  // namespace hone
