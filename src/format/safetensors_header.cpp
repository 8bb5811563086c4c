#include "format/safetensors_header.h"

#include <limits>
#include <unordered_set>

#include "base/check.h"
#include "base/jsonl.h"
#include "base/text.h"

namespace hone {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxDepth = 127;  // as the reference implementation's JSON parser

std::optional<DType> find_dtype(std::string_view name) {
  for (int i = 0; is_safetensors_dtype(static_cast<DType>(i)); ++i) {
    if (name == dtype_name(static_cast<DType>(i))) return static_cast<DType>(i);
  }
  return std::nullopt;
}

/// Takes the parser's events. `slot_` says what the next value is; `open_` holds the slots of the open containers.
class HeaderReader final : public nlohmann::json_sax<Json> {
 public:
  SafetensorsHeader header;

  bool null() override {
    if (slot_ != Slot::metadata) scalar("null");  // the reference reads a null __metadata__ as none
    return true;
  }
  bool boolean(bool) override { return scalar("a boolean"); }
  bool number_integer(int64_t) override { return scalar("a negative number"); }
  bool number_float(double, const std::string&) override { return scalar("a fraction"); }
  bool binary(Json::binary_t&) override { return scalar("binary data"); }

  bool number_unsigned(uint64_t value) override {
    if (slot_ == Slot::dimension) {
      HONE_CHECK(value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()), ErrorKind::format,
                 "tensor {}: dimension {} does not fit 63 bits", quoted_name(), value);
      entry().shape.push_back(static_cast<int64_t>(value));
      return true;
    }
    if (slot_ == Slot::offset) {
      HONE_CHECK(num_offsets_ < 2, ErrorKind::format, "tensor {}: more than two data_offsets", quoted_name());
      (num_offsets_++ == 0 ? entry().begin : entry().end) = value;
      return true;
    }
    return scalar("a number");
  }

  bool string(std::string& text) override {
    if (slot_ == Slot::dtype) {
      const std::optional<DType> dtype = find_dtype(text);
      HONE_CHECK(dtype, ErrorKind::format, "tensor {}: unknown dtype {}", quoted_name(), quote_for_message(text));
      entry().dtype = *dtype;
      return true;
    }
    if (slot_ == Slot::metadata_value) {
      const bool is_new = header.metadata.emplace(metadata_key_, std::move(text)).second;
      HONE_CHECK(is_new, ErrorKind::format, "__metadata__: key {} appears twice", quote_for_message(metadata_key_));
      return true;
    }
    return scalar("a string");
  }

  bool start_object(std::size_t) override {
    if (slot_ != Slot::document && slot_ != Slot::metadata && slot_ != Slot::tensor) scalar("an object");
    if (slot_ == Slot::tensor) seen_ = 0, num_offsets_ = 0;
    return open();
  }
  bool start_array(std::size_t) override {
    if (slot_ != Slot::shape && slot_ != Slot::offsets) scalar("an array");
    open();
    if (slot_ == Slot::shape) slot_ = Slot::dimension;
    if (slot_ == Slot::offsets) slot_ = Slot::offset;
    return true;
  }

  bool key(std::string& name) override {
    switch (open_.back()) {
      case Slot::document:
        start_entry(name);
        break;
      case Slot::metadata:
        metadata_key_ = std::move(name);
        slot_ = Slot::metadata_value;
        break;
      case Slot::tensor:
        if (name == "dtype")
          field(Slot::dtype, 1, name);
        else if (name == "shape")
          field(Slot::shape, 2, name);
        else if (name == "data_offsets")
          field(Slot::offsets, 4, name);
        else
          slot_ = Slot::ignored;
        break;
      default:
        slot_ = Slot::ignored;
    }
    return true;
  }

  bool end_object() override {
    if (open_.back() == Slot::tensor) {
      HONE_CHECK(seen_ == 7, ErrorKind::format, "tensor {}: no {}", quoted_name(),
                 !(seen_ & 1)   ? "dtype"
                 : !(seen_ & 2) ? "shape"
                                : "data_offsets");
    }
    return close();
  }
  bool end_array() override {
    HONE_CHECK(open_.back() != Slot::offsets || num_offsets_ == 2, ErrorKind::format,
               "tensor {}: expected two data_offsets, got {}", quoted_name(), num_offsets_);
    return close();
  }

