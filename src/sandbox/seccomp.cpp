#include "sandbox/seccomp.h"

#include <cerrno>
#include <memory>

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/check.h"
#include "sandbox/fd.h"

namespace hone {
namespace {

// What interpreters, compilers and ordinary programs use. Left out with intent: sockets (network, abstract addresses),
// ptrace and process_vm_*, io_uring, bpf, perf, userfaultfd, keyrings, mounts and namespaces, System V and POSIX
// message queues and memfd (memory that no limit of a process covers), module and machine control, handles that open
// files.
// clang-format off
constexpr const char* kAllowed[] = {
    "access", "alarm", "arch_prctl", "brk", "chdir", "chmod", "clock_getres", "clock_gettime", "clock_nanosleep",
    "close", "close_range", "copy_file_range", "creat", "dup", "dup2", "dup3", "epoll_create", "epoll_create1",
    "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2", "execve", "execveat", "exit",
    "exit_group", "faccessat", "faccessat2", "fadvise64", "fallocate", "fchdir", "fchmod", "fchmodat", "fcntl",
    "fdatasync", "flock", "fork", "fstat", "fstatfs", "fsync", "ftruncate", "futex", "futex_waitv", "getcpu", "getcwd",
    "getdents", "getdents64", "getegid", "geteuid", "getgid", "getgroups", "getitimer", "getpeername", "getpgid",
    "getpgrp", "getpid", "getppid", "getpriority", "getrandom", "getresgid", "getresuid", "getrlimit", "getrusage",
    "getsid", "getsockname", "getsockopt", "gettid", "gettimeofday", "getuid", "getxattr", "inotify_init1", "kill",
    "link", "linkat", "listxattr", "lseek", "lstat", "madvise", "membarrier", "mincore", "mkdir", "mkdirat", "mmap",
    "mprotect", "mremap", "msync", "munmap", "nanosleep", "newfstatat", "open", "openat", "openat2", "pause",
    "pidfd_open", "pidfd_send_signal", "pipe", "pipe2", "poll", "ppoll", "pread64", "preadv", "preadv2", "prlimit64",
    "pselect6", "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv", "recvfrom",
    "recvmsg", "rename", "renameat", "renameat2", "restart_syscall", "rmdir", "rseq", "rt_sigaction",
    "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
    "rt_tgsigqueueinfo", "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity", "sched_getattr",
    "sched_getparam", "sched_getscheduler", "sched_rr_get_interval", "sched_setaffinity", "sched_yield", "select",
    "sendfile", "sendmsg", "sendto", "set_robust_list", "set_tid_address", "setitimer", "setpgid", "setpriority",
    "setrlimit", "setsid", "shutdown", "sigaltstack", "splice", "stat", "statfs", "statx", "symlink", "symlinkat",
    "sync_file_range", "sysinfo", "tee", "tgkill", "time", "timer_create", "timer_delete", "timer_getoverrun",
    "timer_gettime", "timer_settime", "timerfd_create", "timerfd_gettime", "timerfd_settime", "times", "tkill",
    "truncate", "umask", "uname", "unlink", "unlinkat", "utime", "utimensat", "utimes", "vfork", "wait4", "waitid",
    "write", "writev"};
// clang-format on

constexpr unsigned long kIoctls[] = {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX};

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
constexpr int kPrctls[] = {PR_SET_NAME,     PR_GET_NAME,         PR_SET_PDEATHSIG, PR_GET_PDEATHSIG,
                           PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS, PR_CAPBSET_READ,  PR_SET_CHILD_SUBREAPER,
                           PR_SET_VMA};

constexpr scmp_datum_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                     CLONE_NEWPID | CLONE_NEWNET | 0x80 /* CLONE_NEWTIME */;

void check(int result) { HONE_CHECK(result >= 0, ErrorKind::internal, "libseccomp failed with error {}", -result); }

}  // namespace

std::string seccomp_program() {
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)), seccomp_release);
  HONE_CHECK(filter, ErrorKind::internal, "libseccomp cannot make a filter");
  const auto allow = [&](const char* name, auto... conditions) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return;  // newer than this libseccomp
    // Pseudo numbers stand for calls that the architecture lacks; the rule then has no effect.
    const int result = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, number, sizeof...(conditions), conditions...);
    if (number >= 0) check(result);
  };
  for (const char* name : kAllowed) allow(name);
  allow("clone", SCMP_A0(SCMP_CMP_MASKED_EQ, kNamespaces, 0));
  allow("socketpair", SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(AF_UNIX)));
  for (const unsigned long request : kIoctls) allow("ioctl", SCMP_A1(SCMP_CMP_EQ, request));
  for (const int option : kPrctls) allow("prctl", SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(option)));
  // Its flags lie in memory where a filter cannot see them; C libraries fall back to clone().
  check(seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0));

  const UniqueFd file = memory_file("seccomp");
  check(seccomp_export_bpf(filter.get(), file.get()));
  return read_memory_file(file);
}

}  // namespace hone
