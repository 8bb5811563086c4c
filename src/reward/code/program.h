// A program under test, ready to run on one input after another.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reward/code/task.h"
#include "sandbox/sandbox.h"

namespace hone {

struct ProgramRun {
  std::string output;
  std::string fault;  // "" if it exited with status 0 in time; else one line
  bool timed_out = false;
};

class Program {
 public:
  /// Compiles it if it needs to be; `fault` tells why that failed.
  Program(Sandbox& sandbox, Language language, std::string code);
  const std::string& fault() const { return fault_; }

  /// `deadline` bounds the run besides the limits.
  ProgramRun run(Sandbox& sandbox, std::string_view input, const RunLimits& limits, size_t max_output,
                 SandboxClock::time_point deadline) const;

 private:
  Language language_;
  std::string code_;
  UniqueFd binary_;
  std::string fault_;
};

/// The most wall clock that a test of `cpu_s` gets: busy cores must not turn a right answer into a wrong one.
SandboxClock::duration wall_limit(double cpu_s);

/// One line about how a process ended; "" if by exiting with 0.
std::string fault_of(const RunStatus& status, const RunLimits& limits, std::string_view messages);

}  // namespace hone
