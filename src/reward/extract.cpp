#include "reward/extract.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/jsonl.h"
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

/// The text of one gold value: a number as it is written, of a GSM8K solution what follows ####.
std::optional<std::string> gold_text(const nlohmann::json& value) {
  if (!value.is_string() && !value.is_number() && !value.is_boolean()) return std::nullopt;
  std::string text = value.is_string() ? value.get<std::string>() : dump_json(value);
  if (const size_t mark = text.rfind("####"); mark != std::string::npos) text = text.substr(mark + 4);
  text = trim(text);
  return text.empty() ? std::nullopt : std::optional(text);
}

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

size_t skip_any(std::string_view text, size_t at, std::string_view what) {
  const size_t found = text.find_first_not_of(what, at);
  return found == std::string_view::npos ? text.size() : found;
}

/// Bytes from the box at `start` to behind its closing brace, and its content.
struct Box {
  std::string_view content;
  size_t start = 0, end = 0;
};

/// The last box that begins before `before`. Nothing if that one is never closed.
std::optional<Box> box_before(std::string_view text, size_t before) {
  for (size_t end = before; end > 0;) {
    const size_t boxed = text.rfind("\\boxed", end - 1), framed = text.rfind("\\fbox", end - 1);
    if (boxed == std::string_view::npos && framed == std::string_view::npos) return std::nullopt;
    const bool is_boxed = framed == std::string_view::npos || (boxed != std::string_view::npos && boxed > framed);
    const size_t start = is_boxed ? boxed : framed;
    const size_t open = skip_any(text, start + (is_boxed ? 6 : 5), " ");
    end = start;
    if (open >= text.size() || text[open] != '{') continue;  // \boxedx
    int64_t depth = 0;
    for (size_t i = open; i < text.size(); ++i) {
      if (text[i] == '{') ++depth;
      if (text[i] == '}' && --depth == 0) return Box{text.substr(open + 1, i - open - 1), start, i + 1};
    }
    return std::nullopt;
  }
  return std::nullopt;
}

