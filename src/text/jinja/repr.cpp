// Python's str() and repr().
#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "text/jinja/unicode.h"
#include "text/jinja/value.h"

namespace hone::jinja {
namespace {

std::string joined(const std::vector<Value>& items) {
  std::string out;
  for (const Value& item : items) {
    if (!out.empty()) out += ", ";
    out += repr(item);
  }
  return out;
}

std::string repr(const Sequence& sequence) {
  if (!sequence.tuple) return "[" + joined(sequence.items) + "]";
  return "(" + joined(sequence.items) + (sequence.items.size() == 1 ? ",)" : ")");
}

std::string repr(const Dict& dict) {
  std::string out = "{";
  for (const auto& [key, value] : dict.items) {
    if (out.size() > 1) out += ", ";
    out += jinja::repr(key) + ": " + jinja::repr(value);
  }
  return out + "}";
}

void append_escaped(std::string& out, char32_t c, char quote) {
  if (c == '\\' || c == static_cast<char32_t>(quote)) {
    out.push_back('\\');
    out.push_back(static_cast<char>(c));
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (c == '\t') {
    out += "\\t";
  } else if (is_printable(c)) {
    append_utf8(out, c);
  } else if (c < 0x100) {
    out += fmt::format("\\x{:02x}", static_cast<uint32_t>(c));
  } else if (c < 0x10000) {
    out += fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
  } else {
    out += fmt::format("\\U{:08x}", static_cast<uint32_t>(c));
  }
}

}  // namespace

std::string repr(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for (size_t at = 0; at < text.size();) append_escaped(out, next_char(text, at), quote);
  out.push_back(quote);
  return out;
}

// The shortest digits that read back as the same double, with an exponent below 1e-4 and from 1e16 on.
std::string repr(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  std::array<char, 64> buffer;
  const auto scientific =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
  const std::string text(buffer.data(), scientific.ptr);
  const int exponent = std::stoi(text.substr(text.find('e') + 1));
  if (number != 0 && (exponent < -4 || exponent >= 16)) return text;
  const auto fixed = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed);
  std::string out(buffer.data(), fixed.ptr);
  if (out.find('.') == std::string::npos) out += ".0";
  return out;
}

std::string repr(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
      return "Undefined";
    case Kind::none:
      return "None";
    case Kind::boolean:
      return value.boolean() ? "True" : "False";
    case Kind::integer:
      return std::to_string(value.integer());
    case Kind::real:
      return repr(value.real());
    case Kind::text:
      return value.is_safe() ? "Markup(" + repr(value.text()) + ")" : repr(value.text());
    case Kind::sequence:
      return repr(value.sequence());
    case Kind::dict:
      return repr(value.dict());
    case Kind::object:
      return value.object()->repr();
  }
  return "?";
}

std::string to_text(const Value& value) {
  if (value.is_undefined()) return "";
  return value.is_text() ? value.text() : repr(value);
}

}  // namespace hone::jinja
