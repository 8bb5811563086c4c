// Conversations to token ids: the tokenizer and the chat template of one model together.
#pragma once

#include <string>
#include <vector>

#include "hone/chat_template.h"
#include "hone/tokenizer.h"

namespace hone {

/// A piece of a conversation's tokens and whether the assistant wrote it.
struct ChatTokens {
  std::vector<int32_t> ids;
  std::vector<uint8_t> assistant;  // per token
};

class ChatTokenizer {
 public:
  /// `template_source` replaces the model's own template. A model without one gets an Error(usage) at the first
  /// conversation.
  explicit ChatTokenizer(Tokenizer tokenizer, const std::string& template_source = "");

  const Tokenizer& tokenizer() const { return tokenizer_; }
  /// The conversation with the opening of a reply, ready for a completion.
  std::string render_prompt(std::span<const Message> messages) const;
  /// Ids of rendered text; the template has written BOS itself where the model wants one.
  std::vector<int32_t> encode_rendered(std::string_view text) const;
  /// A whole conversation with the assistant's tokens marked. What stands before and what stands inside an assistant's
  /// turn is tokenised apart, exactly as a rollout sees the prompt.
  ChatTokens encode_for_training(std::span<const Message> messages) const;

 private:
  const ChatTemplate& chat_template() const;
  Tokenizer tokenizer_;
  std::optional<ChatTemplate> template_;
};

}  // namespace hone
