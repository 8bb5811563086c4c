#include "reward/rewards.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"
#include "base/text.h"
#include "hone/options.h"

namespace hone {

std::string_view verdict_name(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::correct:
      return "correct";
    case VerdictKind::wrong:
      return "wrong";
    case VerdictKind::unscorable:
      break;
  }
  return "unscorable";
}

bool is_style_reward(std::string_view type) {
  static constexpr std::string_view kStyle[] = {"cosine_length", "finish",   "format",    "language_consistency",
                                                "length",        "overlong", "repetition"};
  return std::find(std::begin(kStyle), std::end(kStyle), type) != std::end(kStyle);
}

VerdictKind answer_verdict(const ScoreInput& in, const std::string& name) {
  for (const PartVerdict& part : in.earlier) {
    if (name.empty() ? part.judges_answer : part.name == name) return part.verdict;
  }
  if (!name.empty() || !in.fields.is_object()) return VerdictKind::unscorable;
  const auto said = in.fields.find("correct");
  if (said == in.fields.end() || !said->is_boolean()) return VerdictKind::unscorable;
  return said->get<bool>() ? VerdictKind::correct : VerdictKind::wrong;
}

void RewardTable::add(const std::string& name, RewardMaker maker) {
  HONE_CHECK(!name.empty() && maker, ErrorKind::usage, "a reward needs a name and a maker");
  const bool is_new = !is_group(name) && makers_.emplace(name, std::move(maker)).second;
  HONE_CHECK(is_new, ErrorKind::usage, "reward '{}' is already in the table", name);
}

void RewardTable::add_group(const std::string& name, GroupRewardMaker maker) {
  HONE_CHECK(!name.empty() && maker, ErrorKind::usage, "a reward needs a name and a maker");
  const bool is_new = makers_.count(name) == 0 && group_makers_.emplace(name, std::move(maker)).second;
  HONE_CHECK(is_new, ErrorKind::usage, "reward '{}' is already in the table", name);
}

bool RewardTable::is_group(const std::string& name) const { return group_makers_.count(name) > 0; }

void RewardTable::check_known(const std::string& name) const {
  const auto known = names();
  HONE_CHECK(makers_.count(name) > 0 || is_group(name), ErrorKind::recipe, "unknown reward {}{} (known: {})",
             quote_for_message(name), did_you_mean(name, known), join(known, ", "));
}

RewardFunction RewardTable::make(const std::string& name, const nlohmann::json& options) const {
  if (is_group(name)) {
    return [score = make_group(name, options)](const ScoreInput& in) { return score({&in, 1}).at(0); };
  }
  check_known(name);
  RewardFunction function = makers_.at(name)(options);
  HONE_CHECK(function, ErrorKind::usage, "reward '{}': its maker returned an empty function", name);
  return function;
}

GroupRewardFunction RewardTable::make_group(const std::string& name, const nlohmann::json& options) const {
  if (!is_group(name)) {
    return [score = make(name, options)](std::span<const ScoreInput> inputs) {
      std::vector<Verdict> verdicts;
      for (const ScoreInput& in : inputs) verdicts.push_back(score(in));
      return verdicts;
    };
  }
  GroupRewardFunction function = group_makers_.at(name)(options);
  HONE_CHECK(function, ErrorKind::usage, "reward '{}': its maker returned an empty function", name);
  return function;
}

std::vector<std::string> RewardTable::names() const {
  std::vector<std::string> names;
  for (const auto& [name, maker] : makers_) names.push_back(name);
  for (const auto& [name, maker] : group_makers_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

RewardTable rule_rewards() {
  RewardTable table;
  table.add("code", make_code);
  table.add("cosine_length", make_cosine_length);
  table.add("exact_answer", make_exact_answer);
  table.add("finish", make_finish);
  table.add("format", make_format);
  table.add("instructions", make_instructions);
  table.add("language_consistency", make_language_consistency);
  table.add_group("length", make_length);
  table.add("logic", make_logic);
  table.add("math", make_math);
  table.add("overlong", make_overlong);
  table.add("repetition", make_repetition);
  return table;
}

namespace {

struct FinishOptions {
  template <class Self, class V>
  static void fields(Self&, V&) {}
};

}  // namespace

/// 1 for a completion that ended by itself, 0 for one that was cut off.
RewardFunction make_finish(const nlohmann::json& json) {
  read_options<FinishOptions>(json, "reward 'finish'");
  return [](const ScoreInput& in) {
    if (in.finish == Finish::stop) return correct();
    return wrong(in.finish == Finish::length ? "cut off at the token limit" : "cut off at the end of the context");
  };
}

}  // namespace hone
