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

}  // namespace

RewardFunction make_logic(const nlohmann::json& json) {
  const auto options = read_options<LogicOptions>(json, "reward 'logic'");
  return [extraction = extraction_from_name(options.extraction)](const ScoreInput& in) {
    try {
      const auto answer = extract_answer(in, extraction, /*want_number=*/false);
      const bool right = check_task_answer(in.fields, answer.value_or(""));  // also when empty: the fields are checked
      if (!answer) return wrong("no answer found");
      return right ? correct("answered " + quote_for_message(*answer, 60))
                   : wrong("answered " + quote_for_message(*answer, 60));
    } catch (const Error& e) {  // the record is no item of a task
      return unscorable(e.what());
    }
  };
}

}  // namespace hone
