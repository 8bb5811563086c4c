#include "config/reader.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "config/aliases.h"
#include "config/fields.h"
#include "config/scalars.h"
#include "config/stages.h"

namespace hone::config {
namespace {

struct Context {
  Recipe& recipe;
  Problems& problems;

  /// `value` cannot be read as what `key` needs.
  void wrong_type(const Node& value, const std::string& key, const std::string& expected) {
    std::string message = (key.empty() ? "the recipe" : key) + ": expected " + expected + ", got " + value.describe();
    if (value.is_null()) message += "; write a value, or delete the line to get the default";
    problems.add(value.position, std::move(message));
    problems.mark_unknown(key);
  }
};

// read_value(context, value, key, out): one overload per type an option can have.

void read_value(Context& context, const Node& value, const std::string& key, std::string& out) {
  if (value.kind != Node::Kind::scalar || value.is_null() || value.style == Style::literal)
    return context.wrong_type(value, key, "text");
  out = value.text;
}

void read_value(Context& context, const Node& value, const std::string& key, double& out) {
  const bool bare = value.kind == Node::Kind::scalar && value.style != Style::quoted;
  const std::optional<double> number = bare ? to_double(value.text) : std::nullopt;
  if (!number) return context.wrong_type(value, key, "a finite number such as 0.5 or 1e-6");
  out = *number;
}

void read_value(Context& context, const Node& value, const std::string& key, int64_t& out) {
  const bool bare = value.kind == Node::Kind::scalar && value.style != Style::quoted;
  const std::optional<int64_t> number = bare ? to_integer(value.text) : std::nullopt;
  if (!number) return context.wrong_type(value, key, "a whole number");
  out = *number;
}

void read_value(Context& context, const Node& value, const std::string& key, bool& out) {
  const bool bare = value.kind == Node::Kind::scalar && value.style != Style::quoted;
  if (!bare || (value.text != "true" && value.text != "false"))
    return context.wrong_type(value, key, "true or false, in small letters and without quotes");
  out = value.text == "true";
}

void read_value(Context& context, const Node& value, const std::string& key, nlohmann::json& out) {
  if (value.kind != Node::Kind::map) return context.wrong_type(value, key, "a map");
  out = to_json(value, context.problems);
}

void read_value(Context& context, const Node& value, const std::string& key, std::vector<std::string>& out) {
  if (value.kind != Node::Kind::list) return context.wrong_type(value, key, "a list of texts, as in [\"a\", \"b\"]");
  out.assign(value.items.size(), "");
  for (size_t i = 0; i < out.size(); ++i) read_value(context, value.items[i], key + "." + std::to_string(i), out[i]);
}

void read_value(Context& context, const Node& value, const std::string& key, std::vector<StageConfig>& out);

template <class T>
void read_value(Context& context, const Node& value, const std::string& key, std::optional<T>& out);
template <class T>
void read_value(Context& context, const Node& value, const std::string& key, std::vector<T>& out);
template <Fields T>
void read_value(Context& context, const Node& value, const std::string& key, T& out);

/// Hands each entry of a map to the member that its name or an alias of it belongs to.
class StructReader {
 public:
  StructReader(Context& context, const Node& map, std::string key, std::vector<std::string> names)
      : context_(context), map_(map), key_(std::move(key)), names_(std::move(names)) {}

  template <class T>
  void operator()(const char* name, T& member, const char*, const Bounds& = {}) {
    const Entry* used = nullptr;
    for (const Entry& entry : map_.entries) {
      if (resolve(entry.key) != name) continue;
      known_.insert(entry.key);
      if (used)
        context_.problems.add(entry.position, fmt::format("{}: '{}' and '{}' are the same option; keep one",
                                                          child(name), used->key, entry.key));
      else
        used = &entry;
    }
    if (!used) return;
    const bool is_scalar = used->value.kind == Node::Kind::scalar;
    context_.recipe.origins[child(name)] = is_scalar ? used->value.position : used->position;
    read_value(context_, used->value, child(name), member);
  }

  template <class T>
  void inline_struct(T& c) {
    T::fields(c, *this);
  }

  void rest(nlohmann::json& options, const char*) {
    for (const Entry& entry : map_.entries) {
      if (!known_.insert(entry.key).second) continue;
      options[entry.key] = to_json(entry.value, context_.problems);
      context_.recipe.origins[child(entry.key)] = entry.value.position;
    }
  }

