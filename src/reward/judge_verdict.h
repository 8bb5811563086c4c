// What a judge model answers: prose, then one flat JSON object. Read by a parser of its own, since a lenient one would
// let a completion smuggle a verdict in: nothing may follow the object, no key may come twice, no other key may occur.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hone {

struct JudgeVerdict {
  std::optional<double> score;        // "score": a number
  std::optional<std::string> winner;  // "winner": "A", "B" or "tie"
  std::string reason;                 // "reason", "reasoning", "analysis" or "explanation": text
};

/// Reads the object that ends the reply, alone or in a ``` fence, thinking up to </think> left out. Nothing, with the
/// fault in `why`, unless it holds exactly one of score and winner. Any bytes are allowed; linear in the reply.
std::optional<JudgeVerdict> parse_judge_verdict(std::string_view reply, std::string& why);

}  // namespace hone
