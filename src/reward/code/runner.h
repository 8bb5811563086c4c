// Runs code against its tests in a sandbox.
#pragma once

#include <string>
#include <string_view>

#include "reward/code/compare.h"
#include "reward/code/task.h"
#include "sandbox/sandbox.h"

namespace hone {

struct RunOptions {
  OutputRule output = OutputRule::lines;
  double tolerance = 1e-6;
  int64_t max_output_kb = 1024;
  double total_time_limit_s = 25;  // wall clock of all tests of a completion
  bool all_tests = false;          // go on behind a test that failed, to count
};

struct TestCount {
  int64_t passed = 0, total = 0;
  std::string why;  // of the first one that failed
};

/// The verdict on every test comes from bytes that the tested code declared, compared on this side. Error(data) if the
/// tests themselves do not run; SandboxFailure if the sandbox does not.
TestCount run_tests(Sandbox& sandbox, const CodeTask& task, std::string_view code, const RunOptions& options);

/// Sandbox options that know the roles needed here.
SandboxOptions code_sandbox();

}  // namespace hone
