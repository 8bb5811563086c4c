#include "text/text_pattern.h"

#include "base/check.h"

namespace hone {

Regex read_pattern(const JsonFields& fields) {
  const std::string where = fields.path("pattern");
  const nlohmann::json& pattern = fields.at("pattern");
  return with_context(where, [&] {
    if (pattern.is_string()) return Regex::literal(pattern.get_ref<const std::string&>());
    const JsonFields kinds(pattern, where);
    return kinds.find("Regex") != nullptr ? Regex(kinds.text("Regex")) : Regex::literal(kinds.text("String"));
  });
}

std::string replace_matches(const Regex& regex, std::string_view text, std::string_view content) {
  std::vector<MatchedRange> ranges;
  regex.cut(text, ranges);
  std::string out;
  out.reserve(text.size());
  for (const auto& [begin, end, matched] : ranges) out += matched ? content : text.substr(begin, end - begin);
  return out;
}

}  // namespace hone
