#include "text/jinja/format.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/check.h"
#include "base/text.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/literals.h"
#include "text/jinja/number_format.h"
#include "text/jinja/operators.h"
#include "text/jinja/unicode.h"

namespace hone::jinja {
namespace {

constexpr int64_t kMaxWidth = 1 << 20;

// Reads a decimal number at `at` and moves past it; nullopt if there is none.
std::optional<int64_t> read_number(std::string_view text, size_t& at) {
  if (at >= text.size() || text[at] < '0' || text[at] > '9') return std::nullopt;
  int64_t value = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    value = value * 10 + (text[at] - '0');
    HONE_CHECK(value <= kMaxWidth, ErrorKind::data, "a width or precision above {} is refused", kMaxWidth);
  }
  return value;
}

std::string pad(Interpreter& interpreter, const std::string& body, int64_t width, char align, const std::string& fill) {
  const int64_t missing = width - static_cast<int64_t>(count_chars(body));
  if (missing <= 0) return body;
  interpreter.budget().charge_bytes(static_cast<size_t>(missing));
  const int64_t left = align == '<' ? 0 : align == '^' ? missing / 2 : missing;
  std::string out;
  for (int64_t i = 0; i < left; ++i) out += fill;
  out += body;
  for (int64_t i = left; i < missing; ++i) out += fill;
  return out;
}

std::string first_chars(const std::string& text, std::optional<int64_t> count) {
  if (!count || static_cast<int64_t>(count_chars(text)) <= *count) return text;
  return encode(std::u32string_view(decode(text)).substr(0, static_cast<size_t>(*count)));
}

// ---- %

struct PercentSpec {
  bool left = false, zero = false, plus = false, space = false, alternate = false;
  int64_t width = 0;
  std::optional<int64_t> precision;
  char type = 's';
};

// Sign, prefix and digits, padded: zeros go behind the sign.
std::string finish_number(Interpreter& interpreter, const PercentSpec& spec, bool negative, const std::string& prefix,
                          std::string digits) {
  const std::string head = (negative ? "-" : spec.plus ? "+" : spec.space ? " " : "") + prefix;
  if (spec.zero && !spec.left) {
    digits = pad(interpreter, digits, spec.width - static_cast<int64_t>(head.size()), '>', "0");
  }
  return pad(interpreter, head + digits, spec.width, spec.left ? '<' : '>', " ");
}

int64_t integer_of(const Value& value, char type) {
  if (const auto i = as_integer(value)) return *i;
  if (value.is_undefined()) fail_undefined(value);
  HONE_CHECK(value.kind() == Kind::real && (type == 'd' || type == 'i' || type == 'u'), ErrorKind::data,
             "%{} needs an int, got {}", type, type_name(value));
  const double real = value.real();
  HONE_CHECK(std::fabs(real) < 0x1p63, ErrorKind::data, "%{}: {} does not fit in 64 bits", type, repr(real));
  return static_cast<int64_t>(real);
}

std::string percent_integer(Interpreter& interpreter, const PercentSpec& spec, const Value& value) {
  const int64_t number = integer_of(value, spec.type);
  const int base = spec.type == 'o' ? 8 : (spec.type | 0x20) == 'x' ? 16 : 10;
  const uint64_t magnitude = number < 0 ? -static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
  std::string digits = format_integer(magnitude, base, spec.type == 'X');
  if (spec.precision) digits = pad(interpreter, digits, *spec.precision, '>', "0");
  const std::string prefix = !spec.alternate || base == 10 ? "" : base == 8 ? "0o" : std::string("0") + spec.type;
  return finish_number(interpreter, spec, number < 0, prefix, std::move(digits));
}

std::string percent_real(Interpreter& interpreter, PercentSpec spec, const Value& value) {
  if (value.is_undefined()) fail_undefined(value);
  const auto number = as_number(value);
  HONE_CHECK(number, ErrorKind::data, "%{} needs a number, got {}", spec.type, type_name(value));
  const std::string digits = format_real(*number, spec.type, spec.precision.value_or(6), spec.alternate);
  return finish_number(interpreter, spec, std::signbit(*number) && !std::isnan(*number), "", digits);
}

std::string percent_char(const Value& value) {
  if (value.is_text() && count_chars(value.text()) == 1) return value.text();
  const auto code = as_integer(value);
  HONE_CHECK(code && *code >= 0 && *code <= 0x10FFFF && (*code < 0xD800 || *code > 0xDFFF), ErrorKind::data,
             "%c needs one character or the number of one, got {}", type_name(value));
  return encode(std::u32string(1, static_cast<char32_t>(*code)));
}

std::string escaped_if(bool safe, const Value& value, std::string text) {
  return safe && !value.is_safe() ? escape_html(text) : text;
}

std::string percent_one(Interpreter& interpreter, const PercentSpec& spec, const Value& value, bool safe) {
  switch (spec.type) {
    case 's':
    case 'r':
    case 'a': {
      interpreter.budget().charge(weight_of(value));
      const std::string text = escaped_if(safe, value, spec.type == 's' ? to_text(value) : repr(value));
      return pad(interpreter, first_chars(text, spec.precision), spec.width, spec.left ? '<' : '>', " ");
    }
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X':
      return percent_integer(interpreter, spec, value);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return percent_real(interpreter, spec, value);
    case 'c':
      return pad(interpreter, percent_char(value), spec.width, spec.left ? '<' : '>', " ");
    default:
      fail(ErrorKind::data, "unsupported format character {}", quote_for_message({&spec.type, 1}));
  }
}

/// The values of a % expression: a tuple's one after the other, a dict's by key, or a single one.
class PercentValues {
 public:
  explicit PercentValues(const Value& values) : values_(values) {}

