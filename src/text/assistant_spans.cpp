// Which part of a rendered conversation the assistant wrote: the loss mask of supervised fine-tuning.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "hone/chat_template.h"

namespace hone {
namespace {

using Json = nlohmann::ordered_json;

bool is_assistant(const Json& message) {
  const auto role = message.find("role");
  return role != message.end() && *role == "assistant";
}

Json first_messages(const Json& messages, size_t count) {
  Json out = Json::array();
  for (size_t i = 0; i < count; ++i) out.push_back(messages[i]);
  return out;
}

std::vector<size_t> assistant_turns(const Json& messages, AssistantTurns which) {
  HONE_CHECK(messages.is_array(), ErrorKind::data, "messages: expected a list of objects, got {}",
             messages.type_name());
  std::vector<size_t> turns;
  for (size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].is_object() && is_assistant(messages[i])) turns.push_back(i);
  }
  HONE_CHECK(!turns.empty(), ErrorKind::data, "messages: no assistant turn, so nothing to train on");
  if (which == AssistantTurns::last_turn_only) turns = {turns.back()};
  return turns;
}

/// The ranges of {% generation %} blocks; of the last turn alone, those beyond what the turns before it have.
RenderedChat marked_spans(const ChatTemplate& chat_template, const Json& messages, const RenderOptions& options,
                          const std::vector<size_t>& turns, AssistantTurns which) {
  RenderedChat chat = chat_template.render_marked(messages, options);
  if (which == AssistantTurns::last_turn_only) {
    const size_t earlier =
        chat_template.render_marked(first_messages(messages, turns.back()), options).assistant.size();
    auto& spans = chat.assistant;
    spans.erase(spans.begin(), spans.begin() + static_cast<ptrdiff_t>(std::min(earlier, spans.size())));
  }
  return chat;
}

/// What turn `k` renders beyond the turns before it and the opening of a reply.
TextSpan span_by_difference(const ChatTemplate& chat_template, const Json& messages, size_t k,
                            const RenderOptions& closed, const std::string& whole) {
  RenderOptions opening = closed;
  opening.add_generation_prompt = true;
  const std::string before = chat_template.render(first_messages(messages, k), opening);
  const std::string through =
      k + 1 == messages.size() ? whole : chat_template.render(first_messages(messages, k + 1), closed);
  HONE_CHECK(whole.starts_with(before), ErrorKind::data,
             "messages[{}]: the conversation does not begin with what the turns before it and the generation prompt "
             "render, so the assistant's part cannot be told apart; use a template with {{% generation %}} blocks",
             k);
  HONE_CHECK(whole.starts_with(through) && through.size() >= before.size(), ErrorKind::data,
             "messages[{}]: the template renders this turn differently once others follow (as templates do that drop "
             "earlier reasoning); make each turn a row of its own, train on the last turn only, or use a template with "
             "{{% generation %}} blocks",
             k);
  return {before.size(), through.size()};
}

}  // namespace

RenderedChat render_for_training(const ChatTemplate& chat_template, const Json& messages, const RenderOptions& options,
                                 AssistantTurns which) {
  const std::vector<size_t> turns = assistant_turns(messages, which);
  RenderOptions closed = options;
  closed.add_generation_prompt = false;
  RenderedChat chat;
  if (chat_template.marks_generation()) {
    chat = marked_spans(chat_template, messages, closed, turns, which);
  } else {
    chat.text = chat_template.render(messages, closed);
    for (size_t k : turns) {
      const TextSpan span = span_by_difference(chat_template, messages, k, closed, chat.text);
      if (span.end > span.begin) chat.assistant.push_back(span);
    }
  }
  HONE_CHECK(!chat.assistant.empty(), ErrorKind::data,
             "messages: the template writes nothing for the assistant's turns, so there is nothing to train on");
  return chat;
}

}  // namespace hone
