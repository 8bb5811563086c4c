#include "report/html_text.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "report/characters.h"

namespace hone {
namespace {

void append_escaped(std::string& out, char32_t c, std::string_view bytes) {
  switch (c) {
    case '&':
      out += "&amp;";
      return;
    case '<':
      out += "&lt;";
      return;
    case '>':
      out += "&gt;";
      return;
    case '"':
      out += "&quot;";
      return;
    case '\'':
      out += "&#39;";
      return;
    default:
      break;
  }
  if (is_deceptive(c)) {
    out += fmt::format("[U+{:04X}]", static_cast<uint32_t>(c));
  } else {
    out += bytes;
  }
}

struct Tag {
  std::string_view text;
  std::string_view opens;  // CSS class of what follows; empty: closes it
};

constexpr std::array<Tag, 4> kTags = {
    {{"<think>", "think"}, {"</think>", ""}, {"<answer>", "answer"}, {"</answer>", ""}}};

/// Length of a chat marker like <|im_start|> at the front of the text, or 0.
size_t chat_marker(std::string_view text) {
  constexpr size_t kLongest = 40;
  if (!text.starts_with("<|")) return 0;
  const size_t end = text.substr(0, kLongest).find("|>");
  if (end == std::string_view::npos || text.substr(0, end).find('\n') != std::string_view::npos) return 0;
  return end + 2;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for_each_character(text, [&](char32_t c, std::string_view bytes) { append_escaped(out, c, bytes); });
  return out;
}

std::string model_text(std::string_view text, size_t limit) {
  std::string out;
  bool open = false;  // a span of think or answer is open
  const auto close = [&] {
    if (open) out += "</span>";
    open = false;
  };
  size_t count = 0;
  while (!text.empty() && count < limit) {
    if (text.front() == '<') {
      const Tag* tag = nullptr;
      for (const Tag& candidate : kTags) {
        if (text.starts_with(candidate.text)) tag = &candidate;
      }
      const size_t size = tag != nullptr ? tag->text.size() : chat_marker(text);
      if (size > 0) {
        if (tag != nullptr) close();
        out += fmt::format("<span class=\"tag\">{}</span>", escape_html(text.substr(0, size)));
        if (tag != nullptr && !tag->opens.empty()) {
          out += fmt::format("<span class=\"{}\">", tag->opens);
          open = true;
        }
        text.remove_prefix(size);
        count += size;
        continue;
      }
    }
    size_t size = 0;
    const char32_t c = first_character(text, &size);
    append_escaped(out, c, c == 0xFFFD ? std::string_view("\xEF\xBF\xBD") : text.substr(0, size));
    text.remove_prefix(size);
    ++count;
  }
  close();
  size_t rest = 0;
  for_each_character(text, [&](char32_t, std::string_view) { ++rest; });
  if (rest > 0) out += fmt::format("<span class=\"cut\"> … {} more characters not shown</span>", rest);
  return out;
}

}  // namespace hone
