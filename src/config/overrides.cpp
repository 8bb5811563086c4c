#include "config/overrides.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "config/aliases.h"
#include "config/document.h"
#include "config/scalars.h"

namespace hone::config {
namespace {

std::vector<std::string> split_key(std::string_view key) {
  std::vector<std::string> parts;
  for (size_t begin = 0;;) {
    const size_t dot = key.find('.', begin);
    parts.emplace_back(key.substr(begin, dot - begin));
    if (dot == std::string_view::npos) return parts;
    begin = dot + 1;
  }
}

/// What an entry of a list is called in an override; "" where it goes by index only.
std::string item_name(const Node& item) {
  for (const char* key : {"name", "type"})
    if (const Node* found = item.find(key); found && !found->text.empty()) return found->text;
  return {};
}

Node* find_item(Node& list, const std::string& part, const std::string& where, const SourcePosition& position) {
  std::vector<std::string> names;
  for (Node& item : list.items) {
    names.push_back(item_name(item));
    if (!part.empty() && names.back() == part) return &item;
  }
  const std::optional<int64_t> index = to_integer(part);
  if (index && *index >= 0 && *index < static_cast<int64_t>(list.items.size())) return &list.items[*index];
  std::erase(names, "");
  std::string more = did_you_mean(part, names);
  if (more.empty() && !names.empty()) more = "; it has " + join(names, ", ");
  throw SyntaxError{position, fmt::format("{} has {} entries and none is called {}{}", where, list.items.size(),
                                          quote_for_message(part), more)};
}

Node* find_or_add(Node& map, const std::string& part, const SourcePosition& position) {
  const auto same = [&](const Entry& e) { return e.key == part; };
  auto found = std::find_if(map.entries.begin(), map.entries.end(), same);
  if (found == map.entries.end()) {  // `lr` replaces the file's learning_rate, and the other way round
    const auto alike = [&](const Entry& e) { return canonical_name(e.key) == canonical_name(part); };
    found = std::find_if(map.entries.begin(), map.entries.end(), alike);
  }
  if (found == map.entries.end()) {
    Entry entry{.key = part, .position = position, .value = {}};
    entry.value.position = position;
    map.entries.push_back(std::move(entry));
    return &map.entries.back().value;
  }
  found->position = position;
  return &found->value;
}

void apply(Node& root, const std::string& text, const SourcePosition& position, Problems& problems) {
  check_text(text, position);
  const size_t equals = text.find('=');
  if (equals == std::string::npos || trim(text.substr(0, equals)).empty())
    throw SyntaxError{position, "expected key=value, as in stages.rl.learning_rate=1e-6"};
  Node value = read_yaml(std::string_view(text).substr(equals + 1), position, problems);

  Node* node = &root;
  std::string where = "the recipe";
  const std::vector<std::string> parts = split_key(trim(std::string_view(text).substr(0, equals)));
  if (parts.size() > Limits::kDepth) throw SyntaxError{position, "a key with too many parts"};
  if (std::find(parts.begin(), parts.end(), "") != parts.end())
    throw SyntaxError{position, "an empty part in the key; it is written like stages.rl.beta"};
  for (const std::string& part : parts) {
    if (node->is_null()) node->kind = Node::Kind::map;
    if (node->kind == Node::Kind::scalar)
      throw SyntaxError{position, fmt::format("{} is {}, it has nothing called {}", where, node->describe(),
                                              quote_for_message(part))};
    node =
        node->kind == Node::Kind::list ? find_item(*node, part, where, position) : find_or_add(*node, part, position);
    where = where == "the recipe" ? part : where + "." + part;
  }
  *node = std::move(value);
}

}  // namespace

void apply_overrides(Node& root, const std::vector<std::string>& overrides, Problems& problems) {
  if (root.kind != Node::Kind::map) return;  // read_recipe says so
  for (const std::string& text : overrides) {
    try {
      apply(root, text, {"--set " + quote_for_message(text, 200), 0, 0}, problems);
    } catch (const SyntaxError& error) {
      problems.add(error.position, error.message);
    }
  }
}

}  // namespace hone::config
