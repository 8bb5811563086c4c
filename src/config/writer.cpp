// Recipe -> JSON and YAML with every default filled in, by the order of the `fields` lists.
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "config/fields.h"
#include "config/stages.h"
#include "hone/recipe.h"

namespace hone {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json write_value(const T& value);

class StructWriter {
 public:
  Json out = Json::object();

  template <class T>
  void operator()(const char* name, const T& member, const char*, const Bounds& = {}) {
    out[name] = write_value(member);
  }
  template <class T>
  void inline_struct(const T& c) {
    T::fields(c, *this);
  }
  void rest(const nlohmann::json& options, const char*) {
    for (const auto& [key, value] : options.items())
      if (!out.contains(key)) out[key] = Json(value);
  }
};

template <config::Fields T>
Json write_struct(const T& c) {
  StructWriter writer;
  T::fields(c, writer);
  if constexpr (std::is_same_v<T, StageConfig>)
    config::with_stage(c, [&](const auto& stage) { writer.inline_struct(stage); });
  return std::move(writer.out);
}

template <class T>
Json write_list(const std::vector<T>& list) {
  Json out = Json::array();
  for (const T& item : list) out.push_back(write_value(item));
  return out;
}

template <class T>
Json write_optional(const std::optional<T>& value) {
  return value ? write_value(*value) : Json(nullptr);
}

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class T>
Json write_value(const T& value) {
  if constexpr (config::Fields<T>)
    return write_struct(value);
  else if constexpr (IsVector<T>::value)
    return write_list(value);
  else if constexpr (IsOptional<T>::value)
    return write_optional(value);
  else
    return Json(value);
}

/// Whether YAML readers of every version take the bare text for itself.
bool is_plain_text(const std::string& text) {
  static const std::set<std::string> kReserved = {"null", "true", "false", "yes", "no", "on",
                                                  "off",  "y",    "n",     "inf", "nan"};
  std::string lower;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/';
    const bool other = (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (!letter && (lower.empty() || !other)) return false;
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return !text.empty() && !kReserved.contains(lower);
}

/// Double-quoted, so that every YAML reader gets the same characters: controls and Unicode line breaks are escaped.
std::string quote_yaml(const std::string& text) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::string_view rest = std::string_view(text).substr(i);
    if (byte == '"' || byte == '\\')
      out += {'\\', text[i]};
    else if (byte == '\n')
      out += "\\n";
    else if (byte == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7F)
      out += fmt::format("\\x{:02x}", byte);
    else if (rest.starts_with("\xC2") && rest.size() > 1 && static_cast<unsigned char>(rest[1]) < 0xA0)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[++i]));
    else if (rest.starts_with("\xE2\x80\xA8"))
      out += "\\u2028", i += 2;
    else if (rest.starts_with("\xE2\x80\xA9"))
      out += "\\u2029", i += 2;
    else if (rest.starts_with("\xEF\xBB\xBF"))
      out += "\\ufeff", i += 2;
    else
      out += text[i];
  }
  return out + "\"";
}

std::string scalar_text(const Json& value) {
  if (!value.is_string()) return value.dump();
  const std::string text = replace_invalid_utf8(value.get_ref<const std::string&>());
  return is_plain_text(text) ? text : quote_yaml(text);
}

void write_yaml(const Json& value, const std::string& indent, std::string& out);

/// What stands after "key:" or "-".
void write_yaml_value(const Json& value, const std::string& indent, std::string& out) {
  if (!value.is_structured() || value.empty()) {
    out += " " + scalar_text(value) + "\n";
    return;
  }
  out += "\n";
  write_yaml(value, indent, out);
}

void write_yaml(const Json& value, const std::string& indent, std::string& out) {
  if (value.is_array()) {
    for (const Json& item : value) {
      out += indent + "-";
      if (item.is_object() && !item.empty()) {  // the first key stands beside the dash
        std::string entries;
        write_yaml(item, indent + "  ", entries);
        out += " " + entries.substr(indent.size() + 2);
      } else {
        write_yaml_value(item, indent + "  ", out);
      }
    }
    return;
  }
  for (const auto& [key, item] : value.items()) {
    out += indent + scalar_text(key) + ":";
    write_yaml_value(item, indent + "  ", out);
  }
}

}  // namespace

nlohmann::json recipe_to_json(const Recipe& recipe) { return nlohmann::json(write_struct(recipe)); }

std::string recipe_to_yaml(const Recipe& recipe) {
  std::string out;
  write_yaml(write_struct(recipe), "", out);
  return out;
}

}  // namespace hone
