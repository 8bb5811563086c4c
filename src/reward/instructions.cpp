// instructions: what the record asks of the form of an answer, in hone's form or as IFEval's records have it.
#include "base/check.h"
#include "base/text.h"
#include "hone/options.h"
#include "reward/extract.h"
#include "reward/instruction_checks.h"
#include "reward/rewards.h"

namespace hone {
namespace {

using nlohmann::json;

constexpr size_t kMaxInstructions = 100;

struct InstructionsOptions {
  std::string field = "instructions";
  bool partial = false;
  std::string part = "answer";

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("field", c.field, "field of the record with the list of instructions");
    v("partial", c.partial, "the share of instructions that were followed, instead of all or nothing");
    v("part", c.part, "what is checked: all of it or what follows the thinking", one_of({"answer", "whole"}));
  }
};

struct Instruction {
  std::string type;
  json args;
};

/// The record's instructions. Error(data) says what is wrong with them.
std::vector<Instruction> read_instructions(const json& fields, const std::string& name) {
  std::vector<Instruction> instructions;
  if (fields.is_object() && fields.contains(name)) {
    const json& list = fields[name];
    HONE_CHECK(list.is_array(), ErrorKind::data, "field '{}' must be a list of instructions", name);
    for (const json& item : list) {
      HONE_CHECK(item.is_object() && item.contains("type") && item["type"].is_string(), ErrorKind::data,
                 "field '{}': every instruction needs a type", name);
      instructions.push_back({item["type"], item});
    }
  } else if (fields.is_object() && fields.contains("instruction_id_list")) {
    const json& ids = fields["instruction_id_list"];
    const json args = fields.value("kwargs", json::array());
    HONE_CHECK(ids.is_array() && args.is_array() && (args.empty() || args.size() == ids.size()), ErrorKind::data,
               "instruction_id_list and kwargs must be lists of one length");
    for (size_t i = 0; i < ids.size(); ++i) {
      HONE_CHECK(ids[i].is_string(), ErrorKind::data, "instruction_id_list must hold texts");
      instructions.push_back({ids[i], args.empty() || args[i].is_null() ? json::object() : args[i]});
    }
  }
  HONE_CHECK(!instructions.empty(), ErrorKind::data, "the record has no instructions in field '{}'", name);
  HONE_CHECK(instructions.size() <= kMaxInstructions, ErrorKind::data, "more than {} instructions", kMaxInstructions);
  return instructions;
}

Verdict score(const ScoreInput& in, const InstructionsOptions& options) {
  const std::string_view text = options.part == "whole" ? in.completion : after_thinking(in.completion);
  size_t followed = 0, count = 0;
  std::string broken;
  for (const Instruction& instruction : read_instructions(in.fields, options.field)) {
    const InstructionResult result = check_instruction(text, instruction.type, instruction.args);
    ++count;
    followed += result.followed;
    if (!result.followed && broken.empty()) broken = "; " + instruction.type + ": " + result.why;
  }
  const float share = static_cast<float>(followed) / static_cast<float>(count);
  const bool all = followed == count;
  return {options.partial || all ? share : 0.f,
          all ? VerdictKind::correct : VerdictKind::wrong,
          fmt::format("{} of {} instructions followed{}", followed, count, broken),
          {{"followed", share}}};
}

}  // namespace

RewardFunction make_instructions(const json& json) {
  const auto options = read_options<InstructionsOptions>(json, "reward 'instructions'");
  return [options](const ScoreInput& in) {
    try {
      return score(in, options);
    } catch (const Error& e) {  // of the record: the completion cannot cause one
      return unscorable(e.what());
    }
  };
}

}  // namespace hone