  const Value& next() {
    if (values_.is_tuple()) {
      const auto& items = values_.sequence().items;
      HONE_CHECK(used_ < items.size(), ErrorKind::data, "not enough arguments for format string");
      return items[used_++];
    }
    HONE_CHECK(used_++ == 0, ErrorKind::data, "not enough arguments for format string");
    return values_;
  }

  const Value& at(const std::string& key) {
    HONE_CHECK(values_.is_dict(), ErrorKind::data, "format requires a mapping");
    by_key_ = true;
    const Value* found = values_.dict().find(std::string_view(key));
    HONE_CHECK(found, ErrorKind::data, "format string names the missing key {}", quote_for_message(key, 40));
    return *found;
  }

  void check_all_used() const {
    if (values_.is_dict() || by_key_) return;
    const bool may_stay = values_.is_list();  // Python takes a list for a mapping here
    const size_t count = values_.is_tuple() ? values_.sequence().items.size() : may_stay ? used_ : 1;
    HONE_CHECK(used_ >= count, ErrorKind::data, "not all arguments converted during string formatting");
  }

 private:
  const Value& values_;
  size_t used_ = 0;
  bool by_key_ = false;
};

int64_t star_or_number(std::string_view text, size_t& at, PercentValues& values) {
  if (at < text.size() && text[at] == '*') {
    ++at;
    const auto value = as_integer(values.next());
    HONE_CHECK(value, ErrorKind::data, "* wants an int");
    HONE_CHECK(*value >= -kMaxWidth && *value <= kMaxWidth, ErrorKind::data, "a width above {} is refused", kMaxWidth);
    return *value;
  }
  return read_number(text, at).value_or(0);
}

PercentSpec read_percent_spec(std::string_view text, size_t& at, PercentValues& values) {
  PercentSpec spec;
  for (; at < text.size(); ++at) {
    if (text[at] == '-')
      spec.left = true;
    else if (text[at] == '0')
      spec.zero = true;
    else if (text[at] == '+')
      spec.plus = true;
    else if (text[at] == ' ')
      spec.space = true;
    else if (text[at] == '#')
      spec.alternate = true;
    else
      break;
  }
  spec.width = star_or_number(text, at, values);
  if (spec.width < 0) spec.left = true, spec.width = -spec.width;
  if (at < text.size() && text[at] == '.') spec.precision = std::max<int64_t>(0, star_or_number(text, ++at, values));
  if (at < text.size() && (text[at] == 'l' || text[at] == 'h' || text[at] == 'L')) ++at;
  HONE_CHECK(at < text.size(), ErrorKind::data, "incomplete format");
  spec.type = text[at++];
  return spec;
}

}  // namespace

