#include "text/chat_tokens.h"

#include "base/check.h"

namespace hone {
namespace {

std::map<std::string, std::string> special_tokens(const Tokenizer& t) {
  std::map<std::string, std::string> out;
  if (t.bos()) out["bos_token"] = t.token(*t.bos());
  if (t.eos()) out["eos_token"] = t.token(*t.eos());
  if (t.pad()) out["pad_token"] = t.token(*t.pad());
  if (t.unk()) out["unk_token"] = t.token(*t.unk());
  return out;
}

}  // namespace

ChatTokenizer::ChatTokenizer(Tokenizer tokenizer, const std::string& template_source) : tokenizer_(std::move(tokenizer)) {
  const std::string& source = template_source.empty() ? tokenizer_.chat_template() : template_source;
  if (!source.empty()) template_.emplace(source, special_tokens(tokenizer_));
}

const ChatTemplate& ChatTokenizer::chat_template() const {
  HONE_CHECK(template_.has_value(), ErrorKind::usage,
             "the model has no chat template; give one with chat_template, or use plain prompts instead of messages");
  return *template_;
}

std::string ChatTokenizer::render_prompt(std::span<const Message> messages) const { return chat_template().render(messages); }

std::vector<int32_t> ChatTokenizer::encode_rendered(std::string_view text) const {
  return tokenizer_.encode(text, /*add_special=*/false);
}

ChatTokens ChatTokenizer::encode_for_training(std::span<const Message> messages) const {
  const RenderedChat chat = render_for_training(chat_template(), to_json(messages));
  ChatTokens out;
  const auto add = [&](size_t begin, size_t end, bool assistant) {
    const std::vector<int32_t> ids = encode_rendered(std::string_view(chat.text).substr(begin, end - begin));
    out.ids.insert(out.ids.end(), ids.begin(), ids.end());
    out.assistant.resize(out.ids.size(), assistant ? 1 : 0);
  };
  size_t at = 0;
  for (const TextSpan& span : chat.assistant) {
    add(at, span.begin, false);
    add(span.begin, span.end, true);
    at = span.end;
  }
  add(at, chat.text.size(), false);
  return out;
}

}  // namespace hone
