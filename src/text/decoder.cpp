#include "text/decoder.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "text/decode_steps.h"
#include "text/json_fields.h"
#include "text/text_pattern.h"
#include "text/unicode.h"

namespace hone {
namespace {

char32_t single_char(const JsonFields& fields, const char* key, const std::string& otherwise) {
  const std::string text = fields.text(key, otherwise);
  HONE_CHECK(count_chars(text) == 1, ErrorKind::format, "{}: expected one character, got {}", fields.path(key),
             quote_for_message(text));
  return last_char(text);
}

size_t count(const JsonFields& fields, const char* key) {
  const int64_t n = fields.integer(key);
  HONE_CHECK(n >= 0, ErrorKind::format, "{}: expected a count, got {}", fields.path(key), n);
  return static_cast<size_t>(n);
}

Decoder sequence(const JsonFields& fields) {
  Decoder steps;
  size_t index = 0;
  for (const auto& step : fields.array("decoders")) {
    Decoder more = read_decoder(step, fmt::format("{}.decoders[{}]", fields.where(), index++));
    std::move(more.begin(), more.end(), std::back_inserter(steps));
  }
  return steps;
}

}  // namespace

Decoder read_decoder(const nlohmann::json& json, const std::string& where) {
  if (json.is_null()) return {decode_join(" ")};
  const JsonFields fields(json, where);
  const std::string type = fields.text("type");
  if (type == "Sequence") return sequence(fields);
  if (type == "ByteLevel") return {decode_byte_level()};
  if (type == "ByteFallback") return {decode_byte_tokens()};
  if (type == "Fuse") return {decode_fuse()};
  if (type == "Metaspace") {
    const bool prefixed =
        fields.boolean("add_prefix_space", true) && fields.text("prepend_scheme", "always") != "never";
    return {decode_metaspace(single_char(fields, "replacement", "▁"), prefixed)};
  }
  if (type == "Replace") return {decode_replace(read_pattern(fields), fields.text("content"))};
  if (type == "Strip") {
    return {decode_strip(single_char(fields, "content", ""), count(fields, "start"), count(fields, "stop"))};
  }
  if (type == "WordPiece") {
    return {decode_word_pieces(fields.text("prefix", "##"), fields.boolean("cleanup", true))};
  }
  if (type == "BPEDecoder") return {decode_word_suffix(fields.text("suffix", "</w>"))};
  fail(ErrorKind::format, "{}: unknown decoder {}", where, quote_for_message(type));
}

DecoderState::DecoderState(const Decoder& decoder) {
  for (const MakeDecodeStep& make : decoder) steps_.push_back(make());
}

void DecoderState::run(size_t step, Fragment fragment, std::string& out) {
  if (step == steps_.size())
    out += fragment.text;
  else
    steps_[step]->push(std::move(fragment), [&](Fragment f) { run(step + 1, std::move(f), out); });
}

void DecoderState::push(std::string token, std::string& out) { run(0, {std::move(token)}, out); }

void DecoderState::finish(std::string& out) {
  for (size_t step = 0; step < steps_.size(); ++step) {
    steps_[step]->finish([&](Fragment f) { run(step + 1, std::move(f), out); });
  }
}

}  // namespace hone
