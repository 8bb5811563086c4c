#include "text/hf_settings.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/files.h"
#include "base/jsonl.h"
#include "base/text.h"
#include "text/json_fields.h"
#include "text/tokenizer_json.h"

namespace hone {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// The file's JSON object, or an empty one if there is no such file; its bytes are kept if `keep` is given.
json read_object(const fs::path& folder, const char* name, std::vector<NamedFile>* keep = nullptr) {
  const fs::path path = folder / name;
  if (!fs::is_regular_file(path)) return json::object();
  std::string bytes = read_file(path);
  json value = parse_json(bytes, name, ErrorKind::format);
  HONE_CHECK(value.is_object(), ErrorKind::format, "{}: expected an object, got {}", name, value.type_name());
  if (keep != nullptr) keep->push_back({name, std::move(bytes)});
  return value;
}

/// "<s>" or {"content": "<s>", ...}
std::optional<std::string> token_string(const JsonFields& fields, const char* key) {
  const json* value = fields.find(key);
  if (value == nullptr || value->is_boolean()) return std::nullopt;
  return read_added_token(*value, fields.path(key)).content;
}

void read_token_names(const JsonFields& fields, HfSettings& settings) {
  const auto fill = [&](std::optional<std::string>& slot, const char* key) {
    if (!slot) slot = token_string(fields, key);
  };
  fill(settings.bos, "bos_token"), fill(settings.eos, "eos_token");
  fill(settings.pad, "pad_token"), fill(settings.unk, "unk_token");
}

AddedToken special_token(const json& value, const std::string& where) {
  AddedToken token = read_added_token(value, where);
  token.special = true;
  return token;
}

/// Tokens that must be found whole: added_tokens_decoder by id, then the named and the additional special ones.
void read_added_tokens(const JsonFields& fields, HfSettings& settings) {
  if (const json* table = fields.find("added_tokens_decoder")) {
    std::vector<AddedToken> tokens;
    for (const auto& [key, value] : JsonFields(*table, fields.path("added_tokens_decoder")).json().items()) {
      AddedToken token = read_added_token(value, fields.path("added_tokens_decoder"));
      const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), token.id);
      HONE_CHECK(error == std::errc() && *end == '\0', ErrorKind::format, "{}: {} is no token id",
                 fields.path("added_tokens_decoder"), quote_for_message(key));
      tokens.push_back(std::move(token));
    }
    std::sort(tokens.begin(), tokens.end(), [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
    settings.added_tokens = std::move(tokens);
  }
  for (const char* key : {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}) {
    const json* value = fields.find(key);
    if (value != nullptr && !value->is_boolean())
      settings.added_tokens.push_back(special_token(*value, fields.path(key)));
  }
  for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
    const json* value = fields.find(key);
    if (value == nullptr || !value->is_structured()) continue;
    for (const auto& token : *value) settings.added_tokens.push_back(special_token(token, fields.path(key)));
  }
}

void read_chat_template(const fs::path& folder, const JsonFields& config, HfSettings& settings) {
  const fs::path file = folder / "chat_template.jinja";
  if (fs::is_regular_file(file)) {
    settings.chat_template = read_file(file);
    settings.files.push_back({"chat_template.jinja", settings.chat_template});
    return;
  }
  const json* value = config.find("chat_template");
  if (value == nullptr) return;
  if (!value->is_array()) return void(settings.chat_template = json_text(*value, config.path("chat_template")));
  for (const auto& entry : *value) {  // several named templates
    const JsonFields named(entry, config.path("chat_template"));
    if (named.text("name") == "default") settings.chat_template = named.text("template");
  }
}

/// An id, or a list of them; anything else counts as absent.
std::vector<int32_t> id_list(const json& object, const char* key) {
  std::vector<int32_t> ids;
  const auto found = object.find(key);
  if (found == object.end()) return ids;
  const auto add = [&](const json& value) {
    if (!value.is_number_integer()) return;
    const int64_t id = value.get<int64_t>();
    if (id >= 0 && id <= INT32_MAX) ids.push_back(static_cast<int32_t>(id));
  };
  if (found->is_array()) {
    for (const auto& value : *found) add(value);
  } else {
    add(*found);
  }
  return ids;
}

void read_model_ids(const json& config, HfSettings& settings) {
  const auto fill = [&](std::optional<int32_t>& slot, const char* key) {
    const std::vector<int32_t> ids = id_list(config, key);
    if (!slot && !ids.empty()) slot = ids.front();
  };
  fill(settings.bos_id, "bos_token_id"), fill(settings.eos_id, "eos_token_id"), fill(settings.pad_id, "pad_token_id");
  const std::vector<int32_t> stops = id_list(config, "eos_token_id");
  settings.stop_ids.insert(settings.stop_ids.end(), stops.begin(), stops.end());
}

}  // namespace

HfSettings read_hf_settings(const fs::path& folder) {
  HfSettings settings;
  const json config_json = read_object(folder, "tokenizer_config.json", &settings.files);
  const JsonFields config(config_json, "tokenizer_config");
  read_token_names(config, settings);
  if (config.find("add_bos_token") != nullptr) settings.add_bos = config.boolean("add_bos_token", false);
  if (config.find("add_eos_token") != nullptr) settings.add_eos = config.boolean("add_eos_token", false);
  settings.legacy = config.boolean("legacy", false);
  read_added_tokens(config, settings);
  read_chat_template(folder, config, settings);

  const json map_json = read_object(folder, "special_tokens_map.json", &settings.files);
  const JsonFields map(map_json, "special_tokens_map");
  read_token_names(map, settings);
  read_added_tokens(map, settings);

  const json added = read_object(folder, "added_tokens.json", &settings.files);
  for (const auto& [token, id] : added.items()) {
    const int64_t number = json_integer(id, "added_tokens.json");
    HONE_CHECK(number >= 0 && number <= INT32_MAX, ErrorKind::format, "added_tokens.json: {} has id {}",
               quote_for_message(token, 40), number);
    settings.added_tokens.push_back({.content = token, .id = static_cast<int32_t>(number), .normalized = false});
  }
  read_model_ids(read_object(folder, "generation_config.json"), settings);
  read_model_ids(read_object(folder, "config.json"), settings);
  return settings;
}

void apply_hf_settings(const HfSettings& settings, TokenizerData& data, bool has_post_processor) {
  const auto known = [&](const std::optional<std::string>& name, const std::optional<int32_t>& id,
                         std::optional<int32_t> otherwise) {
    if (name) {
      if (const auto found = data.find(*name)) return found;
    }
    return id && data.token(*id) != nullptr ? id : otherwise;
  };
  data.bos = known(settings.bos, settings.bos_id, data.bos);
  data.eos = known(settings.eos, settings.eos_id, data.eos);
  data.pad = known(settings.pad, settings.pad_id, data.pad);
  data.unk = known(settings.unk, std::nullopt, data.unk);
  if (!settings.chat_template.empty()) data.chat_template = settings.chat_template;

  // As transformers: an explicit add_*_token replaces whatever tokenizer.json puts around a text.
  if (settings.add_bos || settings.add_eos || !has_post_processor) {
    data.post_processor = {};
    if (settings.add_bos.value_or(false) && data.bos) data.post_processor.prefix = {*data.bos};
    if (settings.add_eos.value_or(false) && data.eos) data.post_processor.suffix = {*data.eos};
  }
  set_stop_ids(data, settings.stop_ids);
}

}  // namespace hone
