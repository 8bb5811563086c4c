#include "config/recipe_diff.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/jsonl.h"
#include "base/text.h"

namespace hone {
namespace {

using nlohmann::json;

/// A list of records that all have a name of their own, by name; nothing for any other list.
std::optional<std::map<std::string, json>> by_name(const json& list) {
  std::map<std::string, json> out;
  for (const json& item : list) {
    const auto name = item.is_object() ? item.find("name") : item.end();
    if (!item.is_object() || name == item.end() || !name->is_string()) return std::nullopt;
    if (!out.emplace(name->get<std::string>(), item).second) return std::nullopt;
  }
  return out;
}

std::vector<std::string> names_in_order(const json& list) {
  std::vector<std::string> names;
  for (const json& item : list) names.push_back(item.at("name").get<std::string>());
  return names;
}

bool is_inside(std::string_view key, std::string_view prefix) {
  return prefix.empty() || key == prefix || (key.starts_with(prefix) && key[prefix.size()] == '.');
}

class Differ {
 public:
  explicit Differ(std::string_view prefix) : prefix_(prefix) {}

  void compare(const json* before, const json* after, const std::string& key) {
    if (before && after && *before == *after) return;
    if (before && after && before->is_object() && after->is_object()) return compare_entries(*before, *after, key);
    if (before && after && before->is_array() && after->is_array()) {
      const auto old_items = by_name(*before), new_items = by_name(*after);
      if (old_items && new_items && !before->empty() && !after->empty()) {
        compare_entries(json(*old_items), json(*new_items), key);
        report_order(names_in_order(*before), names_in_order(*after), key);
        return;
      }
    }
    report(key, before, after);
  }

  std::vector<RecipeChange> take() { return std::move(changes_); }

 private:
  void compare_entries(const json& before, const json& after, const std::string& key) {
    std::set<std::string> names;
    for (const auto& [name, value] : before.items()) names.insert(name);
    for (const auto& [name, value] : after.items()) names.insert(name);
    const auto find = [](const json& map, const std::string& name) {
      const auto found = map.find(name);
      return found == map.end() ? nullptr : &*found;
    };
    for (const std::string& name : names)
      compare(find(before, name), find(after, name), key.empty() ? name : key + "." + name);
  }

  /// The same records in another order: what runs when has changed although no record has.
  void report_order(std::vector<std::string> before, std::vector<std::string> after, const std::string& key) {
    const std::vector<std::string> old_names = before, new_names = after;
    std::erase_if(before,
                  [&](const auto& n) { return std::find(new_names.begin(), new_names.end(), n) == new_names.end(); });
    std::erase_if(after,
                  [&](const auto& n) { return std::find(old_names.begin(), old_names.end(), n) == old_names.end(); });
    if (before == after) return;
    const json old_order(old_names), new_order(new_names);
    report(key, &old_order, &new_order);
  }

  void report(const std::string& key, const json* before, const json* after) {
    if (!is_inside(key, prefix_)) return;
    RecipeChange change{.key = key};
    if (before) change.before = *before;
    if (after) change.after = *after;
    changes_.push_back(std::move(change));
  }

  const std::string_view prefix_;
  std::vector<RecipeChange> changes_;
};

std::string show(const std::optional<json>& value) {
  if (!value) return "(absent)";
  const std::string quoted = quote_for_message(dump_json(*value));
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

std::vector<RecipeChange> recipe_diff(const json& before, const json& after, std::string_view prefix) {
  Differ differ(prefix);
  differ.compare(&before, &after, "");
  return differ.take();
}

std::string to_string(const RecipeChange& change) {
  return change.key + ": " + show(change.before) + " -> " + show(change.after);
}

}  // namespace hone