/// Only connectives: what may stand between the boxes of one answer in several parts.
bool joins_boxes(std::string_view between) {
  for (size_t i = 0; i < between.size(); ++i) {
    if (between.substr(i).starts_with("and") || between.substr(i).starts_with("\\text{")) {
      i += between[i] == 'a' ? 2 : 5;
    } else if (between.substr(i).starts_with("or")) {
      ++i;
    } else if (std::string_view(",;&$ \n\t}").find(between[i]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

/// Text up to the end of the sentence or line.
std::string_view sentence(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') return text.substr(0, i);
    if (text[i] == '.' && i + 1 < text.size() && is_blank(text[i + 1])) return text.substr(0, i);
  }
  return text;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Where the last "answer", "option" or "choice" that begins before `before` ends; 0 if there is none.
size_t last_keyword_end(std::string_view text, size_t before) {
  struct Keyword {
    std::string_view initials, rest;
  };
  size_t end = 0;
  for (const Keyword& word : {Keyword{"aA", "nswer"}, {"oO", "ption"}, {"cC", "hoice"}}) {
    for (size_t limit = before; limit > 0;) {
      const size_t at = text.rfind(word.rest, limit - 1);
      if (at == std::string_view::npos || at == 0) break;
      const bool begins = word.initials.find(text[at - 1]) != std::string_view::npos;
      if (begins && (at == 1 || !is_letter(text[at - 2]))) {
        end = std::max(end, at + word.rest.size());
        break;
      }
      limit = at;
    }
  }
  return end;
}

/// What follows "answer is", "answer:" or "answer =", the last time such words stand there.
std::optional<std::string_view> after_phrase(std::string_view text) {
  constexpr size_t kReach = 60;  // bytes between the word and its verb: "the answer to the question is"
  constexpr int kTries = 16;     // each may cost the length of the text
  size_t from = text.size() + 5;
  for (int i = 0; i < kTries; ++i) {
    from = last_keyword_end(text, from - 5);
    if (from == 0) break;
    std::string_view near = text.substr(from, kReach);
    near = near.substr(0, near.find('\n'));
    size_t end = std::string_view::npos;
    if (const size_t is = near.find(" is"); is != std::string_view::npos) {
      const bool whole_word = is + 3 >= near.size() || is_blank(near[is + 3]) || near[is + 3] == ':';
      if (whole_word) end = is + 3;
    }
    if (end == std::string_view::npos) {
      const size_t mark = near.find_first_of(":=");
      if (mark == std::string_view::npos) continue;
      end = mark + 1;
    }
    std::string_view rest = text.substr(from + end);
    rest = rest.substr(skip_any(rest, 0, " \t\r\n:*="));
    for (const auto& [open, close] : {std::pair("\\[", "\\]"), std::pair("$$", "$$")}) {
      if (!rest.starts_with(open)) continue;
      const size_t closed = rest.find(close, 2);
      return rest.substr(2, closed == std::string_view::npos ? closed : closed - 2);
    }
    rest = sentence(rest);
    while (rest.ends_with('*') || rest.ends_with(' ')) rest.remove_suffix(1);
    if (!rest.empty()) return rest;
  }
  return std::nullopt;
}

std::optional<std::string_view> last_hashes(std::string_view text) {
  const size_t mark = text.rfind("####");
  if (mark == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(mark + 4);
  return rest.substr(0, rest.find('\n'));
}

std::optional<std::string_view> find_answer(std::string_view text, Extraction how, bool want_number, bool ended) {
  switch (how) {
    case Extraction::tag:
      return last_tag(text, ended);
    case Extraction::boxed:
      return last_boxed(text);
    case Extraction::phrase:
      return after_phrase(text);
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
  if (name == "phrase") return Extraction::phrase;
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
  const auto box = box_before(text, text.size());
  return box ? std::optional(box->content) : std::nullopt;
}

std::optional<std::string> last_boxes(std::string_view text) {
  auto box = box_before(text, text.size());
  if (!box) return std::nullopt;
  constexpr int kMaxBoxes = 64;
  std::string joined(box->content);
  for (int i = 1; i < kMaxBoxes; ++i) {
    const auto previous = box_before(text, box->start);
    if (!previous || previous->end > box->start || !joins_boxes(text.substr(previous->end, box->start - previous->end)))
      break;
    joined.insert(0, std::string(previous->content) + ", ");
    box = previous;
  }
  return joined;
}

std::optional<std::string_view> last_formula(std::string_view text) {
  struct Delimiter {
    std::string_view open, close;
  };
  std::optional<std::string_view> last;
  for (const Delimiter& d : {Delimiter{"\\(", "\\)"}, {"\\[", "\\]"}, {"$$", "$$"}, {"$", "$"}}) {
    const size_t close = text.rfind(d.close);
    if (close == std::string_view::npos || close == 0) continue;
    const size_t open = text.rfind(d.open, close - 1);
    if (open == std::string_view::npos || open + d.open.size() >= close) continue;
    const std::string_view content = text.substr(open + d.open.size(), close - open - d.open.size());
    // "$18 a day and $24" are two amounts of money.
    if (d.open == "$" && (is_blank(content.front()) || is_blank(content.back()))) continue;
    if (!last || content.data() > last->data()) last = content;
  }
  return last;
}

std::optional<std::string_view> last_number(std::string_view text) {
  std::optional<FoundNumber> last;
  for (auto found = find_number(text); found; found = find_number(text, last->end)) last = found;
  if (!last) return std::nullopt;
  return text.substr(last->begin, last->end - last->begin);
}

std::optional<FoundNumber> only_number(std::string_view text) {
  const auto found = find_number(text);
  return found && !find_number(text, found->end) ? found : std::nullopt;
}

std::vector<std::string> gold_texts(const nlohmann::json& fields, const std::string& name) {
  const auto found = fields.is_object() ? fields.find(name) : fields.end();
  if (found == fields.end()) return {};
  std::vector<std::string> texts;
  for (const nlohmann::json& value : found->is_array() ? *found : nlohmann::json::array({*found})) {
    auto text = gold_text(value);
    if (!text) return {};
    texts.push_back(std::move(*text));
  }
  return texts;
}

std::optional<std::string_view> extract_answer(const ScoreInput& in, Extraction how, bool want_number) {
  const auto answer = find_answer(after_thinking(in.completion), how, want_number, in.finish == Finish::stop);
  if (!answer || trim(*answer).empty()) return std::nullopt;
  return trim(*answer);
}

}  // namespace hone
