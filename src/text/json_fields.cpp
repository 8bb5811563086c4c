#include "text/json_fields.h"

#include <limits>

#include "base/check.h"
#include "base/jsonl.h"
#include "base/text.h"

namespace hone {
namespace {

[[noreturn]] void wrong(const std::string& where, const char* expected, const nlohmann::json& value) {
  // Only small values are spelled out: a message must not dump a vocabulary.
  const std::string shown = value.is_structured() ? value.type_name() : quote_for_message(dump_json(value), 40);
  fail(ErrorKind::format, "{}: expected {}, got {}", where, expected, shown);
}

}  // namespace

JsonFields::JsonFields(const nlohmann::json& value, std::string where) : value_(value), where_(std::move(where)) {
  if (!value.is_object()) wrong(where_, "an object", value);
}

const nlohmann::json* JsonFields::find(const char* key) const {
  const auto found = value_.find(key);
  return found == value_.end() || found->is_null() ? nullptr : &*found;
}

const nlohmann::json& JsonFields::at(const char* key) const {
  const nlohmann::json* found = find(key);
  HONE_CHECK(found != nullptr, ErrorKind::format, "{}: '{}' is missing", where_, key);
  return *found;
}

bool JsonFields::boolean(const char* key, bool otherwise) const {
  const nlohmann::json* found = find(key);
  if (found == nullptr) return otherwise;
  if (!found->is_boolean()) wrong(path(key), "true or false", *found);
  return found->get<bool>();
}

std::string JsonFields::text(const char* key) const { return json_text(at(key), path(key)); }

std::string JsonFields::text(const char* key, const std::string& otherwise) const {
  return find(key) == nullptr ? otherwise : text(key);
}

int64_t JsonFields::integer(const char* key) const { return json_integer(at(key), path(key)); }

int64_t JsonFields::integer(const char* key, int64_t otherwise) const {
  return find(key) == nullptr ? otherwise : integer(key);
}

const nlohmann::json& JsonFields::array(const char* key) const {
  const nlohmann::json& value = at(key);
  if (!value.is_array()) wrong(path(key), "a list", value);
  return value;
}

const std::string& json_text(const nlohmann::json& value, const std::string& where) {
  if (!value.is_string()) wrong(where, "a string", value);
  return value.get_ref<const std::string&>();
}

int64_t json_integer(const nlohmann::json& value, const std::string& where) {
  const bool too_large = value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX};
  if (!value.is_number_integer() || too_large) wrong(where, "an integer", value);
  return value.get<int64_t>();
}

double json_number(const nlohmann::json& value, const std::string& where) {
  if (!value.is_number()) wrong(where, "a number", value);
  return value.get<double>();
}

}  // namespace hone
