// The checks behind the `instructions` reward: one row for every kind of instruction, in hone's form and in IFEval's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace hone {

struct InstructionResult {
  bool followed = false;
  std::string why;  // what was found
};

/// Checks one instruction. `type` is a name of instruction_types() or one of IFEval's ids (punctuation:no_comma);
/// `args` holds its arguments. Error(data) for an unknown type and missing or unusable arguments. Linear in the text.
InstructionResult check_instruction(std::string_view text, const std::string& type, const nlohmann::json& args);

std::vector<std::string> instruction_types();

}  // namespace hone
