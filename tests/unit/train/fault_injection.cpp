#include "unit/train/fault_injection.h"

#include <algorithm>
#include <atomic>
#include <cerrno>

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hone::testing {
namespace {

Faults faults;
std::atomic<int64_t> calls{0};

/// True: the call must fail, errno is set.
bool fails() {
  const int64_t call = ++calls;
  if (call == faults.kill_at) ::kill(::getpid(), SIGKILL);
  if (call != faults.fail_at) return false;
  errno = faults.error;
  return true;
}

}  // namespace

void inject(const Faults& wanted) {
  faults = wanted;
  calls = 0;
}

int64_t injected_calls() { return calls; }

}  // namespace hone::testing

// The C library's own, seen from every library of this program.
extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
  if (fd > 2 && hone::testing::fails()) return -1;
  if (fd > 2) size = std::min(size, hone::testing::faults.longest_write);
  return ::syscall(SYS_write, fd, data, size);
}

int fsync(int fd) { return hone::testing::fails() ? -1 : static_cast<int>(::syscall(SYS_fsync, fd)); }

int rename(const char* from, const char* to) noexcept {
  return hone::testing::fails() ? -1 : static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int mkdir(const char* path, mode_t mode) noexcept {
  return hone::testing::fails() ? -1 : static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

int unlinkat(int fd, const char* path, int flags) noexcept {
  return hone::testing::fails() ? -1 : static_cast<int>(::syscall(SYS_unlinkat, fd, path, flags));
}

int unlink(const char* path) noexcept { return unlinkat(AT_FDCWD, path, 0); }

int rmdir(const char* path) noexcept { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

}  // extern "C"
