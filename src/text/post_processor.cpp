#include "text/post_processor.h"

#include <limits>

#include "base/check.h"
#include "base/text.h"
#include "text/json_fields.h"

namespace hone {
namespace {

int32_t token_id(const nlohmann::json& json, const std::string& where) {
  const int64_t id = json_integer(json, where);
  HONE_CHECK(id >= 0 && id <= std::numeric_limits<int32_t>::max(), ErrorKind::format, "{}: {} is no token id", where,
             id);
  return static_cast<int32_t>(id);
}

/// ["[SEP]", 102]
int32_t named_token(const JsonFields& fields, const char* key) {
  const nlohmann::json& pair = fields.array(key);
  HONE_CHECK(pair.size() == 2, ErrorKind::format, "{}: expected [token, id]", fields.path(key));
  return token_id(pair[1], fields.path(key));
}

std::vector<int32_t> special_ids(const JsonFields& fields, const std::string& name) {
  const JsonFields table(fields.at("special_tokens"), fields.path("special_tokens"));
  const JsonFields token(table.at(name.c_str()), table.path(name.c_str()));
  std::vector<int32_t> ids;
  for (const auto& id : token.array("ids")) ids.push_back(token_id(id, token.path("ids")));
  return ids;
}

PostProcessor template_processing(const JsonFields& fields) {
  PostProcessor result;
  bool seen_text = false;
  for (const auto& piece : fields.array("single")) {
    const JsonFields item(piece, fields.path("single"));
    if (const nlohmann::json* special = item.find("SpecialToken")) {
      const std::string name = JsonFields(*special, item.path("SpecialToken")).text("id");
      const std::vector<int32_t> ids = special_ids(fields, name);
      std::vector<int32_t>& side = seen_text ? result.suffix : result.prefix;
      side.insert(side.end(), ids.begin(), ids.end());
    } else {
      const std::string id = JsonFields(item.at("Sequence"), item.path("Sequence")).text("id");
      HONE_CHECK(id == "A" && !seen_text, ErrorKind::format, "{}: a template for one text holds the sequence A once",
                 fields.path("single"));
      seen_text = true;
    }
  }
  HONE_CHECK(seen_text, ErrorKind::format, "{}: the sequence A is missing", fields.path("single"));
  return result;
}

PostProcessor sequence(const JsonFields& fields) {
  PostProcessor result;
  size_t index = 0;
  for (const auto& step : fields.array("processors")) {
    PostProcessor outer = read_post_processor(step, fmt::format("{}.processors[{}]", fields.where(), index++));
    result.prefix.insert(result.prefix.begin(), outer.prefix.begin(), outer.prefix.end());
    result.suffix.insert(result.suffix.end(), outer.suffix.begin(), outer.suffix.end());
  }
  return result;
}

}  // namespace

PostProcessor read_post_processor(const nlohmann::json& json, const std::string& where) {
  if (json.is_null()) return {};
  const JsonFields fields(json, where);
  const std::string type = fields.text("type");
  if (type == "ByteLevel") return {};  // only trims offsets
  if (type == "TemplateProcessing") return template_processing(fields);
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    return {{named_token(fields, "cls")}, {named_token(fields, "sep")}};
  }
  if (type == "Sequence") return sequence(fields);
  fail(ErrorKind::format, "{}: unknown post-processor {}", where, quote_for_message(type));
}

}  // namespace hone
