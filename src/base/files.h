// Files: read whole, map, and replace so that a reader sees the old bytes or the new ones, never a mixture.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace hone {

/// The whole file as bytes. Error(io) names the path and the system's reason.
std::string read_file(const std::filesystem::path& path);

/// Writes to PATH.tmp, fsyncs, renames over PATH, fsyncs the folder. On any failure (a full disk included) the old
/// file is untouched, the temporary one is removed, and Error(io) is thrown. A link is followed, and what is no regular
/// file (/dev/null, a pipe) is written to as it is.
void write_file_atomic(const std::filesystem::path& path, std::string_view bytes);

class FileWriter;
/// The same for contents that `body` writes piece by piece; an exception from `body` counts as a failure.
void write_file_atomic(const std::filesystem::path& path, const std::function<void(FileWriter& file)>& body);

/// Flushes a file's or folder's contents to the device; Error(io) on failure.
void sync_path(const std::filesystem::path& path);

/// A file being written piece by piece with every error checked; close() must be called for the data to count.
class FileWriter {
 public:
  explicit FileWriter(const std::filesystem::path& path, bool append = false);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  void write(const void* data, size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void flush();           // to the operating system
  void close(bool sync);  // optionally to the device

 private:
  void write_through(const char* bytes, size_t size);

  std::filesystem::path path_;
  int fd_ = -1;
  std::string buffer_;
};

/// A read-only memory map; an empty file maps to an empty span.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  MappedFile(const MappedFile&) = delete;
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace hone
