// Which layers of the sandbox hold on this machine, found by trying to get past them from inside.
#pragma once

#include <string>
#include <vector>

#include "sandbox/sandbox.h"

namespace hone {

struct SandboxLayer {
  std::string name;
  bool active = false;
  bool required = true;  // without allow_weak
  std::string detail;    // one line for a person
};

struct SandboxReport {
  std::vector<SandboxLayer> layers;
  std::string problem;  // why no sandbox could be started at all, else empty

  bool strong() const;          // every required layer is active
  std::string missing() const;  // names of the required layers that are not, and the problem
};

/// Starts a sandbox and probes it. Takes about 0.2 s; never throws for what the machine lacks.
SandboxReport probe_sandbox(SandboxOptions options);

}  // namespace hone
