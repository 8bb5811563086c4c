#include "reward/code/compare.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <vector>

#include "base/check.h"
#include "base/jsonl.h"

namespace hone {
namespace {

using nlohmann::json;

constexpr std::string_view kSpace = " \t\r\n\f\v";

std::string_view without_end(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kSpace) + 1);  // npos + 1 is 0
}

std::string_view take_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return without_end(line);
}

std::string_view take_token(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  const std::string_view token = text.substr(0, text.find_first_of(kSpace));
  text.remove_prefix(token.size());
  return token;
}

/// The content of {tag: content}; null if it has another tag.
const json* tagged(const json& encoded, const char* tag) {
  if (!encoded.is_object() || encoded.size() != 1 || encoded.begin().key() != tag) return nullptr;
  return &encoded.begin().value();
}

const json* items_of(const json& encoded) {
  if (encoded.is_array()) return &encoded;
  for (const char* tag : {"t", "q"}) {
    if (const json* items = tagged(encoded, tag); items && items->is_array()) return items;
  }
  return nullptr;
}

std::optional<double> as_double(const json& encoded) {
  if (encoded.is_number()) return encoded.get<double>();
  for (const char* tag : {"i", "f"}) {
    const json* text = tagged(encoded, tag);
    if (text && text->is_string()) return std::strtod(text->get_ref<const std::string&>().c_str(), nullptr);
  }
  return std::nullopt;
}

bool same_number(const json& encoded, const json& expected, double tolerance) {
  const auto value = as_double(encoded);
  if (!value) return false;
  if (encoded.is_number_integer() && expected.is_number_integer()) return encoded == expected;
  const double other = expected.get<double>();
  const bool integers = !encoded.is_number_float() && !tagged(encoded, "f") && expected.is_number_integer();
  if (integers) {  // of 53 bits and more: exactly, as far as the record holds them
    const json* text = tagged(encoded, "i");
    const bool negative = text->get_ref<const std::string&>().starts_with("-");
    char* end = nullptr;
    errno = 0;
    const std::string digits = text->get<std::string>().substr(negative ? 1 : 0);
    const uint64_t magnitude = std::strtoull(digits.c_str(), &end, 16);
    if (errno != 0 || *end != '\0') return false;
    return negative ? expected.is_number_integer() && !expected.is_number_unsigned() &&
                          magnitude == 0 - static_cast<uint64_t>(expected.get<int64_t>())
                    : expected.is_number_unsigned() && magnitude == expected.get<uint64_t>();
  }
  return *value == other || std::abs(*value - other) <= tolerance * std::max(1.0, std::abs(other));
}

/// The text of a value for comparing sets; nothing for what has no JSON form.
std::optional<std::string> plain_text(const json& encoded) {
  if (encoded.is_primitive()) return dump_json(encoded);
  const json* items = items_of(encoded);
  if (!items) return std::nullopt;
  std::string text = "[";
  for (const json& item : *items) {
    const auto part = plain_text(item);
    if (!part) return std::nullopt;
    text += (text.size() > 1 ? "," : "") + *part;
  }
  return text + "]";
}

bool same_set(const json& items, const json& expected) {
  if (!expected.is_array() || items.size() != expected.size()) return false;
  std::vector<std::string> left, right;
  for (const json& item : items) {
    const auto text = plain_text(item);
    if (!text) return false;
    left.push_back(*text);
  }
  for (const json& item : expected) right.push_back(dump_json(item));
  std::ranges::sort(left);
  std::ranges::sort(right);
  return left == right;
}

bool same_dictionary(const json& pairs, const json& expected, double tolerance) {
  if (!expected.is_object() || pairs.size() != expected.size()) return false;
  return std::ranges::all_of(pairs, [&](const json& pair) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_primitive()) return false;
    const auto found = expected.find(pair[0].is_string() ? pair[0].get<std::string>() : dump_json(pair[0]));
    return found != expected.end() && same_value(pair[1], *found, tolerance);
  });
}

}  // namespace

OutputRule output_rule_from_name(std::string_view name) {
  if (name == "lines") return OutputRule::lines;
  if (name == "tokens") return OutputRule::tokens;
  HONE_ASSERT(name == "exact");
  return OutputRule::exact;
}

bool same_output(std::string_view output, std::string_view expected, OutputRule rule) {
  if (rule == OutputRule::exact) return output == expected;
  output = without_end(output);
  expected = without_end(expected);
  const auto take = rule == OutputRule::lines ? take_line : take_token;
  while (!output.empty() && !expected.empty()) {
    if (take(output) != take(expected)) return false;
  }
  return output.empty() && expected.empty();
}

bool same_value(const json& encoded, const json& expected, double tolerance) {
  if (expected.is_number()) return same_number(encoded, expected, tolerance);
  if (expected.is_array()) {
    for (const char* tag : {"s", "z"}) {
      if (const json* items = tagged(encoded, tag); items && items->is_array()) return same_set(*items, expected);
    }
    const json* items = items_of(encoded);
    return items && items->size() == expected.size() &&
           std::equal(items->begin(), items->end(), expected.begin(),
                      [&](const json& a, const json& b) { return same_value(a, b, tolerance); });
  }
  if (expected.is_object()) {
    const json* pairs = tagged(encoded, "d");
    return pairs && pairs->is_array() && same_dictionary(*pairs, expected, tolerance);
  }
  return encoded == expected;  // null, true, false, text
}

json encode_value(const json& value) {
  if (value.is_array()) {
    json items = json::array();
    for (const json& item : value) items.push_back(encode_value(item));
    return items;
  }
  if (!value.is_object()) return value;
  json pairs = json::array();
  for (const auto& [key, item] : value.items()) pairs.push_back({key, encode_value(item)});
  return {{"d", std::move(pairs)}};
}

}  // namespace hone
