// Typed access to GGUF metadata. The file was checked when it was opened, so the reads below stay inside their value.
#include <limits>

#include "base/check.h"
#include "base/text.h"
#include "format/gguf.h"
#include "format/gguf_cursor.h"

namespace hone {
namespace {

bool is_integer(GgufType type) { return type <= GgufType::i32 || type == GgufType::u64 || type == GgufType::i64; }
bool is_number(GgufType type) { return is_integer(type) || type == GgufType::f32 || type == GgufType::f64; }
bool is_boolean(GgufType type) { return type == GgufType::boolean; }
bool is_string(GgufType type) { return type == GgufType::string; }

const char* type_name(GgufType type) {
  constexpr const char* kNames[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                    "bool", "string", "array", "u64", "i64", "f64"};
  return kNames[static_cast<size_t>(type)];
}

int64_t read_integer(GgufCursor& cursor, GgufType type) {
  switch (type) {
    case GgufType::u8:
      return cursor.read<uint8_t>("value");
    case GgufType::i8:
      return cursor.read<int8_t>("value");
    case GgufType::u16:
      return cursor.read<uint16_t>("value");
    case GgufType::i16:
      return cursor.read<int16_t>("value");
    case GgufType::u32:
      return cursor.read<uint32_t>("value");
    case GgufType::i32:
      return cursor.read<int32_t>("value");
    case GgufType::i64:
      return cursor.read<int64_t>("value");
    default:
      break;
  }
  const uint64_t value = cursor.read<uint64_t>("value");
  HONE_CHECK(value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()), ErrorKind::format,
             "{} does not fit a signed 64-bit integer", value);
  return static_cast<int64_t>(value);
}

double read_number(GgufCursor& cursor, GgufType type) {
  if (type == GgufType::f32) return cursor.read<float>("value");
  if (type == GgufType::f64) return cursor.read<double>("value");
  return static_cast<double>(read_integer(cursor, type));
}

}  // namespace

bool GgufFile::has(std::string_view key) const { return key_index_.contains(key); }

const GgufFile::Value& GgufFile::value(std::string_view key) const {
  const auto found = key_index_.find(key);
  HONE_CHECK(found != key_index_.end(), ErrorKind::format, "{}: no metadata key {}{}", name_, quote_for_message(key),
             did_you_mean(key, keys_));
  return values_[found->second];
}

/// Calls read(cursor, type) for each of the values of `key` after checking their kind.
template <class Read>
void GgufFile::read_values(std::string_view key, const char* expected, bool is_array, bool (*fits)(GgufType),
                           Read&& read) const {
  const Value& stored = value(key);
  // An empty array may carry any element type.
  const bool kind_fits = fits(stored.type) || (is_array && stored.count == 0);
  HONE_CHECK(stored.is_array == is_array && kind_fits, ErrorKind::format,
             "{}: metadata key {}: expected {}, found {}{}", name_, quote_for_message(key), expected,
             stored.is_array ? "an array of " : "", type_name(stored.type));
  with_context(name_ + ": metadata key " + quote_for_message(key), [&] {
    GgufCursor cursor(stored.bytes);
    for (uint64_t i = 0; i < stored.count; ++i) read(cursor, stored.type);
  });
}

template <>
bool GgufFile::get<bool>(std::string_view key) const {
  bool result = false;
  read_values(key, "a bool", false, is_boolean,
              [&](GgufCursor& cursor, GgufType) { result = cursor.read<uint8_t>("value") != 0; });
  return result;
}

template <>
int64_t GgufFile::get<int64_t>(std::string_view key) const {
  int64_t result = 0;
  read_values(key, "an integer", false, is_integer,
              [&](GgufCursor& cursor, GgufType type) { result = read_integer(cursor, type); });
  return result;
}

template <>
double GgufFile::get<double>(std::string_view key) const {
  double result = 0;
  read_values(key, "a number", false, is_number,
              [&](GgufCursor& cursor, GgufType type) { result = read_number(cursor, type); });
  return result;
}

template <>
std::string GgufFile::get<std::string>(std::string_view key) const {
  std::string result;
  read_values(key, "a string", false, is_string,
              [&](GgufCursor& cursor, GgufType) { result = cursor.string("value"); });
  return result;
}

template <>
std::vector<int64_t> GgufFile::get<std::vector<int64_t>>(std::string_view key) const {
  std::vector<int64_t> result;
  read_values(key, "an array of integers", true, is_integer,
              [&](GgufCursor& cursor, GgufType type) { result.push_back(read_integer(cursor, type)); });
  return result;
}

template <>
std::vector<float> GgufFile::get<std::vector<float>>(std::string_view key) const {
  std::vector<float> result;
  read_values(key, "an array of numbers", true, is_number, [&](GgufCursor& cursor, GgufType type) {
    result.push_back(static_cast<float>(read_number(cursor, type)));
  });
  return result;
}

template <>
std::vector<std::string> GgufFile::get<std::vector<std::string>>(std::string_view key) const {
  std::vector<std::string> result;
  read_values(key, "an array of strings", true, is_string,
              [&](GgufCursor& cursor, GgufType) { result.emplace_back(cursor.string("value")); });
  return result;
}

}  // namespace hone