  bool parse_error(std::size_t position, const std::string& token, const Json::exception&) override {
    fail(ErrorKind::format, "header is not valid JSON at byte {}, near {}", position, quote_for_message(token, 40));
  }

 private:
  enum class Slot { document, metadata, metadata_value, tensor, dtype, shape, dimension, offsets, offset, ignored };

  SafetensorsEntry& entry() { return header.entries.back(); }
  std::string quoted_name() { return quote_for_message(entry().name); }

  /// A scalar (or a container) that only an ignored value may be.
  bool scalar(const char* found) {
    switch (slot_) {
      case Slot::ignored:
        return true;
      case Slot::document:
        fail(ErrorKind::format, "header: expected an object, found {}", found);
      case Slot::metadata:
        fail(ErrorKind::format, "__metadata__: expected an object, found {}", found);
      case Slot::metadata_value:
        fail(ErrorKind::format, "__metadata__: expected a string for {}, found {}", quote_for_message(metadata_key_),
             found);
      case Slot::tensor:
        fail(ErrorKind::format, "tensor {}: expected an object, found {}", quoted_name(), found);
      case Slot::dtype:
        fail(ErrorKind::format, "tensor {}: expected a dtype, found {}", quoted_name(), found);
      case Slot::shape:
        fail(ErrorKind::format, "tensor {}: expected a shape, found {}", quoted_name(), found);
      case Slot::dimension:
        fail(ErrorKind::format, "tensor {}: expected a whole dimension, found {}", quoted_name(), found);
      case Slot::offsets:
        fail(ErrorKind::format, "tensor {}: expected two data_offsets, found {}", quoted_name(), found);
      case Slot::offset:
        fail(ErrorKind::format, "tensor {}: expected a whole data offset, found {}", quoted_name(), found);
    }
    return false;
  }

  void start_entry(std::string& name) {
    HONE_CHECK(names_.insert(name).second, ErrorKind::format, "{} appears twice", quote_for_message(name));
    if (name == "__metadata__") {
      slot_ = Slot::metadata;
    } else {
      header.entries.emplace_back().name = std::move(name);
      slot_ = Slot::tensor;
    }
  }

  void field(Slot slot, int bit, const std::string& name) {
    HONE_CHECK(!(seen_ & bit), ErrorKind::format, "tensor {}: {} appears twice", quoted_name(), name);
    seen_ |= bit;
    slot_ = slot;
  }

  bool open() {
    HONE_CHECK(open_.size() < kMaxDepth, ErrorKind::format, "header: JSON nested more than {} deep", kMaxDepth);
    open_.push_back(slot_);
    return true;
  }
  bool close() {
    open_.pop_back();
    slot_ = Slot::ignored;  // inside an object the next key sets it; an array that holds containers is ignored anyway
    return true;
  }

  Slot slot_ = Slot::document;
  std::vector<Slot> open_;
  std::unordered_set<std::string> names_;
  std::string metadata_key_;
  int seen_ = 0;  // fields of the open tensor: 1 dtype, 2 shape, 4 data_offsets
  int num_offsets_ = 0;
};

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view text) {
  HONE_CHECK(text.starts_with('{'), ErrorKind::format, "header does not start with '{{' but with {}",
             quote_for_message(text.substr(0, 1)));
  const size_t valid = valid_utf8_prefix(text);
  HONE_CHECK(valid == text.size(), ErrorKind::format, "header is not UTF-8 at byte {}", valid);
  // The parser takes NUL for the end of its input, which would let anything follow.
  const size_t nul = text.find('\0');
  HONE_CHECK(nul == text.npos, ErrorKind::format, "header is not valid JSON at byte {}: NUL", nul);
  HeaderReader reader;
  Json::sax_parse(text.begin(), text.end(), &reader);
  return std::move(reader.header);
}

std::string safetensors_header_text(const SafetensorsHeader& header) {
  // Appended by hand: a JSON object that keeps insertion order is quadratic in the number of its keys.
  std::string text = "{";
  if (!header.metadata.empty()) text += "\"__metadata__\":" + dump_json(header.metadata);
  for (const SafetensorsEntry& entry : header.entries) {
    if (text.size() > 1) text += ',';
    text += fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}", dump_json(entry.name),
                        dtype_name(entry.dtype), fmt::join(entry.shape, ","), entry.begin, entry.end);
  }
  text += '}';
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

}  // namespace hone
