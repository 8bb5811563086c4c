// Methods of str that make text or search it.
#include <algorithm>

#include "base/check.h"
#include "text/jinja/builtins.h"
#include "text/jinja/format.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/operators.h"
#include "text/jinja/params.h"
#include "text/jinja/search.h"
#include "text/jinja/unicode.h"

namespace hone::jinja {
namespace {

// Text with the safety of the method's owner.
Value like(const Value& self, std::string text) { return Value::text(std::move(text), self.is_safe()); }
Value like(const Value& self, std::string_view text) { return Value::text(std::string(text), self.is_safe()); }

// An argument as it enters safe text: escaped unless it is safe itself.
std::string argument_for(const Value& self, const Value& value, std::string_view method) {
  if (self.is_safe() && !value.is_text()) return escape_html(to_text(value));
  HONE_CHECK(value.is_text(), ErrorKind::data, "{}: expected a str, got {}", method, type_name(value));
  return self.is_safe() && !value.is_safe() ? escape_html(value.text()) : value.text();
}

template <std::string (*map)(std::string_view)>
Value mapped(Interpreter&, const Value& self, Args args) {
  const Params params("this str method", std::move(args), {});
  return like(self, map(self.text()));
}

Value strip_sides(const char* name, Interpreter& i, const Value& self, Args args, bool left, bool right) {
  const Params params(name, std::move(args), {"/chars"});
  std::u32string chars;
  if (params.has_value(0)) chars = decode(params.text(0));
  const std::u32string* set = params.has_value(0) ? &chars : nullptr;
  i.budget().charge(static_cast<int64_t>(chars.size() / 64) * weight_of(self));
  std::string_view text = self.text();
  if (left) text = strip_left(text, set);
  if (right) text = strip_right(text, set);
  return like(self, text);
}

Value strip(Interpreter& i, const Value& self, Args args) {
  return strip_sides("strip", i, self, std::move(args), true, true);
}
Value lstrip(Interpreter& i, const Value& self, Args args) {
  return strip_sides("lstrip", i, self, std::move(args), true, false);
}
Value rstrip(Interpreter& i, const Value& self, Args args) {
  return strip_sides("rstrip", i, self, std::move(args), false, true);
}

Value removeprefix(Interpreter&, const Value& self, Args args) {
  const Params params("removeprefix", std::move(args), {"/prefix"}, 1);
  std::string_view text = self.text();
  if (text.starts_with(params.text(0))) text.remove_prefix(params.text(0).size());
  return like(self, text);
}

Value removesuffix(Interpreter&, const Value& self, Args args) {
  const Params params("removesuffix", std::move(args), {"/suffix"}, 1);
  std::string_view text = self.text();
  if (text.ends_with(params.text(0))) text.remove_suffix(params.text(0).size());
  return like(self, text);
}

// ---- Splitting

Value split_on_space(Interpreter& i, const Value& self, int64_t limit, bool from_right) {
  std::string_view rest = self.text();
  std::vector<Value> parts;
  const auto add = [&](std::string_view part) {
    i.budget().charge(1);
    parts.push_back(like(self, part));
  };
  while (true) {
    rest = from_right ? strip_right(rest, nullptr) : strip_left(rest, nullptr);
    if (rest.empty()) break;
    if (limit >= 0 && static_cast<int64_t>(parts.size()) == limit) {
      add(from_right ? strip_right(rest, nullptr) : rest);
      break;
    }
    size_t start = 0, end = 0;  // of the word
    if (from_right) {
      end = rest.size();
      start = end;
      while (start > 0) {
        size_t before = start - 1;
        while (before > 0 && (static_cast<unsigned char>(rest[before]) & 0xC0) == 0x80) --before;
        size_t at = before;
        if (is_space(next_char(rest, at))) break;
        start = before;
      }
      add(rest.substr(start));
      rest = rest.substr(0, start);
    } else {
      for (size_t at = 0; at < rest.size() && !is_space(next_char(rest, at));) end = at;
      add(rest.substr(0, end));
      rest = rest.substr(end);
    }
  }
  if (from_right) std::reverse(parts.begin(), parts.end());
  return Value::list(std::move(parts));
}

Value split_on(Interpreter& i, const Value& self, std::string_view separator, int64_t limit, bool from_right) {
  HONE_CHECK(!separator.empty(), ErrorKind::data, "split: empty separator");
  std::string_view rest = self.text();
  std::vector<Value> parts;
  const auto left = [&] { return limit < 0 || static_cast<int64_t>(parts.size()) < limit; };
  while (left()) {
    i.budget().charge(1);
    const size_t at = from_right ? find_backward(rest, separator) : find_forward(rest, separator);
    if (at == kNotFound) break;
    const size_t after = at + separator.size();
    // Mirrored searches cost their whole text each time.
    if (from_right && separator.size() >= 16) i.budget().charge_bytes(rest.size());
    parts.push_back(like(self, from_right ? rest.substr(after) : rest.substr(0, at)));
    rest = from_right ? rest.substr(0, at) : rest.substr(after);
  }
  parts.push_back(like(self, rest));
  if (from_right) std::reverse(parts.begin(), parts.end());
  return Value::list(std::move(parts));
}

Value split_any(const char* name, Interpreter& i, const Value& self, Args args, bool from_right) {
  const Params params(name, std::move(args), {"sep", "maxsplit"});
  const int64_t limit = params.integer(1, -1);
  if (!params.has_value(0)) return split_on_space(i, self, limit, from_right);
  return split_on(i, self, params.text(0), limit, from_right);
}

Value split(Interpreter& i, const Value& self, Args args) {
  return split_any("split", i, self, std::move(args), false);
}
Value rsplit(Interpreter& i, const Value& self, Args args) {
  return split_any("rsplit", i, self, std::move(args), true);
}

Value splitlines(Interpreter& i, const Value& self, Args args) {
  const Params params("splitlines", std::move(args), {"keepends"});
  std::vector<Value> lines;
  for (std::string_view line : split_lines(self.text(), params.flag(0, false))) {
    i.budget().charge(1);
    lines.push_back(like(self, line));
  }
  return Value::list(std::move(lines));
}

Value partition_at(const char* name, const Value& self, Args args, bool last) {
  const Params params(name, std::move(args), {"/sep"}, 1);
  const std::string& separator = params.text(0);
  HONE_CHECK(!separator.empty(), ErrorKind::data, "{}: empty separator", name);
  const std::string_view text = self.text();
  const size_t at = last ? find_backward(text, separator) : find_forward(text, separator);
  const Value empty = like(self, std::string_view());
  if (at == kNotFound) return last ? Value::tuple({empty, empty, self}) : Value::tuple({self, empty, empty});
  return Value::tuple(
      {like(self, text.substr(0, at)), like(self, separator), like(self, text.substr(at + separator.size()))});
}

Value partition(Interpreter&, const Value& self, Args args) {
  return partition_at("partition", self, std::move(args), false);
}
Value rpartition(Interpreter&, const Value& self, Args args) {
  return partition_at("rpartition", self, std::move(args), true);
}

// ---- Making text

Value join_method(Interpreter& i, const Value& self, Args args) {
  const Params params("join", std::move(args), {"/iterable"}, 1);
  std::string out;
  bool first = true;
  const auto items = i.iterate(params[0]);
  for (Value item; items->next(item);) {
    if (!std::exchange(first, false)) out += self.text();
    i.budget().charge(weight_of(self) + weight_of(item));
    out += argument_for(self, item, "join");
  }
  return like(self, std::move(out));
}

Value replace(Interpreter& i, const Value& self, Args args) {
  const Params params("replace", std::move(args), {"/old", "/new", "/count"}, 2);
  const std::string &old_text = params.text(0), new_text = argument_for(self, params[1], "replace");
  int64_t left = params.integer(2, -1);
  const std::string& text = self.text();
  std::string out;
  size_t at = 0;
  while (left != 0) {
    const size_t found = find_forward(text, old_text, at);
    if (found == kNotFound) break;
    i.budget().charge_bytes(new_text.size());
    out.append(text, at, found - at);
    out += new_text;
    at = found + old_text.size();
    if (old_text.empty()) {  // stands before every character and at the end
      if (found == text.size()) break;
      next_char(text, at);
      out.append(text, found, at - found);
    }
    if (left > 0) --left;
  }
  out.append(text, std::min(at, text.size()), std::string::npos);
  return like(self, std::move(out));
}

Value justify(const char* name, Interpreter& i, const Value& self, Args args, char align) {
  const Params params(name, std::move(args), {"/width", "/fillchar"}, 1);
  const std::string fill = params.has(1) ? params.text(1) : " ";
  HONE_CHECK(count_chars(fill) == 1, ErrorKind::data, "{}: the fill must be one character", name);
  const int64_t width = params.integer(0, 0);
  const int64_t missing = width - static_cast<int64_t>(count_chars(self.text()));
  if (missing <= 0) return self;
  i.budget().charge_bytes(static_cast<size_t>(missing));
  // str.center puts the odd one on the left only where the width is odd, too.
  const int64_t left = align == '<' ? 0 : align == '>' ? missing : missing / 2 + (missing & width & 1);
  std::string out;
  for (int64_t n = 0; n < left; ++n) out += fill;
  out += self.text();
  for (int64_t n = left; n < missing; ++n) out += fill;
  return like(self, std::move(out));
}

Value ljust(Interpreter& i, const Value& self, Args args) { return justify("ljust", i, self, std::move(args), '<'); }
Value rjust(Interpreter& i, const Value& self, Args args) { return justify("rjust", i, self, std::move(args), '>'); }
Value center(Interpreter& i, const Value& self, Args args) { return justify("center", i, self, std::move(args), '^'); }

Value zfill(Interpreter& i, const Value& self, Args args) {
  const Params params("zfill", std::move(args), {"/width"}, 1);
  const int64_t missing = params.integer(0, 0) - static_cast<int64_t>(count_chars(self.text()));
  if (missing <= 0) return self;
  i.budget().charge_bytes(static_cast<size_t>(missing));
  const std::string& text = self.text();
  const bool has_sign = !text.empty() && (text[0] == '-' || text[0] == '+');
  return like(self, text.substr(0, has_sign) + std::string(static_cast<size_t>(missing), '0') + text.substr(has_sign));
}

Value expandtabs(Interpreter& i, const Value& self, Args args) {
  const Params params("expandtabs", std::move(args), {"tabsize"});
  const int64_t size = params.integer(0, 8);
  std::string out;
  int64_t column = 0;
  for (size_t at = 0; at < self.text().size();) {
    const char32_t c = next_char(self.text(), at);
    if (c == '\t') {
      const int64_t spaces = size > 0 ? size - column % size : 0;
      i.budget().charge_bytes(static_cast<size_t>(spaces));
      out.append(static_cast<size_t>(spaces), ' ');
      column += spaces;
      continue;
    }
    append_utf8(out, c);
    column = c == '\n' || c == '\r' ? 0 : column + 1;
  }
  return like(self, std::move(out));
}

Value format_method(Interpreter& i, const Value& self, Args args) { return format_braces(i, self, args); }

Value format_map(Interpreter& i, const Value& self, Args args) {
  const Params params("format_map", std::move(args), {"/mapping"}, 1);
  HONE_CHECK(params[0].is_dict(), ErrorKind::data, "format_map: expected a mapping, got {}", type_name(params[0]));
  Args named;
  for (const auto& [key, value] : params[0].dict().items) {
    if (key.is_text()) named.named.emplace_back(key.text(), value);
  }
  i.budget().charge(static_cast<int64_t>(named.named.size()));
  return format_braces(i, self, named);
}

// ---- Searching

/// The part of a text that start and end arguments, in characters, cut out; places in bytes.
struct Window {
  std::string_view text;
  size_t first_char = 0;
  bool valid = true;  // false: start lies behind the end, where not even an empty text is found
};

Window window(const Value& self, const Params& params, size_t start_at) {
  const auto size = static_cast<int64_t>(count_chars(self.text()));
  const auto bound = [&](size_t i, int64_t otherwise) {
    if (!params.has_value(i)) return otherwise;
    const int64_t n = params.integer(i, otherwise);
    return n < 0 ? std::max<int64_t>(0, n < -size ? 0 : n + size) : n;
  };
  const int64_t start = bound(start_at, 0), end = std::min(size, bound(start_at + 1, size));
  if (start > end) return {{}, 0, false};
  const std::string_view text = self.text();
  const auto byte_of = [&](int64_t chars) {
    if (is_ascii(text)) return static_cast<size_t>(chars);
    size_t at = 0;
    for (int64_t n = 0; n < chars; ++n) next_char(text, at);
    return at;
  };
  const size_t from = byte_of(start);
  return {text.substr(from, byte_of(end) - from), static_cast<size_t>(start), true};
}

int64_t find_place(const char* name, const Value& self, Args args, bool last) {
  const Params params(name, std::move(args), {"/sub", "/start", "/end"}, 1);
  const Window part = window(self, params, 1);
  if (!part.valid) return -1;
  const size_t at = last ? find_backward(part.text, params.text(0)) : find_forward(part.text, params.text(0));
  return at == kNotFound ? -1 : static_cast<int64_t>(part.first_char + count_chars(part.text.substr(0, at)));
}

Value find(Interpreter&, const Value& self, Args args) { return find_place("find", self, std::move(args), false); }
Value rfind(Interpreter&, const Value& self, Args args) { return find_place("rfind", self, std::move(args), true); }

Value index(Interpreter&, const Value& self, Args args) {
  const int64_t at = find_place("index", self, std::move(args), false);
  HONE_CHECK(at >= 0, ErrorKind::data, "index: substring not found");
  return at;
}
Value rindex(Interpreter&, const Value& self, Args args) {
  const int64_t at = find_place("rindex", self, std::move(args), true);
  HONE_CHECK(at >= 0, ErrorKind::data, "rindex: substring not found");
  return at;
}

Value count(Interpreter&, const Value& self, Args args) {
  const Params params("count", std::move(args), {"/sub", "/start", "/end"}, 1);
  const Window part = window(self, params, 1);
  const std::string& needle = params.text(0);
  if (!part.valid) return 0;
  if (needle.empty()) return static_cast<int64_t>(count_chars(part.text)) + 1;
  int64_t found = 0;
  for (size_t at = find_forward(part.text, needle); at != kNotFound; ++found) {
    at = find_forward(part.text, needle, at + needle.size());
  }
  return found;
}

Value at_edge(const char* name, const Value& self, Args args, bool at_end) {
  const Params params(name, std::move(args), {"/prefix", "/start", "/end"}, 1);
  const Window part = window(self, params, 1);
  const auto matches = [&](const Value& edge) {
    HONE_CHECK(edge.is_text(), ErrorKind::data, "{}: expected a str or a tuple of str, got {}", name, type_name(edge));
    return part.valid && (at_end ? part.text.ends_with(edge.text()) : part.text.starts_with(edge.text()));
  };
  if (!params[0].is_tuple()) return matches(params[0]);
  const auto& edges = params[0].sequence().items;
  return std::any_of(edges.begin(), edges.end(), matches);
}

Value startswith(Interpreter&, const Value& self, Args args) {
  return at_edge("startswith", self, std::move(args), false);
}
Value endswith(Interpreter&, const Value& self, Args args) { return at_edge("endswith", self, std::move(args), true); }

}  // namespace

const Table<MethodFunction>& str_methods() {
  static const Table<MethodFunction> table = {{"upper", mapped<upper>},
                                              {"lower", mapped<lower>},
                                              {"title", mapped<title>},
                                              {"capitalize", mapped<capitalize>},
                                              {"swapcase", mapped<swapcase>},
                                              {"casefold", mapped<casefold>},
                                              {"strip", strip},
                                              {"lstrip", lstrip},
                                              {"rstrip", rstrip},
                                              {"removeprefix", removeprefix},
                                              {"removesuffix", removesuffix},
                                              {"split", split},
                                              {"rsplit", rsplit},
                                              {"splitlines", splitlines},
                                              {"partition", partition},
                                              {"rpartition", rpartition},
                                              {"join", join_method},
                                              {"replace", replace},
                                              {"ljust", ljust},
                                              {"rjust", rjust},
                                              {"center", center},
                                              {"zfill", zfill},
                                              {"expandtabs", expandtabs},
                                              {"format", format_method},
                                              {"format_map", format_map},
                                              {"find", find},
                                              {"rfind", rfind},
                                              {"index", index},
                                              {"rindex", rindex},
                                              {"count", count},
                                              {"startswith", startswith},
                                              {"endswith", endswith}};
  return table;
}

}  // namespace hone::jinja
