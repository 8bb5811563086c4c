// Records to what the engine and the trainer take.
#pragma once

#include <algorithm>
#include <vector>

#include "hone/data.h"
#include "model/policy.h"
#include "text/chat_tokens.h"
#include "train/packing.h"

namespace hone {

/// Rendered and tokenised prompts. A prompt that leaves no room for a completion is an Error(data) that names its
/// record, or is dropped where the data's overlong_prompts says so.
std::vector<Prompt> make_prompts(const std::vector<Record>& records, const DataConfig& data, const ChatTokenizer& chat,
                                 int64_t max_positions);

/// Tokenised training conversations; see SftConfig for what happens to long ones. Error(data) names a record that has
/// nothing to train on.
std::vector<SftExample> make_examples(const std::vector<Record>& records, const SftConfig& config,
                                      const ChatTokenizer& chat, int64_t max_positions);

/// Tokens of the longest prompt or conversation.
template <class Item>
int64_t most_tokens(const std::vector<Item>& items) {
  size_t most = 0;
  for (const Item& item : items) most = std::max(most, item.ids.size());
  return static_cast<int64_t>(most);
}

}  // namespace hone
