#include "reward/extract.h"

#include "base/check.h"
#include "base/number.h"
#include "base/text.h"

namespace hone {
namespace {

std::optional<std::string_view> last_tag(std::string_view text, bool ended) {
  constexpr std::string_view kOpen = "<answer>", kClose = "</answer>";
  const size_t open = text.rfind(kOpen);
  if (open == std::string_view::npos) return std::nullopt;
  const std::string_view content = text.substr(open + kOpen.size());
  const size_t close = content.find(kClose);
  if (close != std::string_view::npos) return content.substr(0, close);
  if (ended) return content;
  // Cut off inside an answer: the one before it, if any, was complete.
  const size_t last_close = text.rfind(kClose, open);
  if (last_close == std::string_view::npos) return std::nullopt;
  const size_t last_open = text.rfind(kOpen, last_close);
  if (last_open == std::string_view::npos) return std::nullopt;
  const size_t start = last_open + kOpen.size();
  return text.substr(start, last_close - start);
}

std::optional<std::string_view> last_hashes(std::string_view text) {
  const size_t mark = text.rfind("####");
  if (mark == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(mark + 4);
  return rest.substr(0, rest.find('\n'));
}

std::optional<std::string_view> last_number(std::string_view text) {
  std::optional<FoundNumber> last;
  for (auto found = find_number(text); found; found = find_number(text, last->end)) last = found;
  if (!last) return std::nullopt;
  return text.substr(last->begin, last->end - last->begin);
}

std::optional<std::string_view> find_answer(std::string_view text, Extraction how, bool want_number, bool ended) {
  switch (how) {
    case Extraction::tag:
      return last_tag(text, ended);
    case Extraction::boxed:
      return last_boxed(text);
    case Extraction::last_number:
      return last_number(text);
    case Extraction::whole:
      return text;
    case Extraction::automatic:
      break;
  }
  if (auto answer = last_tag(text, ended)) return answer;
  if (auto answer = last_boxed(text)) return answer;
  if (auto answer = last_hashes(text)) return answer;
  return want_number ? last_number(text) : text;
}

}  // namespace

Extraction extraction_from_name(std::string_view name) {
  if (name == "auto") return Extraction::automatic;
  if (name == "tag") return Extraction::tag;
  if (name == "boxed") return Extraction::boxed;
  if (name == "last_number") return Extraction::last_number;
  HONE_ASSERT(name == "whole");
  return Extraction::whole;
}

std::string_view after_thinking(std::string_view completion) {
  constexpr std::string_view kClose = "</think>";
  const size_t end = completion.rfind(kClose);
  return end == std::string_view::npos ? completion : completion.substr(end + kClose.size());
}

std::string_view question_text(const ScoreInput& in) {
  const auto text_of = [](const nlohmann::json& record, const char* name) -> const std::string* {
    const auto found = record.is_object() ? record.find(name) : record.end();
    return found != record.end() && found->is_string() ? &found->get_ref<const std::string&>() : nullptr;
  };
  if (in.fields.is_object() && in.fields.contains("messages") && in.fields["messages"].is_array()) {
    const nlohmann::json& turns = in.fields["messages"];
    for (size_t i = turns.size(); i-- > 0;) {
      const std::string* role = text_of(turns[i], "role");
      const std::string* content = text_of(turns[i], "content");
      if (role && content && *role == "user") return *content;
    }
  }
  for (const char* name : {"question", "problem", "prompt"}) {
    if (const std::string* text = text_of(in.fields, name)) return *text;
  }
  return in.prompt;
}

std::optional<std::string_view> last_boxed(std::string_view text) {
  constexpr std::string_view kBoxed = "\\boxed{";
  const size_t start = text.rfind(kBoxed);
  if (start == std::string_view::npos) return std::nullopt;
  const std::string_view content = text.substr(start + kBoxed.size());
  int64_t depth = 1;
  for (size_t i = 0; i < content.size(); ++i) {
    if (content[i] == '{') ++depth;
    if (content[i] == '}' && --depth == 0) return content.substr(0, i);
  }
  return std::nullopt;
}

std::optional<std::string_view> extract_answer(const ScoreInput& in, Extraction how, bool want_number) {
  const auto answer = find_answer(after_thinking(in.completion), how, want_number, in.finish == Finish::stop);
  if (!answer || trim(*answer).empty()) return std::nullopt;
  return trim(*answer);
}

}  // namespace hone