  /// `hint(name)` may explain a key that belongs elsewhere.
  template <class Hint>
  void report_unknown_keys(const Hint& hint) {
    std::vector<std::string> candidates = names_;
    for (const Alias& alias : aliases())
      if (resolve(alias.other) == alias.canonical) candidates.push_back(alias.other);
    for (const Entry& entry : map_.entries) {
      if (known_.contains(entry.key)) continue;
      std::string message = "unknown key " + quote_for_message(entry.key) + (key_.empty() ? "" : " in " + key_);
      std::string more = hint(entry.key);
      if (const std::string near = nearest_name(entry.key, candidates); more.empty() && !near.empty()) {
        more = "; did you mean '" + near + "'?";
        context_.problems.mark_unknown(child(resolve(near)));
      }
      if (more.empty() && names_.size() <= 12) more = "; valid keys are " + join(names_, ", ");
      context_.problems.add(entry.position, message + more);
    }
  }

 private:
  std::string child(const std::string& name) const { return key_.empty() ? name : key_ + "." + name; }

  bool has(const std::string& name) const { return std::find(names_.begin(), names_.end(), name) != names_.end(); }

  /// What a written key means here.
  std::string resolve(const std::string& written) const {
    if (has(written)) return written;
    const std::string canonical = canonical_name(written);
    return has(canonical) ? canonical : written;
  }

  Context& context_;
  const Node& map_;
  const std::string key_;
  const std::vector<std::string> names_;
  std::set<std::string> known_;
};

constexpr auto kNoHint = [](const std::string&) { return std::string(); };

template <Fields T>
void read_value(Context& context, const Node& value, const std::string& key, T& out) {
  if (value.kind != Node::Kind::map) return context.wrong_type(value, key, "a map of options");
  StructReader reader(context, value, key, field_names(out));
  T::fields(out, reader);
  reader.report_unknown_keys(kNoHint);
}

template <class T>
void read_value(Context& context, const Node& value, const std::string& key, std::optional<T>& out) {
  if (value.is_null()) return out.reset();
  read_value(context, value, key, out.emplace());
  if constexpr (!Fields<T>)
    if (context.problems.is_unknown(key)) out.reset();
}

template <class T>
void read_value(Context& context, const Node& value, const std::string& key, std::vector<T>& out) {
  if (value.kind != Node::Kind::list)
    return context.wrong_type(value, key, "a list of maps, each beginning with '- type: '");
  out.assign(value.items.size(), T{});
  for (size_t i = 0; i < out.size(); ++i) {
    const std::string item_key = key + "." + std::to_string(i);
    context.recipe.origins[item_key] = value.items[i].position;
    read_value(context, value.items[i], item_key, out[i]);
  }
}

/// "; it is an option of grpo stages" for a key that another stage type has.
std::string other_stage_hint(const std::string& type, const std::string& key) {
  std::vector<std::string> owners;
  for (const std::string& other : stage_types()) {
    const std::vector<std::string> names = stage_field_names(other);
    if (other != type && std::find(names.begin(), names.end(), canonical_name(key)) != names.end())
      owners.push_back(other);
  }
  return owners.empty()
             ? ""
             : fmt::format("; it is an option of {} stages, this one is of type {}", join(owners, " and "), type);
}

void read_stage(Context& context, const Node& value, const std::string& key, StageConfig& stage) {
  if (value.kind != Node::Kind::map) return context.wrong_type(value, key, "a map beginning with '- type: '");
  const bool known_type = make_stage(stage);
  std::vector<std::string> names = field_names(stage);
  for (std::string& name : stage_field_names(stage.type)) names.push_back(std::move(name));
  StructReader reader(context, value, key, std::move(names));
  StageConfig::fields(stage, reader);
  if (!known_type) return;  // which keys are right depends on the type
  with_stage(stage, [&](auto& config) { reader.inline_struct(config); });
  reader.report_unknown_keys([&](const std::string& name) { return other_stage_hint(stage.type, name); });
}

void read_value(Context& context, const Node& value, const std::string& key, std::vector<StageConfig>& out) {
  if (value.kind != Node::Kind::list)
    return context.wrong_type(value, key, "a list of stages, each beginning with '- type: '");
  out.assign(value.items.size(), StageConfig{});
  const auto text_of = [](const Node& map, const char* name) {
    const Node* found = map.find(name);
    return found && found->kind == Node::Kind::scalar && !found->is_null() ? found->text : std::string();
  };
  for (size_t i = 0; i < out.size(); ++i) {  // names first: they are part of the keys
    out[i].type = text_of(value.items[i], "type");
    out[i].name = text_of(value.items[i], "name");
    if (out[i].name.empty()) out[i].name = out[i].type;
  }
  const std::vector<std::string> keys = stage_keys(out);
  for (size_t i = 0; i < out.size(); ++i) {
    context.recipe.origins[keys[i]] = value.items[i].position;
    read_stage(context, value.items[i], keys[i], out[i]);
  }
}

}  // namespace

void read_recipe(const Node& root, Recipe& recipe, Problems& problems) {
  recipe.origins[""] = root.position;
  Context context{recipe, problems};
  read_value(context, root, "", recipe);
}

}  // namespace hone::config