Value format_percent(Interpreter& interpreter, const Value& pattern, const Value& values_given) {
  const std::string& text = pattern.text();
  PercentValues values(values_given);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t percent = std::min(text.find('%', at), text.size());
    out.append(text, at, percent - at);
    at = percent + 1;
    if (percent == text.size()) break;
    HONE_CHECK(at < text.size(), ErrorKind::data, "incomplete format");
    interpreter.budget().charge(1);
    const Value* keyed = nullptr;
    if (text[at] == '(') {
      const size_t close = text.find(')', at);
      HONE_CHECK(close != std::string::npos, ErrorKind::data, "incomplete format key");
      keyed = &values.at(text.substr(at + 1, close - at - 1));
      at = close + 1;
    }
    const PercentSpec spec = read_percent_spec(text, at, values);
    if (spec.type == '%') {
      out.push_back('%');
      continue;
    }
    out += percent_one(interpreter, spec, keyed ? *keyed : values.next(), pattern.is_safe());
    interpreter.budget().charge_bytes(out.size() / 64);
  }
  values.check_all_used();
  interpreter.budget().charge_bytes(out.size());
  return Value::text(std::move(out), pattern.is_safe());
}

// ---- str.format

namespace {

struct BraceSpec {
  std::string fill = " ";
  char align = 0, sign = '-', grouping = 0, type = 0;
  bool alternate = false, zero = false;
  int64_t width = 0;
  std::optional<int64_t> precision;
};

bool is_align(char c) { return c == '<' || c == '>' || c == '^' || c == '='; }

BraceSpec read_brace_spec(std::string_view text) {
  BraceSpec spec;
  size_t at = 0;
  size_t after_first = 0;
  if (!text.empty()) next_char(text, after_first);
  if (after_first > 0 && after_first < text.size() && is_align(text[after_first])) {
    spec.fill = text.substr(0, after_first);
    spec.align = text[after_first];
    at = after_first + 1;
  } else if (!text.empty() && is_align(text[0])) {
    spec.align = text[0];
    at = 1;
  }
  const auto take = [&](std::string_view any, char& into) {
    if (at < text.size() && any.find(text[at]) != std::string_view::npos) into = text[at++];
  };
  char flag = 0;
  take("+- ", spec.sign);
  take("#", flag);
  spec.alternate = flag == '#';
  if (at < text.size() && text[at] == '0') {
    spec.zero = true;
    ++at;
    if (after_first == 0 || after_first >= text.size() || !is_align(text[after_first])) spec.fill = "0";
    if (spec.align == 0) spec.align = '=';
  }
  spec.width = read_number(text, at).value_or(0);
  take(",_", spec.grouping);
  if (at < text.size() && text[at] == '.') {
    spec.precision = read_number(text, ++at);
    HONE_CHECK(spec.precision, ErrorKind::data, "format specifier missing precision");
  }
  if (at < text.size()) spec.type = text[at++];
  HONE_CHECK(at == text.size(), ErrorKind::data, "invalid format specifier {}", quote_for_message(text, 40));
  return spec;
}

std::string finish_brace_number(Interpreter& interpreter, BraceSpec spec, bool negative, const std::string& prefix,
                                const std::string& digits) {
  const std::string head = (negative ? "-" : spec.sign == '-' ? "" : std::string(1, spec.sign)) + prefix;
  if (spec.align == '=') {
    std::string body = digits;
    const int64_t room = spec.width - static_cast<int64_t>(head.size());
    if (spec.grouping != 0 && spec.fill == "0") {  // zeros are grouped with the digits
      const size_t group = spec.type == 'x' || spec.type == 'X' || spec.type == 'o' || spec.type == 'b' ? 4 : 3;
      std::string plain;
      std::copy_if(digits.begin(), digits.end(), std::back_inserter(plain), [&](char c) { return c != spec.grouping; });
      while (static_cast<int64_t>(body.size()) < room) {
        interpreter.budget().charge_bytes(body.size());
        plain.insert(plain.begin(), '0');
        body = group_digits(plain, spec.grouping, group);
      }
    }
    return head + pad(interpreter, body, room, '>', spec.fill);
  }
  return pad(interpreter, head + digits, spec.width, spec.align == 0 ? '>' : spec.align, spec.fill);
}

std::string format_integer_spec(Interpreter& interpreter, const BraceSpec& spec, int64_t number) {
  HONE_CHECK(!spec.precision, ErrorKind::data, "precision not allowed in integer format specifier");
  if (spec.type == 'c')
    return pad(interpreter, percent_char(Value(number)), spec.width, spec.align ? spec.align : '<', spec.fill);
  const int base = spec.type == 'b' ? 2 : spec.type == 'o' ? 8 : (spec.type | 0x20) == 'x' ? 16 : 10;
  const uint64_t magnitude = number < 0 ? -static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
  std::string digits = format_integer(magnitude, base, spec.type == 'X');
  HONE_CHECK(spec.grouping != ',' || base == 10, ErrorKind::data, "cannot specify ',' with '{}'", spec.type);
  if (spec.grouping != 0) digits = group_digits(digits, spec.grouping, base == 10 ? 3 : 4);
  const std::string prefix = spec.alternate && base != 10 ? std::string("0") + spec.type : "";
  return finish_brace_number(interpreter, spec, number < 0, prefix, digits);
}

// Like g, but with a digit behind the point, and so an exponent from 10^(precision-1) on.
std::string general_with_point(double number, int64_t precision, bool alternate) {
  std::string digits = format_real(number, 'g', precision, alternate);
  if (digits.find_first_of(".ein") != std::string::npos) return digits;
  if (static_cast<int64_t>(digits.size()) < precision) return digits + ".0";
  digits = format_real(number, 'e', precision - 1, alternate);
  const size_t exponent = digits.find('e');
  size_t end = exponent;
  if (digits.find('.') < exponent) {
    while (digits[end - 1] == '0') --end;
    if (digits[end - 1] == '.') --end;
  }
  return digits.substr(0, end) + digits.substr(exponent);
}

std::string format_real_spec(Interpreter& interpreter, const BraceSpec& spec, double number) {
  std::string digits;
  if (spec.type == 0 && !spec.precision) {
    digits = repr(std::fabs(number));
  } else if (spec.type == 0) {
    digits = general_with_point(number, std::max<int64_t>(1, *spec.precision), spec.alternate);
  } else if (spec.type == '%') {
    digits = format_real(number * 100, 'f', spec.precision.value_or(6), spec.alternate) + "%";
  } else {
    digits = format_real(number, spec.type == 'n' ? 'g' : spec.type, spec.precision.value_or(6), spec.alternate);
  }
  if (spec.grouping != 0) digits = group_digits(digits, spec.grouping, 3);
  return finish_brace_number(interpreter, spec, std::signbit(number) && !std::isnan(number), "", digits);
}

}  // namespace

