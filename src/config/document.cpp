#include "config/document.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace hone::config {
namespace {

SourcePosition position_of(std::string_view text, size_t offset, const SourcePosition& start) {
  if (start.line == 0) return start;
  const std::string_view before = text.substr(0, offset);
  const size_t newline = before.rfind('\n');
  const size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
  return {start.source, start.line + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
          1 + count_characters(before.substr(line_start))};
}

}  // namespace

void check_text(std::string_view text, const SourcePosition& start) {
  const std::string_view head = text.substr(0, 2);
  if (head == "\xFF\xFE" || head == "\xFE\xFF" || text.substr(0, 4).find('\0') != std::string_view::npos)
    throw SyntaxError{start, "expected UTF-8, got UTF-16, UTF-32 or binary data; save the file as UTF-8"};
  if (const size_t good = valid_utf8_prefix(text); good < text.size())
    throw SyntaxError{position_of(text, good, start),
                      fmt::format("expected UTF-8, got the byte 0x{:02x}; save the file as UTF-8",
                                  static_cast<unsigned char>(text[good]))};
  const auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  };
  if (const auto bad = std::find_if(text.begin(), text.end(), is_control); bad != text.end())
    throw SyntaxError{position_of(text, static_cast<size_t>(bad - text.begin()), start),
                      fmt::format("control character 0x{:02x} in a recipe; write it escaped in a quoted text",
                                  static_cast<unsigned char>(*bad))};
}

int count_characters(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

Node read_document(std::string_view text, const std::string& name, Problems& problems) {
  const SourcePosition start{name, 1, 1};
  if (text.size() > Limits::kBytes)
    throw SyntaxError{start, fmt::format("{} bytes are too many for a recipe (limit {}); is this the right file?",
                                         text.size(), Limits::kBytes)};
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  check_text(text, start);
  if (trim(text).empty()) throw SyntaxError{start, "the recipe is empty; it needs at least model and stages"};
  return name.ends_with(".json") ? read_json(text, start, problems) : read_yaml(text, start, problems);
}

}  // namespace hone::config
