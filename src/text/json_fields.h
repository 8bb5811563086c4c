// Typed reads from a tokenizer's JSON; every error says which part of the file is wrong.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace hone {

/// One JSON object and the path to it ("pre_tokenizer.pretokenizers[1]"). Borrows the value.
class JsonFields {
 public:
  /// Error(format) if `value` is not an object.
  JsonFields(const nlohmann::json& value, std::string where);

  const std::string& where() const { return where_; }
  const nlohmann::json& json() const { return value_; }

  /// The member, or nullptr if it is absent or null.
  const nlohmann::json* find(const char* key) const;
  const nlohmann::json& at(const char* key) const;  // Error(format) if absent or null
  std::string path(const char* key) const { return where_ + "." + key; }

  bool boolean(const char* key, bool otherwise) const;
  std::string text(const char* key) const;
  std::string text(const char* key, const std::string& otherwise) const;
  int64_t integer(const char* key) const;
  int64_t integer(const char* key, int64_t otherwise) const;
  const nlohmann::json& array(const char* key) const;

 private:
  const nlohmann::json& value_;
  std::string where_;
};

/// The value as text, integer or number; Error(format) naming `where` otherwise.
const std::string& json_text(const nlohmann::json& value, const std::string& where);
int64_t json_integer(const nlohmann::json& value, const std::string& where);
double json_number(const nlohmann::json& value, const std::string& where);

/// For long lists: the place is spelled out, by where(), only if something is wrong.
template <std::invocable Where>
const std::string& json_text(const nlohmann::json& value, const Where& where) {
  return value.is_string() ? value.get_ref<const std::string&>() : json_text(value, where());
}
template <std::invocable Where>
double json_number(const nlohmann::json& value, const Where& where) {
  return value.is_number() ? value.get<double>() : json_number(value, where());
}
template <std::invocable Where>
int64_t json_integer(const nlohmann::json& value, const Where& where) {
  const bool plain = value.is_number_integer() && !(value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX);
  return plain ? value.get<int64_t>() : json_integer(value, where());
}

}  // namespace hone