std::string format_with_spec(Interpreter& interpreter, const Value& value, std::string_view spec_text) {
  interpreter.budget().charge(weight_of(value));
  if (spec_text.empty()) return to_text(value);
  const BraceSpec spec = read_brace_spec(spec_text);
  const auto is_type = [&](std::string_view types) { return types.find(spec.type) != std::string_view::npos; };
  if (value.is_text()) {
    HONE_CHECK(spec.type == 0 || spec.type == 's', ErrorKind::data, "unknown format code '{}' for a str", spec.type);
    HONE_CHECK(spec.align != '=' || spec.zero, ErrorKind::data, "'=' alignment not allowed in string format specifier");
    HONE_CHECK(spec.sign == '-' && spec.grouping == 0 && !spec.alternate, ErrorKind::data,
               "sign, grouping and '#' are not allowed in a string format specifier");
    const char align = spec.align == 0 || spec.align == '=' ? '<' : spec.align;
    return pad(interpreter, first_chars(value.text(), spec.precision), spec.width, align, spec.fill);
  }
  if (const auto i = as_integer(value)) {
    if (spec.type == 0 && value.kind() == Kind::boolean && spec_text.empty()) return to_text(value);
    if (spec.type == 0 || is_type("bcdoxXn")) return format_integer_spec(interpreter, spec, *i);
  }
  if (const auto number = as_number(value)) {
    HONE_CHECK(spec.type == 0 || is_type("eEfFgGn%"), ErrorKind::data, "unknown format code '{}' for {}", spec.type,
               type_name(value));
    return format_real_spec(interpreter, spec, *number);
  }
  fail(ErrorKind::data, "unsupported format string passed to {}", type_name(value));
}

namespace {

/// Fields of a str.format pattern.
class BraceFormatter {
 public:
  BraceFormatter(Interpreter& interpreter, const Args& args, bool safe)
      : interpreter_(interpreter), args_(args), safe_(safe) {}

  std::string run(std::string_view pattern, int depth) {
    HONE_CHECK(depth <= 2, ErrorKind::data, "max string recursion exceeded");
    std::string out;
    for (size_t at = 0; at < pattern.size();) {
      const char c = pattern[at++];
      if (c != '{' && c != '}') {
        out.push_back(c);
      } else if (at < pattern.size() && pattern[at] == c) {
        out.push_back(c);
        ++at;
      } else {
        HONE_CHECK(c == '{', ErrorKind::data, "single '}}' encountered in format string");
        const size_t end = matching_brace(pattern, at);
        out += field(pattern.substr(at, end - at), depth);
        at = end + 1;
        interpreter_.budget().charge_bytes(out.size() / 64);
      }
    }
    return out;
  }

