#include "text/jinja/json_text.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/text.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/operators.h"
#include "text/jinja/unicode.h"

namespace hone::jinja {
namespace {

class JsonWriter {
 public:
  JsonWriter(Interpreter& interpreter, const JsonStyle& style) : interpreter_(interpreter), style_(style) {}

  void write(const Value& value, int level) {
    switch (value.kind()) {
      case Kind::none:
        out_ += "null";
        return;
      case Kind::boolean:
        out_ += value.boolean() ? "true" : "false";
        return;
      case Kind::integer:
        out_ += std::to_string(value.integer());
        return;
      case Kind::real:
        out_ += real(value.real());
        return;
      case Kind::text:
        quote(value.text());
        return;
      case Kind::sequence:
        sequence(value.sequence(), level);
        return;
      case Kind::dict:
        dict(value.dict(), level);
        return;
      case Kind::undefined:
      case Kind::object:
        fail(ErrorKind::data, "tojson: '{}' is not JSON serializable", type_name(value));
    }
  }

  std::string take() { return std::move(out_); }

 private:
  static std::string real(double number) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
    return repr(number);
  }

  void quote(std::string_view text) {
    out_.push_back('"');
    for (size_t at = 0; at < text.size();) append_escaped(next_char(text, at));
    out_.push_back('"');
  }

  void append_escaped(char32_t c) {
    switch (c) {
      case '"':
        out_ += "\\\"";
        return;
      case '\\':
        out_ += "\\\\";
        return;
      case '\n':
        out_ += "\\n";
        return;
      case '\r':
        out_ += "\\r";
        return;
      case '\t':
        out_ += "\\t";
        return;
      case '\f':
        out_ += "\\f";
        return;
      case '\b':
        out_ += "\\b";
        return;
      default:
        break;
    }
    if (c >= 0x20 && (c < 0x7f || !style_.ensure_ascii)) return append_utf8(out_, c);
    if (c < 0x10000) return escape_unit(c);
    escape_unit(0xD800 + ((c - 0x10000) >> 10));
    escape_unit(0xDC00 + ((c - 0x10000) & 0x3FF));
  }

  void escape_unit(char32_t unit) { out_ += fmt::format("\\u{:04x}", static_cast<uint32_t>(unit)); }

  void separate(const std::string& separator) {
    interpreter_.budget().charge_bytes(separator.size());
    out_ += separator;
  }

  void line(int level) {
    if (!style_.indent) return;
    interpreter_.budget().charge_bytes(style_.indent->size() * static_cast<size_t>(level));
    out_.push_back('\n');
    for (int i = 0; i < level; ++i) out_ += *style_.indent;
  }

  void sequence(const Sequence& sequence, int level) {
    out_.push_back('[');
    bool first = true;
    for (const Value& item : sequence.items) {
      if (!std::exchange(first, false)) separate(style_.item_separator);
      line(level + 1);
      write(item, level + 1);
    }
    if (!first) line(level);
    out_.push_back(']');
  }

  void dict(const Dict& dict, int level) {
    std::vector<const std::pair<Value, Value>*> items;
    for (const auto& item : dict.items) items.push_back(&item);
    if (style_.sort_keys) {
      std::stable_sort(items.begin(), items.end(),
                       [&](const auto* a, const auto* b) { return less(interpreter_, a->first, b->first); });
    }
    out_.push_back('{');
    bool first = true;
    for (const auto* item : items) {
      if (!std::exchange(first, false)) separate(style_.item_separator);
      line(level + 1);
      key(item->first);
      separate(style_.key_separator);
      write(item->second, level + 1);
    }
    if (!first) line(level);
    out_.push_back('}');
  }

  // Keys that are not text become text, as in Python.
  void key(const Value& key) {
    switch (key.kind()) {
      case Kind::text:
        return quote(key.text());
      case Kind::none:
        return quote("null");
      case Kind::boolean:
        return quote(key.boolean() ? "true" : "false");
      case Kind::integer:
        return quote(std::to_string(key.integer()));
      case Kind::real:
        return quote(real(key.real()));
      default:
        fail(ErrorKind::data, "tojson: keys must be str, int, float, bool or none, not {}", type_name(key));
    }
  }

  Interpreter& interpreter_;
  const JsonStyle& style_;
  std::string out_;
};

Value text_from_json(const std::string& text, const std::string& path) {
  const size_t valid = valid_utf8_prefix(text);
  HONE_CHECK(valid == text.size(), ErrorKind::data, "{}: not UTF-8 at byte {}", path, valid);
  return Value::text(text);
}

Value convert(const nlohmann::ordered_json& json, const std::string& path, int depth) {
  constexpr int kMaxDepth = 200;
  HONE_CHECK(depth <= kMaxDepth, ErrorKind::data, "{}: nested more than {} deep", path, kMaxDepth);
  using Type = nlohmann::ordered_json::value_t;
  switch (json.type()) {
    case Type::null:
      return None{};
    case Type::boolean:
      return json.get<bool>();
    case Type::number_integer:
      return json.get<int64_t>();
    case Type::number_unsigned: {
      const auto number = json.get<uint64_t>();
      HONE_CHECK(number <= INT64_MAX, ErrorKind::data, "{}: {} does not fit in 64 bits", path, number);
      return static_cast<int64_t>(number);
    }
    case Type::number_float:
      return json.get<double>();
    case Type::string:
      return text_from_json(json.get_ref<const std::string&>(), path);
    case Type::array: {
      std::vector<Value> items;
      items.reserve(json.size());
      for (size_t i = 0; i < json.size(); ++i) items.push_back(convert(json[i], path, depth + 1));
      return Value::list(std::move(items));
    }
    case Type::object: {
      std::vector<std::pair<Value, Value>> items;
      items.reserve(json.size());
      for (const auto& [key, value] : json.items()) {
        items.emplace_back(text_from_json(key, path), convert(value, path, depth + 1));
      }
      return Value::dict(std::move(items));
    }
    default:
      fail(ErrorKind::data, "{}: binary JSON values have no place in a template", path);
  }
}

}  // namespace

std::string to_json_text(Interpreter& interpreter, const Value& value, const JsonStyle& style) {
  interpreter.budget().charge(weight_of(value));
  JsonWriter writer(interpreter, style);
  writer.write(value, 0);
  return writer.take();
}

Value from_json(const nlohmann::ordered_json& json, const std::string& path) { return convert(json, path, 0); }

}  // namespace hone::jinja
