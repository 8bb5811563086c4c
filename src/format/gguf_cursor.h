// Walks the bytes of a GGUF file; every step is checked against their end before anything is read or allocated.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/check.h"

namespace hone {

class GgufCursor {
 public:
  explicit GgufCursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  size_t offset() const { return offset_; }
  size_t left() const { return bytes_.size() - offset_; }
  std::span<const std::byte> since(size_t start) const { return bytes_.subspan(start, offset_ - start); }

  std::span<const std::byte> take(uint64_t size, const char* what) {
    HONE_CHECK(size <= left(), ErrorKind::format,
               "{} at offset {} needs {} bytes, but only {} are left (truncated file?)", what, offset_, size, left());
    const auto taken = bytes_.subspan(offset_, size);
    offset_ += size;
    return taken;
  }

  template <class T>
  T read(const char* what) {
    T value;
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return value;
  }

  /// A 64-bit length, then that many bytes of any kind.
  std::string_view string(const char* what) {
    const uint64_t size = read<uint64_t>(what);
    return {reinterpret_cast<const char*>(take(size, what).data()), size};
  }

  /// `count` items of at least `item_size` bytes each must fit what is left.
  void check_count(uint64_t count, size_t item_size, const char* what) const {
    HONE_CHECK(count <= left() / item_size, ErrorKind::format,
               "{} claimed at offset {}: {}, more than the {} bytes left can hold", what, offset_, count, left());
  }

 private:
  std::span<const std::byte> bytes_;
  size_t offset_ = 0;
};

}  // namespace hone
