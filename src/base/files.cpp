#include "base/files.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/unique_fd.h"

namespace hone {
namespace {

constexpr size_t kBufferSize = 1 << 20;

[[noreturn]] void fail_errno(const char* action, const std::filesystem::path& path) {
  const int code = errno;
  fail(ErrorKind::io, "{}: cannot {}: {}", path.string(), action, std::strerror(code));
}

void check_is_file(const std::filesystem::path& path, const struct stat& info) {
  HONE_CHECK(!S_ISDIR(info.st_mode), ErrorKind::io, "{}: expected a file, found a folder", path.string());
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) fail_errno("open", path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) fail_errno("stat", path);
  check_is_file(path, info);
  std::string bytes(static_cast<size_t>(info.st_size), '\0');
  size_t done = 0;
  for (;;) {  // pipes and /proc files report size 0, so read until the end rather than by size
    if (done == bytes.size()) bytes.resize(bytes.size() + 4096);
    const ssize_t n = ::read(fd.get(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_errno("read", path);
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

void sync_path(const std::filesystem::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) fail_errno("open", path);
  if (::fsync(fd.get()) != 0) fail_errno("sync", path);
}

void write_file_atomic(const std::filesystem::path& path, std::string_view bytes) {
  write_file_atomic(path, [bytes](FileWriter& file) { file.write(bytes); });
}

void write_file_atomic(const std::filesystem::path& named, const std::function<void(FileWriter& file)>& body) {
  std::error_code dangling;
  std::filesystem::path path = std::filesystem::canonical(named, dangling);  // a link stays one
  if (dangling) path = named;
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {  // a device or a pipe: must not be replaced
    FileWriter writer(path);
    body(writer);
    return writer.close(/*sync=*/false);
  }
  const std::filesystem::path temporary = path.string() + ".tmp";
  try {
    FileWriter writer(temporary);
    body(writer);
    writer.close(/*sync=*/true);
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail_errno("rename into place", path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_path(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
}

FileWriter::FileWriter(const std::filesystem::path& path, bool append) : path_(path) {
  const int mode = O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC);
  fd_ = ::open(path.c_str(), mode, 0644);
  if (fd_ < 0) fail_errno("open for writing", path);
  buffer_.reserve(kBufferSize);
}

FileWriter::~FileWriter() {
  if (fd_ >= 0) ::close(fd_);
}

void FileWriter::write(const void* data, size_t size) {
  if (buffer_.size() + size > kBufferSize) flush();
  const char* bytes = static_cast<const char*>(data);
  if (size >= kBufferSize) return write_through(bytes, size);  // a large tensor needs no second copy
  buffer_.append(bytes, size);
}

void FileWriter::flush() {
  write_through(buffer_.data(), buffer_.size());
  buffer_.clear();
}

void FileWriter::write_through(const char* bytes, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t n = ::write(fd_, bytes + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_errno("write", path_);
    done += static_cast<size_t>(n);
  }
}

void FileWriter::close(bool sync) {
  flush();
  if (sync && ::fsync(fd_) != 0) fail_errno("sync", path_);
  if (::close(std::exchange(fd_, -1)) != 0) fail_errno("close", path_);
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) fail_errno("open", path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) fail_errno("stat", path);
  check_is_file(path, info);
  size_ = static_cast<size_t>(info.st_size);
  if (size_ == 0) return;
  void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (mapped == MAP_FAILED) fail_errno("map", path);
  data_ = static_cast<const std::byte*>(mapped);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace hone
