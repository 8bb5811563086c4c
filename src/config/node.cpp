#include "config/node.h"

#include <algorithm>

#include "base/text.h"

namespace hone::config {

bool Node::is_null() const {
  if (kind != Kind::scalar || style == Style::quoted) return false;
  return text.empty() || text == "null" || (style == Style::plain && (text == "~" || text == "Null" || text == "NULL"));
}

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

size_t Node::size() const {
  size_t total = 1;
  for (const Node& item : items) total += item.size();
  for (const Entry& entry : entries) total += entry.value.size();
  return total;
}

int Node::depth() const {
  int deepest = 0;
  for (const Node& item : items) deepest = std::max(deepest, item.depth());
  for (const Entry& entry : entries) deepest = std::max(deepest, entry.value.depth());
  return deepest + 1;
}

std::string Node::describe() const {
  if (kind == Kind::map) return "a map";
  if (kind == Kind::list) return "a list";
  if (is_null()) return "no value";
  return (style == Style::quoted ? "the quoted text " : "") + quote_for_message(text);
}

std::string to_string(const SourcePosition& position) {
  if (position.line == 0) return position.source;
  return position.source + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

}  // namespace hone::config
