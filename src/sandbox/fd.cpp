#include "sandbox/fd.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"

namespace hone {
namespace {

constexpr int kLowest = 16;  // posix_spawn puts descriptors at 0 to 4; sources among those would be overwritten

[[noreturn]] void fail_errno(const char* what) {
  const int error = errno;
  fail(ErrorKind::io, "sandbox: {}: {}", what, std::strerror(error));
}

UniqueFd raised(const UniqueFd& low) {
  UniqueFd high(fcntl(low.get(), F_DUPFD_CLOEXEC, kLowest));
  if (!high) fail_errno("cannot duplicate a descriptor");
  return high;
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail_errno("cannot write a memory file");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

FdPair output_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail_errno("cannot make a pipe");
  const UniqueFd reader(ends[0]), writer(ends[1]);
  FdPair pair{raised(reader), raised(writer)};
  fcntl(pair.host.get(), F_SETFL, O_NONBLOCK);
  return pair;
}

FdPair socket_pair(int type) {
  int ends[2];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) fail_errno("cannot make a socket pair");
  const UniqueFd first(ends[0]), second(ends[1]);
  return {raised(first), raised(second)};
}

UniqueFd memory_file(const char* name) {
  const UniqueFd file(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) fail_errno("cannot make a memory file");
  return raised(file);
}

UniqueFd sealed_file(const char* name, std::string_view bytes) {
  UniqueFd file = memory_file(name);
  write_all(file.get(), bytes);
  lseek(file.get(), 0, SEEK_SET);
  if (fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    fail_errno("cannot seal a memory file");
  }
  return file;
}

std::string read_memory_file(const UniqueFd& file) {
  std::string bytes;
  char buffer[4096];
  for (off_t at = 0;;) {
    const ssize_t got = pread(file.get(), buffer, sizeof buffer, at);
    if (got <= 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(got));
    at += got;
  }
}

}  // namespace hone
