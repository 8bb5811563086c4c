#include "hone/options.h"

#include <cmath>

#include "base/check.h"
#include "base/jsonl.h"
#include "base/text.h"

namespace hone {
namespace {

std::string show(const nlohmann::json& value) { return quote_for_message(dump_json(value), 60); }

std::string range_text(const Bounds& bounds) {
  const bool low = std::isfinite(bounds.low), high = std::isfinite(bounds.high);
  if (low && high)
    return fmt::format(" in {}{}, {}{}", bounds.open_low ? '(' : '[', bounds.low, bounds.high,
                       bounds.open_high ? ')' : ']');
  if (low) return fmt::format(" {} {}", bounds.open_low ? ">" : ">=", bounds.low);
  if (high) return fmt::format(" {} {}", bounds.open_high ? "<" : "<=", bounds.high);
  return "";
}

bool inside(double x, const Bounds& bounds) {
  return (bounds.open_high ? x < bounds.high : x <= bounds.high) &&
         (bounds.open_low ? x > bounds.low : x >= bounds.low);
}

}  // namespace

OptionReader::OptionReader(const nlohmann::json& json, std::string where) : json_(json), where_(std::move(where)) {
  HONE_CHECK(json.is_object() || json.is_null(), ErrorKind::recipe, "{}: expected an object of options, got {}", where_,
             show(json));
}

const nlohmann::json* OptionReader::find(const char* name) {
  if (known_.empty() || known_.back() != name) known_.emplace_back(name);  // an optional field asks twice
  const auto it = json_.find(name);                                        // end() for null
  return it == json_.end() ? nullptr : &*it;
}

void OptionReader::operator()(const char* name, bool& value, const char*) {
  const auto* json = find(name);
  if (!json) return;
  HONE_CHECK(json->is_boolean(), ErrorKind::recipe, "{}: {}: expected true or false, got {}", where_, name,
             show(*json));
  value = json->get<bool>();
}

void OptionReader::operator()(const char* name, int64_t& value, const char*, const Bounds& bounds) {
  const auto* json = find(name);
  if (!json) return;
  // Integers past 2^63 are kept unsigned by the parser; they are as wrong here as a fraction is.
  const bool usable = json->is_number_integer() &&
                      (!json->is_number_unsigned() || json->get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX));
  HONE_CHECK(usable && inside(static_cast<double>(json->get<int64_t>()), bounds), ErrorKind::recipe,
             "{}: {}: expected a whole number{}, got {}", where_, name, range_text(bounds), show(*json));
  value = json->get<int64_t>();
}

void OptionReader::operator()(const char* name, double& value, const char*, const Bounds& bounds) {
  const auto* json = find(name);
  if (!json) return;
  HONE_CHECK(json->is_number() && std::isfinite(json->get<double>()) && inside(json->get<double>(), bounds),
             ErrorKind::recipe, "{}: {}: expected a number{}, got {}", where_, name, range_text(bounds), show(*json));
  value = json->get<double>();
}

namespace {

/// Names outside `bounds.names` are typos; an empty list allows every text.
void check_name(const std::string& value, const Bounds& bounds, const std::string& where, const char* name) {
  if (bounds.names.empty()) return;
  const bool known = std::find(bounds.names.begin(), bounds.names.end(), value) != bounds.names.end();
  HONE_CHECK(known, ErrorKind::recipe, "{}: {}: expected one of {}, got {}{}", where, name, join(bounds.names, ", "),
             quote_for_message(value), did_you_mean(value, bounds.names));
}

}  // namespace

void OptionReader::operator()(const char* name, std::string& value, const char*, const Bounds& bounds) {
  const auto* json = find(name);
  if (!json) return;
  HONE_CHECK(json->is_string(), ErrorKind::recipe, "{}: {}: expected text, got {}", where_, name, show(*json));
  check_name(json->get_ref<const std::string&>(), bounds, where_, name);
  value = json->get<std::string>();
}

void OptionReader::operator()(const char* name, std::vector<std::string>& value, const char*, const Bounds& bounds) {
  const auto* json = find(name);
  if (!json) return;
  HONE_CHECK(json->is_array() && !json->empty(), ErrorKind::recipe, "{}: {}: expected a list of texts, got {}", where_,
             name, show(*json));
  std::vector<std::string> values;
  for (const auto& item : *json) {
    HONE_CHECK(item.is_string(), ErrorKind::recipe, "{}: {}: expected a list of texts, got {} in it", where_, name,
               show(item));
    check_name(item.get_ref<const std::string&>(), bounds, where_, name);
    values.push_back(item.get<std::string>());
  }
  value = std::move(values);
}

void OptionReader::finish() const {
  if (json_.is_null()) return;
  for (const auto& [key, value] : json_.items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    fail(ErrorKind::recipe, "{}: unknown option {}{} (known: {})", where_, quote_for_message(key),
         did_you_mean(key, known_), known_.empty() ? "none" : join(known_, ", "));
  }
}

}  // namespace hone
