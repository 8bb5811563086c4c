#include "text/tokenizer_data.h"

#include <algorithm>
#include <array>

namespace hone {

const std::string* TokenizerData::token(int32_t id) const {
  const std::string* found = added.spelling(id);
  return found != nullptr ? found : model->vocabulary().token(id);
}

std::optional<int32_t> TokenizerData::find(std::string_view token) const {
  const AddedToken* found = added.find(token);
  return found != nullptr ? std::optional(found->id) : model->vocabulary().find(token);
}

void set_stop_ids(TokenizerData& data, std::vector<int32_t> more) {
  constexpr std::array<std::string_view, 12> kEndOfTurn{"<|im_end|>",
                                                        "<|eot_id|>",
                                                        "<|eom_id|>",
                                                        "<|end|>",
                                                        "<end_of_turn>",
                                                        "<|endoftext|>",
                                                        "<|end_of_text|>",
                                                        "<|end_of_turn|>",
                                                        "<|END_OF_TURN_TOKEN|>",
                                                        "<｜end▁of▁sentence｜>",
                                                        "<|return|>",
                                                        "<|call|>"};
  if (data.eos) more.push_back(*data.eos);
  for (const std::string_view name : kEndOfTurn) {
    const AddedToken* token = data.added.find(name);
    if (token != nullptr && token->special) more.push_back(token->id);
  }
  std::erase_if(more, [&](int32_t id) { return data.token(id) == nullptr; });
  std::sort(more.begin(), more.end());
  more.erase(std::unique(more.begin(), more.end()), more.end());
  data.stop_ids = std::move(more);
}

}  // namespace hone
