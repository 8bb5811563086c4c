// Filters on text.
#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "text/jinja/attribute_path.h"
#include "text/jinja/builtins.h"
#include "text/jinja/format.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/json_text.h"
#include "text/jinja/operators.h"
#include "text/jinja/params.h"
#include "text/jinja/unicode.h"

namespace hone::jinja {
namespace {

// markupsafe.soft_str: text stays as it is, the rest becomes text.
Value soft_text(Interpreter& interpreter, const Value& value) {
  if (value.is_text()) return value;
  interpreter.budget().charge(weight_of(value));
  return Value::text(to_text(value));
}

// A method of the text that the input becomes, under the filter's own name.
Value call_method(Interpreter& interpreter, const char* name, const Value& input, Args args) {
  const Value text = soft_text(interpreter, input);
  return find_method(text, name)(interpreter, text, std::move(args));
}

Value upper_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("upper", std::move(args), {});
  return call_method(i, "upper", input, {});
}

Value lower_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("lower", std::move(args), {});
  return call_method(i, "lower", input, {});
}

Value capitalize_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("capitalize", std::move(args), {});
  return call_method(i, "capitalize", input, {});
}

// Words begin after white space and - ( { [ <, unlike in str.title.
Value title_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("title", std::move(args), {});
  const Value text = soft_text(i, input);
  const auto splits = [](char32_t c) {
    return is_space(c) || std::u32string_view(U"-({[<").find(c) != std::u32string_view::npos;
  };
  std::string out;
  const std::u32string chars = decode(text.text());
  for (size_t at = 0; at < chars.size();) {
    const bool separators = splits(chars[at]);
    size_t end = at;
    while (end < chars.size() && splits(chars[end]) == separators) ++end;
    const std::u32string_view word = std::u32string_view(chars).substr(at, end - at);
    out += upper(encode(word.substr(0, 1))) + lower(encode(word.substr(1)));
    at = end;
  }
  return Value::text(std::move(out));
}

Value trim_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("trim", std::move(args), {"chars"});
  return call_method(i, "strip", input, {{params[0]}, {}});
}

Value replace_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("replace", std::move(args), {"old", "new", "count"}, 2);
  const auto plain = [&](const Value& v) {
    i.budget().charge(weight_of(v));
    return Value::text(to_text(v));
  };
  const Value count = params.has_value(2) ? params[2] : Value(-1);
  const Value text = plain(input);
  return find_method(text, "replace")(i, text, {{plain(params[0]), plain(params[1]), count}, {}});
}

Value string_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("string", std::move(args), {});
  return soft_text(i, input);
}

Value safe_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("safe", std::move(args), {});
  return Value::text(soft_text(i, input).text(), true);
}

Value escape_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("escape", std::move(args), {});
  if (input.is_safe()) return input;
  return Value::text(escape_html(soft_text(i, input).text()), true);
}

Value forceescape_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("forceescape", std::move(args), {});
  return Value::text(escape_html(soft_text(i, input).text()), true);
}

Value format_filter(Interpreter& i, const Value& input, Args args) {
  HONE_CHECK(args.positional.empty() || args.named.empty(), ErrorKind::data,
             "format: cannot handle positional and keyword arguments at the same time");
  Value values = Value::tuple(std::move(args.positional));
  if (!args.named.empty()) {
    std::vector<std::pair<Value, Value>> items;
    for (auto& [name, value] : args.named) items.emplace_back(Value::text(name), std::move(value));
    values = Value::dict(std::move(items));
  }
  return format_percent(i, soft_text(i, input), values);
}

Value join_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("join", std::move(args), {"d", "attribute"});
  const std::string separator = params.has(0) ? to_text(params[0]) : "";
  const AttributePath path(params[1]);
  std::string out;
  bool first = true;
  const auto items = i.iterate(input);
  for (Value item; items->next(item);) {
    if (!std::exchange(first, false)) out += separator;
    const Value part = path.get(i, item);
    i.budget().charge(weight_of(part) + static_cast<int64_t>(separator.size() / 64));
    out += to_text(part);
  }
  return Value::text(std::move(out));
}

Value indent_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("indent", std::move(args), {"width", "first", "blank"});
  HONE_CHECK(input.is_text() || !input.is_undefined(), ErrorKind::data, "{}", input.why());
  HONE_CHECK(input.is_text(), ErrorKind::data, "indent: expected a str, got {}", type_name(input));
  const int64_t width = params[0].is_text() ? 0 : params.integer(0, 4);
  i.budget().charge_bytes(static_cast<size_t>(std::max<int64_t>(width, 0)));
  std::string indention =
      params[0].is_text() ? params[0].text() : std::string(static_cast<size_t>(std::max<int64_t>(width, 0)), ' ');
  if (input.is_safe() && params[0].is_text() && !params[0].is_safe()) indention = params[0].text();
  const std::string text = input.text() + "\n";  // an empty text has one line
  const bool first = params.flag(1, false), blank = params.flag(2, false);
  std::string out;
  bool is_first = true;
  for (std::string_view line : split_lines(text, false)) {
    i.budget().charge_bytes(indention.size());
    if (!is_first) out += "\n";
    if (is_first ? first : blank || !line.empty()) out += indention;
    out += line;
    is_first = false;
  }
  return Value::text(std::move(out), input.is_safe());
}

