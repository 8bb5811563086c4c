// Preference data: pairs of responses, or single responses with a label, as tokens for a reward model.
#pragma once

#include <vector>

#include "hone/batch.h"
#include "hone/data.h"
#include "hone/recipe.h"
#include "text/chat_tokens.h"

namespace hone {

/// One record. A pair has two responses to the same prompt, the better one first; a labelled response stands alone.
struct Preference {
  std::vector<int32_t> chosen, rejected;           // prompt and response; `rejected` is empty in a labelled response
  double margin = 0;                               // of a pair: by how much the better one should win
  bool good = true;                                // of a labelled response
  int64_t chosen_length = 0, rejected_length = 0;  // tokens of the responses alone, prompts not counted

  bool is_pair() const { return !rejected.empty(); }
};

/// Tokens of a record's prompt with `response` behind it, rendered as a rollout of that prompt would stand; scored at
/// the last one.
std::vector<int32_t> tokens_with_response(const Record& record, const std::string& response, const ChatTokenizer& chat);

/// Fields `chosen` and `rejected` (and `margin`), or `response` (or `completion`) and `label` (true, 1, "safe" or
/// "good"; false, 0, "unsafe" or "bad"). Error(data) names a record that has neither, and where the two are mixed.
std::vector<Preference> make_preferences(const std::vector<Record>& records, const RewardModelConfig& config,
                                         const ChatTokenizer& chat, int64_t max_positions);

/// Indices out of `indices` such that, of the pairs among them, the chosen response is the longer one as often as the
/// shorter one (DeepSeek-R1, supplement B.3: else length is learned). Leaves out the last of those that are too many.
std::vector<int64_t> balance_lengths(const std::vector<Preference>& items, const std::vector<int64_t>& indices);

/// Items packed into micro-batches of about `max_tokens`, a pair never apart and its common beginning stored once. The
/// batch predicts at each response's last token: for a pair at the chosen one's, then at the rejected one's.
struct PreferenceBatch {
  TokenBatch tokens;
  std::vector<int64_t> items;  // indices into the preferences
};
std::vector<PreferenceBatch> pack_preferences(const std::vector<Preference>& items, const std::vector<int64_t>& indices,
                                              int64_t max_tokens);

}  // namespace hone
