#include "config/scalars.h"

#include <charconv>
#include <cmath>
#include <string>

#include "base/text.h"

namespace hone::config {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

size_t count_digits(std::string_view text, size_t from) {
  size_t end = from;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - from;
}

/// std::from_chars takes no leading plus.
std::string_view without_plus(std::string_view text) { return text.starts_with('+') ? text.substr(1) : text; }

bool is_integer(std::string_view text) {
  return is_number(text) && text.find_first_of(".eE") == std::string_view::npos;
}

template <class T>
std::optional<T> convert(std::string_view text) {
  text = without_plus(text);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

bool is_number(std::string_view text) {
  size_t i = text.starts_with('+') || text.starts_with('-') ? 1 : 0;
  const size_t whole = count_digits(text, i);
  if (whole > 1 && text[i] == '0') return false;  // 010 is 8 to some readers and 10 to others
  i += whole;
  size_t fraction = 0;
  if (i < text.size() && text[i] == '.') {
    fraction = count_digits(text, i + 1);
    i += 1 + fraction;
  }
  if (whole + fraction == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    const size_t exponent = count_digits(text, i);
    if (exponent == 0) return false;
    i += exponent;
  }
  return i == text.size();
}

std::optional<double> to_double(std::string_view text) {
  if (!is_number(text)) return std::nullopt;
  return convert<double>(text);
}

std::optional<int64_t> to_integer(std::string_view text) {
  if (is_integer(text)) return convert<int64_t>(text);
  const std::optional<double> value = to_double(text);
  constexpr double kExact = 9007199254740992.0;  // 2^53: every whole number below is a double of its own
  if (!value || std::abs(*value) >= kExact || std::trunc(*value) != *value) return std::nullopt;
  return static_cast<int64_t>(*value);
}

nlohmann::json to_json(const Node& node, Problems& problems) {
  if (node.kind == Node::Kind::list) {
    nlohmann::json list = nlohmann::json::array();
    for (const Node& item : node.items) list.push_back(to_json(item, problems));
    return list;
  }
  if (node.kind == Node::Kind::map) {
    nlohmann::json map = nlohmann::json::object();
    for (const Entry& entry : node.entries) map[entry.key] = to_json(entry.value, problems);
    return map;
  }
  if (node.style == Style::quoted) return node.text;
  if (node.is_null()) return nullptr;
  if (node.text == "true") return true;
  if (node.text == "false") return false;
  if (is_integer(node.text)) {
    if (const auto value = to_integer(node.text)) return *value;
  } else if (is_number(node.text)) {
    if (const auto value = to_double(node.text)) return *value;
  } else {
    return node.text;
  }
  problems.add(node.position, "the number " + quote_for_message(node.text) + " does not fit into 64 bits");
  return nullptr;
}

}  // namespace hone::config
