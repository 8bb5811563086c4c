// A sandbox for code that nobody has read: bubblewrap around a warm process (python/zygote.py) that forks one run after
// another. Every run gets its own process, mount and IPC namespaces, an empty /tmp of limited size, resource limits, no
// capabilities and a seccomp filter; all runs share an empty network namespace, a read-only system and no /proc.
//
//   Sandbox sandbox(options);
//   FdPair out = output_pipe(), channel = socket_pair(SOCK_STREAM);
//   SandboxRun run(sandbox, "program", limits, {{"channel", &channel.run}, {"stdout", &out.run}});
//
// When the host dies, the control socket closes, the zygote exits, and the kernel kills everything in the sandbox. No
// signal handlers are installed, and descriptors of the host program do not reach the sandbox.
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <sys/types.h>

#include "sandbox/fd.h"

namespace hone {

using SandboxClock = std::chrono::steady_clock;

struct SandboxOptions {
  std::string bwrap = "/usr/bin/bwrap";
  std::string python = "/usr/bin/python3";  // at least 3.9; must lie under /usr
  std::string roles;                        // Python source that adds to the zygote's ROLES
  bool allow_weak = false;                  // take whatever the machine offers, down to limits and seccomp alone
};

struct RunLimits {
  double cpu_s = 4;         // of the run's process, until it resets its clock
  double cpu_total_s = 60;  // of any of its processes
  int64_t memory_mb = 512;  // address space of a process
  int64_t tmp_mb = 64;      // of files, together and each
  int64_t stack_mb = 8;
};

/// The sandbox itself failed: it says nothing about the code in it.
struct SandboxFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One warm sandbox. Not thread-safe; see SandboxPool.
class Sandbox {
 public:
  /// Starts it; SandboxFailure says what could not be had.
  explicit Sandbox(const SandboxOptions& options);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  enum class Mode { full, as_root, bare };  // bubblewrap as an ordinary user, as root, or no bubblewrap at all
  Mode mode() const { return mode_; }
  const nlohmann::json& facts() const { return facts_; }  // what the zygote found about itself
  bool usable() const { return usable_; }                 // false after a SandboxFailure

 private:
  friend class SandboxRun;
  bool launch(const SandboxOptions& options, Mode mode);
  void stop();
  nlohmann::json ask(const nlohmann::json& request, const std::vector<int>& fds);

  Mode mode_ = Mode::full;
  pid_t pid_ = -1;
  UniqueFd control_;
  nlohmann::json facts_;
  std::string problems_;  // of modes that did not start
  bool usable_ = false;
};

struct RunStatus {
  int signal = 0, code = 0;
  double cpu_s = 0, peak_mb = 0;
};

/// One run. The destructor kills every process of it.
class SandboxRun {
 public:
  /// `fds` names what the run's process gets; the host's copies are closed. `extra` is added to what the role is told.
  SandboxRun(Sandbox& sandbox, const std::string& role, const RunLimits& limits,
             std::vector<std::pair<std::string, UniqueFd*>> fds, const nlohmann::json& extra = {});
  ~SandboxRun();
  SandboxRun(const SandboxRun&) = delete;
  SandboxRun& operator=(const SandboxRun&) = delete;

  /// How the run's process ended; nothing if it has not by then. SandboxFailure if the run never came about.
  std::optional<RunStatus> wait(SandboxClock::time_point deadline);

 private:
  Sandbox& sandbox_;
  int64_t pid_ = -1;
  FdPair status_;
};

}  // namespace hone
