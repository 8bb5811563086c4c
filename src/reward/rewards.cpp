#include "reward/rewards.h"

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

void RewardTable::add(const std::string& name, RewardMaker maker) {
  HONE_CHECK(!name.empty() && maker, ErrorKind::usage, "a reward needs a name and a maker");
  const bool is_new = makers_.emplace(name, std::move(maker)).second;
  HONE_CHECK(is_new, ErrorKind::usage, "reward '{}' is already in the table", name);
}

RewardFunction RewardTable::make(const std::string& name, const nlohmann::json& options) const {
  const auto found = makers_.find(name);
  if (found == makers_.end()) {
    const auto known = names();
    fail(ErrorKind::recipe, "unknown reward {}{} (known: {})", quote_for_message(name), did_you_mean(name, known),
         join(known, ", "));
  }
  RewardFunction function = found->second(options);
  HONE_CHECK(function, ErrorKind::usage, "reward '{}': its maker returned an empty function", name);
  return function;
}

std::vector<std::string> RewardTable::names() const {
  std::vector<std::string> names;
  for (const auto& [name, maker] : makers_) names.push_back(name);
  return names;
}

RewardTable builtin_rewards() {
  RewardTable table;
  table.add("exact_answer", make_exact_answer);
  table.add("code", make_code);
  table.add("logic", make_logic);
  table.add("format", make_format);
  table.add("length", make_length);
  table.add("finish", make_finish);
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
