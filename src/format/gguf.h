// GGUF files, versions 2 and 3, little endian: typed metadata and tensors, by memory map. Counts, lengths and offsets
// are held against the size of the file before anything is allocated, so memory stays a small multiple of that size.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/files.h"
#include "format/tensor_view.h"

namespace hone {

class GgufCursor;

/// Types of metadata values, by their number on disk.
enum class GgufType : uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

/// What get<T>() can return. Integers of any stored width come as int64_t, floats (and integers) as double or float.
template <class T>
concept GgufReadable = std::same_as<T, bool> || std::same_as<T, int64_t> || std::same_as<T, double> ||
    std::same_as<T, std::string> || std::same_as<T, std::vector<int64_t>> || std::same_as<T, std::vector<float>> ||
    std::same_as<T, std::vector<std::string>>;

/// One mapped file. A file with no tensors (vocabulary only) is fine; a part of a split model, a big-endian file and a
/// file of version 1 are refused by name. Every Error(format) names the file, the key or tensor, and the offset.
class GgufFile {
 public:
  explicit GgufFile(const std::filesystem::path& path);
  /// Borrows `bytes`; `name` is for messages.
  GgufFile(std::span<const std::byte> bytes, const std::string& name);

  uint32_t version() const { return version_; }
  const std::string& name() const { return name_; }

  // Metadata.
  const std::vector<std::string>& keys() const { return keys_; }  // in file order
  bool has(std::string_view key) const;

  /// The value of `key`. Error(format) if it is absent, of another kind, or an integer beyond int64_t. Strings come as
  /// the bytes in the file, which need not be UTF-8.
  template <GgufReadable T>
  T get(std::string_view key) const;

  /// Empty if `key` is absent; a value of the wrong kind is still an error.
  template <GgufReadable T>
  std::optional<T> get_optional(std::string_view key) const {
    return has(key) ? std::optional<T>(get<T>(key)) : std::nullopt;
  }

  // Tensors, shapes outermost dimension first.
  const std::vector<TensorView>& tensors() const { return tensors_; }  // in file order
  const TensorView* find(std::string_view name) const;                 // nullptr if absent
  const TensorView& at(std::string_view name) const;                   // Error(format) with the nearest name if absent

 private:
  struct Value {
    GgufType type;  // of the elements, for an array
    bool is_array;
    uint64_t count;                    // 1 for a scalar
    std::span<const std::byte> bytes;  // as on disk; strings with their length prefixes
  };

  void parse(std::span<const std::byte> bytes);
  void read_metadata(GgufCursor& file, uint64_t count);
  void read_tensors(GgufCursor& file, uint64_t count, std::span<const std::byte> bytes);
  uint32_t read_alignment() const;
  const Value& value(std::string_view key) const;
  template <class Read>
  void read_values(std::string_view key, const char* expected, bool is_array, bool (*fits)(GgufType),
                   Read&& read) const;

  std::string name_;
  std::optional<MappedFile> file_;
  uint32_t version_ = 0;
  std::vector<std::string> keys_;
  std::vector<Value> values_;  // parallel to keys_
  std::unordered_map<std::string_view, size_t> key_index_, tensor_index_;
  std::vector<TensorView> tensors_;
};

// One definition each in gguf_values.cpp.
template <>
bool GgufFile::get<bool>(std::string_view key) const;
template <>
int64_t GgufFile::get<int64_t>(std::string_view key) const;
template <>
double GgufFile::get<double>(std::string_view key) const;
template <>
std::string GgufFile::get<std::string>(std::string_view key) const;
template <>
std::vector<int64_t> GgufFile::get<std::vector<int64_t>>(std::string_view key) const;
template <>
std::vector<float> GgufFile::get<std::vector<float>>(std::string_view key) const;
template <>
std::vector<std::string> GgufFile::get<std::vector<std::string>>(std::string_view key) const;

}  // namespace hone
