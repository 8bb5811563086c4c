// The forms of a JSONL line that are understood, tried in the order of docs/data.md.
#include <optional>

#include "base/check.h"
#include "base/jsonl.h"
#include "base/number.h"
#include "base/text.h"
#include "hone/data.h"

namespace hone {
namespace {

using nlohmann::json;

const std::string& text_of(const json& line, const char* key) {
  const json& value = line.at(key);
  HONE_CHECK(value.is_string(), ErrorKind::data, "'{}' must be text, got {}", key,
             quote_for_message(dump_json(value), 40));
  return value.get_ref<const std::string&>();
}

/// Text, or OpenAI's list of {"type": "text", "text": ...} parts.
std::string content_text(const json& content, size_t turn) {
  if (content.is_string()) return content.get<std::string>();
  HONE_CHECK(content.is_array() && !content.empty(), ErrorKind::data, "turn {}: content must be text, got {}", turn,
             quote_for_message(dump_json(content), 40));
  std::string text;
  for (const json& part : content) {
    const bool is_text = part.is_object() && part.contains("text") && part["text"].is_string() &&
                         (!part.contains("type") || part["type"] == "text");
    HONE_CHECK(is_text, ErrorKind::data, "turn {}: only text parts are supported in content, got {}", turn,
               quote_for_message(dump_json(part), 40));
    text += part["text"].get_ref<const std::string&>();
  }
  return text;
}

/// ShareGPT's and OpenAI's newer names beside the four that chat templates know.
std::string canonical_role(const std::string& role, size_t turn) {
  if (role == "human") return "user";
  if (role == "gpt") return "assistant";
  if (role == "developer") return "system";
  if (role == "observation") return "tool";
  const bool known = role == "system" || role == "user" || role == "assistant" || role == "tool";
  HONE_CHECK(known, ErrorKind::data, "turn {}: role must be system, user, assistant or tool, got {}", turn,
             quote_for_message(role));
  return role;
}

/// [{"role", "content"}] or ShareGPT's [{"from", "value"}].
std::vector<Message> conversation(const json& turns, const char* key) {
  HONE_CHECK(turns.is_array() && !turns.empty(), ErrorKind::data, "'{}' must be a non-empty list of turns", key);
  std::vector<Message> messages;
  for (size_t i = 0; i < turns.size(); ++i) {
    const json& turn = turns[i];
    const bool sharegpt = turn.is_object() && turn.contains("from") && turn.contains("value");
    const char* role = sharegpt ? "from" : "role";
    const char* content = sharegpt ? "value" : "content";
    const bool complete = turn.is_object() && turn.contains(role) && turn.contains(content) && turn[role].is_string();
    HONE_CHECK(complete, ErrorKind::data, "'{}': turn {} needs 'role' and 'content', got {}", key, i,
               quote_for_message(dump_json(turn), 40));
    messages.push_back({canonical_role(turn[role].get<std::string>(), i), content_text(turn[content], i)});
  }
  return messages;
}

/// What follows the last "####" of a GSM8K solution, with "1,234" as "1234". Nothing if there is no such mark on the
/// last line: elsewhere it is a heading.
std::optional<std::string> gsm8k_answer(std::string_view solution) {
  const size_t mark = solution.rfind("####");
  if (mark == std::string_view::npos) return std::nullopt;
  std::string answer(trim(solution.substr(mark + 4)));
  if (answer.empty() || answer.find('\n') != std::string::npos) return std::nullopt;
  if (parse_number(answer)) std::erase(answer, ',');
  return answer;
}

/// Content of the last \boxed{...} with its braces balanced; nothing if there is none.
std::optional<std::string> boxed_answer(std::string_view solution) {
  constexpr std::string_view kBoxed = "\\boxed{";
  const size_t start = solution.rfind(kBoxed);
  if (start == std::string_view::npos) return std::nullopt;
  int depth = 1;
  for (size_t i = start + kBoxed.size(); i < solution.size(); ++i) {
    if (solution[i] == '{') ++depth;
    if (solution[i] == '}' && --depth == 0) {
      return std::string(solution.substr(start + kBoxed.size(), i - start - kBoxed.size()));
    }
  }
  return std::nullopt;
}

/// The gold answer hidden in a worked solution, or the whole text.
std::string answer_of_solution(const std::string& solution) {
  if (auto answer = gsm8k_answer(solution)) return *answer;
  if (auto answer = boxed_answer(solution)) return *answer;
  return solution;
}

/// Puts the gold answer under "answer", from wherever the form keeps it. What stood there moves to "solution" if it
/// said more.
void set_answer(json& line) {
  if (const auto model = line.find("reward_model"); model != line.end()) {
    HONE_CHECK(model->is_object() && model->contains("ground_truth"), ErrorKind::data,
               "'reward_model' needs 'ground_truth', got {}", quote_for_message(dump_json(*model), 40));
    line["answer"] = json((*model)["ground_truth"]);
    return;
  }
  for (const char* key : {"answer", "ground_truth", "solution"}) {
    const auto found = line.find(key);
    if (found == line.end() || found->is_null()) continue;
    const json value = *found;
    if (!value.is_string()) {
      line["answer"] = value;
      return;
    }
    const std::string& text = value.get_ref<const std::string&>();
    line["answer"] = answer_of_solution(text);
    if (line["answer"] != value && !line.contains("solution")) line["solution"] = value;
    return;
  }
}

/// {"prompt": text or turns, "completion"?: text or turns}: TRL and verl.
void read_prompt(const json& line, Record& record) {
  const json* completion = line.contains("completion") ? &line["completion"] : nullptr;
  if (line["prompt"].is_string()) {
    record.prompt = text_of(line, "prompt");
    HONE_CHECK(!record.prompt.empty(), ErrorKind::data, "'prompt' is empty");
    if (completion) record.completion = text_of(line, "completion");
    return;
  }
  record.messages = conversation(line["prompt"], "prompt");
  HONE_CHECK(record.messages.back().role != "assistant", ErrorKind::data,
             "'prompt' ends with an assistant turn; put what the model should imitate into 'completion', or what it "
             "should go on from into the option generation_prefix");
  if (!completion) return;
  if (completion->is_string()) {
    record.messages.push_back({"assistant", completion->get<std::string>()});
  } else {
    for (Message& turn : conversation(*completion, "completion")) record.messages.push_back(std::move(turn));
  }
  HONE_CHECK(record.messages.back().role == "assistant", ErrorKind::data,
             "'completion' must end with an assistant turn");
}

/// {"question" | "problem", "answer" | "solution"}: GSM8K and MATH. The worked solution, if any, is the target.
void read_question(const json& line, const char* key, Record& record) {
  record.messages.push_back({"user", text_of(line, key)});
  const auto is_text = [&](const char* name) { return line.contains(name) && line[name].is_string(); };
  if (is_text("solution")) {
    record.messages.push_back({"assistant", line["solution"].get<std::string>()});
  } else if (is_text("answer") && gsm8k_answer(line["answer"].get_ref<const std::string&>())) {
    record.messages.push_back({"assistant", line["answer"].get<std::string>()});
  }
}

std::string keys_of(const json& line) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : line.items()) keys.push_back(key);
  return keys.empty() ? "no key at all" : quote_for_message(join(keys, ", "), 120);
}

}  // namespace

