// How long a completion is, for the rewards that ask, and what they say where they cannot judge.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hone/reward.h"

namespace hone {

/// Code points; every byte that continues none counts, so broken UTF-8 is never free.
int64_t count_characters(std::string_view text);

/// Length in "tokens" or "characters"; nothing where the number of tokens is not known.
std::optional<int64_t> completion_length(const ScoreInput& in, const std::string& unit);

/// The verdict where completion_length says nothing.
Verdict unknown_length();
/// The verdict where answer_verdict says nothing.
Verdict unknown_answer();

}  // namespace hone
