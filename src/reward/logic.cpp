// logic: the checker of the synthetic task that the record comes from.
#include "base/text.h"
#include "hone/data.h"
#include "hone/error.h"
#include "hone/options.h"
#include "reward/extract.h"
#include "reward/rewards.h"

namespace hone {
namespace {

struct LogicOptions {
  std::string extraction = "auto";

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("extraction", c.extraction, "where the answer stands in the completion",
      one_of({"auto", "tag", "boxed", "whole"}));
  }
};

/// The answer without what only dresses it up: \boxed{}, $...$, \(...\), **...**, quotes that curl, and a full stop.
std::string_view undressed(std::string_view answer) {
  static constexpr std::pair<std::string_view, std::string_view> kDress[] = {
      {"$$", "$$"}, {"$", "$"}, {"\\(", "\\)"},       {"\\[", "\\]"},
      {"**", "**"}, {"`", "`"}, {"\u201c", "\u201d"}, {"\\text{", "}"},
  };
  constexpr size_t kLongest = 5000;  // no right answer is longer, and every layer taken off reads the rest again
  for (bool changed = answer.size() <= kLongest; changed;) {
    changed = false;
    answer = trim(answer);
    if (answer.size() > 1 && answer.ends_with('.') && !answer.ends_with("..")) {
      answer.remove_suffix(1);
      changed = true;
      continue;
    }
    const auto boxed = last_boxed(answer);
    if (boxed && answer.starts_with("\\boxed{") && boxed->data() + boxed->size() + 1 == answer.data() + answer.size()) {
      answer = *boxed;
      changed = true;
      continue;
    }
    for (const auto& [open, close] : kDress) {
      if (answer.size() <= open.size() + close.size() || !answer.starts_with(open) || !answer.ends_with(close))
        continue;
      answer = answer.substr(open.size(), answer.size() - open.size() - close.size());
      changed = true;
      break;
    }
  }
  return answer;
}

}  // namespace

RewardFunction make_logic(const nlohmann::json& json) {
  const auto options = read_options<LogicOptions>(json, "reward 'logic'");
  return [extraction = extraction_from_name(options.extraction)](const ScoreInput& in) {
    try {
      const auto answer = extract_answer(in, extraction, /*want_number=*/false);
      // Also where there is no answer: the fields are checked, and an unusable record is nobody's fault.
      const bool right = check_task_answer(in.fields, answer ? undressed(*answer) : "");
      if (!answer) return wrong("no answer found");
      return right ? correct("answered " + quote_for_message(*answer, 60))
                   : wrong("answered " + quote_for_message(*answer, 60));
    } catch (const Error& e) {  // the record is no item of a task
      return unscorable(e.what());
    }
  };
}

}  // namespace hone