bool has_target(const Record& record) {
  return record.messages.empty() ? !record.completion.empty() : record.messages.back().role == "assistant";
}

std::span<const Message> prompt_messages(const Record& record) {
  std::span<const Message> turns = record.messages;
  return !turns.empty() && turns.back().role == "assistant" ? turns.first(turns.size() - 1) : turns;
}

std::string response_text(const json& value, const std::string& key) {
  if (value.is_string()) return value.get<std::string>();
  const std::vector<Message> turns = conversation(value.is_object() ? json::array({value}) : value, key.c_str());
  HONE_CHECK(turns.back().role == "assistant", ErrorKind::data, "'{}' must end with an assistant turn, got one of '{}'",
             key, turns.back().role);
  return turns.back().content;
}

Record record_from_json(json line, const std::string& source) {
  HONE_CHECK(line.is_object(), ErrorKind::data, "expected a JSON object, got {}",
             quote_for_message(dump_json(line), 40));
  Record record;
  record.source = line.contains("data_source") ? text_of(line, "data_source") : source;
  if (line.contains("messages")) {
    record.messages = conversation(line["messages"], "messages");
  } else if (line.contains("conversations")) {
    record.messages = conversation(line["conversations"], "conversations");
  } else if (line.contains("prompt")) {
    read_prompt(line, record);
  } else if (line.contains("question")) {
    read_question(line, "question", record);
  } else if (line.contains("problem")) {
    read_question(line, "problem", record);
  } else if (line.contains("chosen") && line["chosen"].is_array()) {  // TRL: the prompt is part of both conversations
    record.messages = conversation(line["chosen"], "chosen");
  } else if (line.contains("text")) {
    record.completion = text_of(line, "text");
    HONE_CHECK(!record.completion.empty(), ErrorKind::data, "'text' is empty");
  } else {
    fail(ErrorKind::data,
         "expected one of the keys messages, conversations, prompt, question, problem, text (forms: docs/data.md), got "
         "{}",
         keys_of(line));
  }
  HONE_CHECK(record.messages.empty() || !prompt_messages(record).empty(), ErrorKind::data,
             "a conversation needs a turn before the assistant's");
  set_answer(line);
  record.fields = std::move(line);
  return record;
}

}  // namespace hone
