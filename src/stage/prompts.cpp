#include "stage/prompts.h"

#include "base/check.h"
#include "base/log.h"

namespace hone {

std::vector<Prompt> make_prompts(const std::vector<Record>& records, const DataConfig& data, const ChatTokenizer& chat,
                                 int64_t max_positions) {
  std::vector<Prompt> prompts;
  int64_t dropped = 0;
  for (const Record& record : records) {
    with_context(fmt::format("record {} of '{}'", record.id, record.source), [&] {
      Prompt prompt;
      prompt.id = record.id;
      prompt.source = record.source;
      const bool plain = record.messages.empty();
      prompt.text = (plain ? record.prompt : chat.render_prompt(prompt_messages(record))) + data.generation_prefix;
      prompt.ids = plain ? chat.tokenizer().encode(prompt.text) : chat.encode_rendered(prompt.text);
      const int64_t n = static_cast<int64_t>(prompt.ids.size());
      HONE_CHECK(n > 0, ErrorKind::data, "the prompt is empty");
      if (n >= max_positions && data.overlong_prompts == "drop") {
        ++dropped;
        return;
      }
      HONE_CHECK(n < max_positions, ErrorKind::data,
                 "the prompt has {} tokens and leaves no room in the model's context of {}; shorten it or set "
                 "overlong_prompts: drop",
                 n, max_positions);
      prompt.fields = std::make_shared<const nlohmann::json>(record.fields);
      prompts.push_back(std::move(prompt));
    });
  }
  if (dropped > 0)
    log_warn("{} of {} prompts were longer than the model's context and were dropped", dropped, records.size());
  HONE_CHECK(!prompts.empty(), ErrorKind::data, "no prompts are left of {} records", records.size());
  return prompts;
}

/// A reply ends with its stop token: what the template writes behind it (a line break) is never sampled, and nothing to
/// learn.
void leave_out_after_stop(SftExample& example, const std::vector<int32_t>& stop_ids) {
  bool stopped = false;
  for (size_t i = 0; i < example.ids.size(); ++i) {
    const bool was_trained = example.trained[i] != 0;
    if (was_trained && stopped) example.trained[i] = 0;
    stopped = was_trained && (stopped || std::binary_search(stop_ids.begin(), stop_ids.end(), example.ids[i]));
  }
}

std::vector<SftExample> make_examples(const std::vector<Record>& records, const SftConfig& config,
                                      const ChatTokenizer& chat, int64_t max_positions) {
  std::vector<SftExample> examples;
  int64_t dropped = 0;
  const int64_t limit = std::min(config.max_length, max_positions);
  for (const Record& record : records) {
    with_context(fmt::format("record {} of '{}'", record.id, record.source), [&] {
      HONE_CHECK(has_target(record), ErrorKind::data,
                 "there is nothing to train on: no assistant turn and no completion");
      SftExample example;
      if (record.messages.empty()) {
        const Tokenizer& t = chat.tokenizer();
        example.ids = t.encode(record.prompt);
        const size_t prompt_tokens = example.ids.size();
        const std::vector<int32_t> target = t.encode(record.completion, /*add_special=*/false);
        example.ids.insert(example.ids.end(), target.begin(), target.end());
        if (t.eos()) example.ids.push_back(*t.eos());
        example.trained.assign(example.ids.size(), 1);
        std::fill_n(example.trained.begin(), prompt_tokens, 0);
      } else {
        ChatTokens tokens = chat.encode_for_training(record.messages);
        example.ids = std::move(tokens.ids);
        example.trained = std::move(tokens.assistant);
        leave_out_after_stop(example, chat.tokenizer().stop_ids());
      }
      if (!config.assistant_only_loss) example.trained.assign(example.ids.size(), 1);
      const int64_t n = static_cast<int64_t>(example.ids.size());
      if (n > limit) {
        HONE_CHECK(
            config.truncation != "error", ErrorKind::data,
            "the conversation has {} tokens, the limit is {}; raise max_length or set truncation: drop or keep_start",
            n, limit);
        if (config.truncation == "drop") {
          ++dropped;
          return;
        }
        example.ids.resize(static_cast<size_t>(limit));
        example.trained.resize(static_cast<size_t>(limit));
      }
      if (!example.trained.empty()) example.trained[0] = 0;  // nothing predicts the first token
      if (std::count(example.trained.begin(), example.trained.end(), 1) == 0) {
        ++dropped;
        return;
      }
      examples.push_back(std::move(example));
    });
  }
  if (dropped > 0)
    log_warn("{} of {} conversations were dropped: too long, or nothing left to train on", dropped, records.size());
  HONE_CHECK(!examples.empty(), ErrorKind::data, "no conversation is left of {} records", records.size());
  return examples;
}

}  // namespace hone
