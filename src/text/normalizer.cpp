#include "text/normalizer.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "text/byte_level.h"
#include "text/charsmap.h"
#include "text/json_fields.h"
#include "text/regex.h"
#include "text/text_pattern.h"
#include "text/unicode.h"

namespace hone {
namespace {

/// Rebuilds a text character by character; `emit(c, out)` appends what c becomes.
template <class Emit>
Normalizer per_char(Emit emit) {
  return [emit](const std::string& text) {
    std::string out;
    out.reserve(text.size());
    for (size_t at = 0; at < text.size();) emit(next_char(text, at), out);
    return out;
  };
}

Normalizer drop(bool (*is_dropped)(char32_t)) {
  return per_char([is_dropped](char32_t c, std::string& out) {
    if (!is_dropped(c)) append_char(out, c);
  });
}

Normalizer in_order(std::vector<Normalizer> steps) {
  return [steps = std::move(steps)](std::string text) {
    for (const Normalizer& step : steps) text = step(std::move(text));
    return text;
  };
}

Normalizer to_form(NormalForm form) {
  return [form](const std::string& text) { return normal_form(text, form); };
}

Normalizer strip(bool left, bool right) {
  return [left, right](const std::string& text) {
    size_t begin = 0, end = text.size();
    while (left && begin < end) {
      size_t next = begin;
      if (!is_white_space(next_char(text, next))) break;
      begin = next;
    }
    while (right && end > begin) {
      const char32_t c = last_char(std::string_view(text).substr(0, end));
      if (!is_white_space(c)) break;
      std::string character;
      append_char(character, c);
      end -= character.size();
    }
    return text.substr(begin, end - begin);
  };
}

bool is_cjk_ideograph(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

void clean_char(char32_t c, std::string& out) {
  const bool blank = c == '\t' || c == '\n' || c == '\r' || is_white_space(c);
  if (c == '\t' || c == '\n' || c == '\r') return out.push_back(' ');
  if (c == 0 || c == 0xFFFD || is_other(c)) return;
  if (blank)
    out.push_back(' ');
  else
    append_char(out, c);
}

void space_ideograph(char32_t c, std::string& out) {
  if (is_cjk_ideograph(c))
    out.push_back(' '), append_char(out, c), out.push_back(' ');
  else
    append_char(out, c);
}

Normalizer bert(const JsonFields& fields) {
  const bool lowercase = fields.boolean("lowercase", true);
  std::vector<Normalizer> steps;
  if (fields.boolean("clean_text", true)) steps.push_back(per_char(clean_char));
  if (fields.boolean("handle_chinese_chars", true)) steps.push_back(per_char(space_ideograph));
  if (fields.boolean("strip_accents", lowercase)) {  // null: as lowercase
    steps.push_back(to_form(NormalForm::nfd));
    steps.push_back(drop(is_nonspacing_mark));
  }
  if (lowercase) steps.push_back(per_char([](char32_t c, std::string& out) { append_lower(out, c); }));
  return in_order(std::move(steps));
}

void nmt_char(char32_t c, std::string& out) {
  const bool control =
      (c >= 0x01 && c <= 0x08) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
  if (control) return;
  const bool space = c == 0x09 || c == 0x0A || c == 0x0C || c == 0x0D || c == 0x1680 || (c >= 0x200B && c <= 0x200F) ||
                     c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
  append_char(out, space ? U' ' : c);
}

Normalizer replace(const JsonFields& fields) {
  return [regex = read_pattern(fields), content = fields.text("content")](const std::string& text) {
    return replace_matches(regex, text, content);
  };
}

Normalizer precompiled(const JsonFields& fields) {
  const std::string blob = decode_base64(fields.text("precompiled_charsmap"), fields.path("precompiled_charsmap"));
  return [map = std::make_shared<const Charsmap>(blob)](const std::string& text) { return map->apply(text); };
}

Normalizer sequence(const JsonFields& fields) {
  std::vector<Normalizer> steps;
  for (const auto& step : fields.array("normalizers")) {
    steps.push_back(read_normalizer(step, fmt::format("{}.normalizers[{}]", fields.where(), steps.size())));
  }
  return in_order(std::move(steps));
}

}  // namespace

Normalizer read_normalizer(const nlohmann::json& json, const std::string& where) {
  if (json.is_null()) return [](std::string text) { return text; };
  const JsonFields fields(json, where);
  const std::string type = fields.text("type");
  if (type == "Sequence") return sequence(fields);
  if (type == "NFC") return to_form(NormalForm::nfc);
  if (type == "NFD") return to_form(NormalForm::nfd);
  if (type == "NFKC") return to_form(NormalForm::nfkc);
  if (type == "NFKD") return to_form(NormalForm::nfkd);
  if (type == "Lowercase") return per_char([](char32_t c, std::string& out) { append_lower(out, c); });
  if (type == "Strip") return strip(fields.boolean("strip_left", true), fields.boolean("strip_right", true));
  if (type == "StripAccents") return drop(is_mark);
  if (type == "Replace") return replace(fields);
  if (type == "Prepend") {
    return [prefix = fields.text("prepend")](const std::string& text) { return text.empty() ? text : prefix + text; };
  }
  if (type == "BertNormalizer") return bert(fields);
  if (type == "Nmt") return per_char(nmt_char);
  if (type == "Precompiled") return precompiled(fields);
  if (type == "ByteLevel") return [](const std::string& text) { return bytes_to_alphabet(text); };
  fail(ErrorKind::format, "{}: unknown normalizer {}", where, quote_for_message(type));
}

}  // namespace hone