 private:
  static size_t matching_brace(std::string_view pattern, size_t from) {
    int open = 1;
    for (size_t at = from; at < pattern.size(); ++at) {
      if (pattern[at] == '{') ++open;
      if (pattern[at] == '}' && --open == 0) return at;
    }
    fail(ErrorKind::data, "expected '}}' before end of format string");
  }

  // name!conversion:spec
  std::string field(std::string_view text, int depth) {
    interpreter_.budget().charge(1);
    size_t name_end = 0;
    for (bool bracket = false; name_end < text.size(); ++name_end) {
      const char c = text[name_end];
      if (c == '[') bracket = true;
      if (c == ']') bracket = false;
      if (!bracket && (c == '!' || c == ':')) break;
    }
    Value value = lookup(text.substr(0, name_end));
    size_t at = name_end;
    if (at < text.size() && text[at] == '!') {
      HONE_CHECK(at + 1 < text.size() && (at + 2 == text.size() || text[at + 2] == ':'), ErrorKind::data,
                 "expected ':' after conversion specifier");
      value = convert(value, text[at + 1]);
      at += 2;
    }
    const std::string spec = at < text.size() ? run(text.substr(at + 1), depth + 1) : "";
    std::string out = format_with_spec(interpreter_, value, spec);
    return safe_ && depth == 1 ? escaped_if(true, value, std::move(out)) : out;
  }

  Value convert(const Value& value, char conversion) {
    interpreter_.budget().charge(weight_of(value));
    if (conversion == 's') return Value::text(to_text(value));
    if (conversion == 'r' || conversion == 'a') return Value::text(repr(value));
    fail(ErrorKind::data, "unknown conversion specifier {}", quote_for_message({&conversion, 1}));
  }

  // first.attribute[key]...
  Value lookup(std::string_view name) {
    const size_t first_end = std::min(name.find_first_of(".["), name.size());
    Value value = argument(name.substr(0, first_end));
    for (size_t at = first_end; at < name.size();) {
      if (name[at] == '.') {
        const size_t end = std::min(name.find_first_of(".[", at + 1), name.size());
        HONE_CHECK(end > at + 1, ErrorKind::data, "empty attribute in format string");
        value = get_attribute(interpreter_, value, std::string(name.substr(at + 1, end - at - 1)));
        at = end;
      } else {
        const size_t end = name.find(']', at);
        HONE_CHECK(name[at] == '[' && end != std::string_view::npos && end > at + 1, ErrorKind::data,
                   "malformed item in format string");
        const std::string key(name.substr(at + 1, end - at - 1));
        const bool is_number = key.find_first_not_of("0123456789") == std::string::npos;
        value = get_item(interpreter_, value, is_number ? Value(*parse_integer(key, 10)) : Value::text(key));
        at = end + 1;
      }
    }
    return value;
  }

  Value argument(std::string_view name) {
    if (name.find_first_not_of("0123456789") == std::string_view::npos) {
      HONE_CHECK(name.empty() ? !manual_ : !automatic_, ErrorKind::data,
                 "cannot switch between manual and automatic field numbering");
      (name.empty() ? automatic_ : manual_) = true;
      const size_t index = name.empty() ? next_++ : static_cast<size_t>(*parse_integer(name, 10));
      HONE_CHECK(index < args_.positional.size(), ErrorKind::data, "format string has no argument {}", index);
      return args_.positional[index];
    }
    for (const auto& [key, value] : args_.named) {
      if (key == name) return value;
    }
    fail(ErrorKind::data, "format string names the missing argument {}", quote_for_message(name, 40));
  }

  Interpreter& interpreter_;
  const Args& args_;
  bool safe_;
  bool automatic_ = false, manual_ = false;
  size_t next_ = 0;
};

}  // namespace

Value format_braces(Interpreter& interpreter, const Value& pattern, const Args& args) {
  std::string out = BraceFormatter(interpreter, args, pattern.is_safe()).run(pattern.text(), 1);
  interpreter.budget().charge_bytes(out.size());
  return Value::text(std::move(out), pattern.is_safe());
}

}  // namespace hone::jinja
