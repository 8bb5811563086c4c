// Makes the system calls that change a file system fail, fall short or kill the process at a chosen moment: this test
// program defines write, fsync, rename, mkdir, unlink, unlinkat and rmdir itself.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hone::testing {

struct Faults {
  int64_t kill_at = 0;  // SIGKILL before the n-th call, counted from 1; 0: never
  int64_t fail_at = 0;  // the n-th call does nothing and reports `error`
  int error = 0;
  size_t longest_write = SIZE_MAX;  // longer writes write this much only
};

/// In force, and counting calls from 0, until the next one.
void inject(const Faults& faults);
int64_t injected_calls();

}  // namespace hone::testing