Value truncate_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("truncate", std::move(args), {"length", "killwords", "end", "leeway"});
  const std::string end = params.has(2) ? params.text(2) : "...";
  const int64_t limit = params.integer(0, 255), leeway = params.has_value(3) ? params.integer(3, 5) : 5;
  const int64_t end_size = static_cast<int64_t>(count_chars(end));
  HONE_CHECK(limit >= end_size, ErrorKind::data, "truncate: expected length >= {}, got {}", end_size, limit);
  HONE_CHECK(leeway >= 0, ErrorKind::data, "truncate: expected leeway >= 0, got {}", leeway);
  const int64_t size = length(input);
  if (size <= leeway || size - leeway <= limit) return input;
  HONE_CHECK(input.is_text(), ErrorKind::data, "truncate: expected a str, got {}", type_name(input));
  std::string head = encode(std::u32string_view(decode(input.text())).substr(0, static_cast<size_t>(limit - end_size)));
  if (!params.flag(1, false)) head = head.substr(0, head.rfind(' '));
  return binary(i, BinaryOp::add, Value::text(std::move(head), input.is_safe()), Value::text(end));
}

Value center_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("center", std::move(args), {"width"});
  return call_method(i, "center", input, {{Value(params.integer(0, 80))}, {}});
}

Value wordcount_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("wordcount", std::move(args), {});
  const Value text = soft_text(i, input);
  int64_t count = 0;
  bool in_word = false;
  for (size_t at = 0; at < text.text().size();) {
    const bool word = is_word(next_char(text.text(), at));
    count += word && !in_word;
    in_word = word;
  }
  return count;
}

Value tojson_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("tojson", std::move(args), {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style;
  style.ensure_ascii = params.flag(0, false);
  style.sort_keys = params.flag(3, false);
  if (params[1].is_text()) {
    style.indent = params[1].text();
  } else if (params.has_value(1)) {
    const int64_t width = std::max<int64_t>(params.integer(1, 0), 0);
    i.budget().charge_bytes(static_cast<size_t>(width));
    style.indent = std::string(static_cast<size_t>(width), ' ');
  }
  if (style.indent) style.item_separator = ",";
  if (params.has_value(2)) {
    const std::vector<Value> separators = i.to_vector(params[2]);
    HONE_CHECK(separators.size() == 2 && separators[0].is_text() && separators[1].is_text(), ErrorKind::data,
               "tojson: separators must be two strings");
    style.item_separator = separators[0].text();
    style.key_separator = separators[1].text();
  }
  return Value::text(to_json_text(i, input, style));
}

Value striptags_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("striptags", std::move(args), {});
  const Value text = soft_text(i, input);
  std::string_view rest = text.text();
  std::string out;
  const auto drop = [&](std::string_view open, std::string_view close) {
    std::string kept;
    while (true) {
      const size_t start = rest.find(open);
      const size_t end = start == std::string_view::npos ? start : rest.find(close, start + open.size());
      if (end == std::string_view::npos) return kept.append(rest);
      kept.append(rest.substr(0, start));
      rest = rest.substr(end + close.size());
    }
  };
  const std::string without_comments = drop("<!--", "-->");
  rest = without_comments;
  const std::string without_tags = drop("<", ">");
  rest = without_tags;
  for (std::string_view word = strip_left(rest, nullptr); !word.empty(); word = strip_left(word, nullptr)) {
    size_t end = 0;
    for (size_t at = 0; at < word.size() && !is_space(next_char(word, at));) end = at;
    if (!out.empty()) out.push_back(' ');
    out.append(word.substr(0, end));
    word = word.substr(end);
  }
  return Value::text(std::move(out));
}

Value urlencode_filter(Interpreter& i, const Value& input, Args args) {
  const Params params("urlencode", std::move(args), {});
  const auto quoted = [&](const Value& value, bool in_query) {
    i.budget().charge(weight_of(value));
    std::string out;
    for (char c : to_text(value)) {
      const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                         c == '.' || c == '-' || c == '~' || (c == '/' && !in_query);
      if (plain)
        out.push_back(c);
      else if (c == ' ' && in_query)
        out.push_back('+');
      else
        out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
  };
  const bool is_pairs =
      input.is_dict() || input.kind() == Kind::sequence || input.kind() == Kind::object || input.is_undefined();
  if (!is_pairs) return Value::text(quoted(input, false));
  std::vector<std::string> parts;
  const auto add = [&](const Value& key, const Value& value) {
    parts.push_back(quoted(key, true) + "=" + quoted(value, true));
  };
  if (input.is_dict()) {
    for (const auto& [key, value] : input.dict().items) add(key, value);
  } else {
    for (const Value& pair : i.to_vector(input)) {
      const std::vector<Value> both = i.to_vector(pair);
      HONE_CHECK(both.size() == 2, ErrorKind::data, "urlencode: expected pairs");
      add(both[0], both[1]);
    }
  }
  return Value::text(join(parts, "&"));
}

}  // namespace

const Table<FilterFunction>& text_filters() {
  static const Table<FilterFunction> table = {{"capitalize", capitalize_filter},
                                              {"center", center_filter},
                                              {"e", escape_filter},
                                              {"escape", escape_filter},
                                              {"forceescape", forceescape_filter},
                                              {"format", format_filter},
                                              {"indent", indent_filter},
                                              {"join", join_filter},
                                              {"lower", lower_filter},
                                              {"replace", replace_filter},
                                              {"safe", safe_filter},
                                              {"string", string_filter},
                                              {"striptags", striptags_filter},
                                              {"title", title_filter},
                                              {"tojson", tojson_filter},
                                              {"trim", trim_filter},
                                              {"truncate", truncate_filter},
                                              {"upper", upper_filter},
                                              {"urlencode", urlencode_filter},
                                              {"wordcount", wordcount_filter}};
  return table;
}

}  // namespace hone::jinja
