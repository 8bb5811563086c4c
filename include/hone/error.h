// The one exception type that leaves the library.
#pragma once

#include <stdexcept>
#include <string>

namespace hone {

/// What kind of promise was broken. `usage` and `recipe` are the caller's to fix before anything ran (exit code 2 of
/// the program); every other kind ends a run that had started (exit code 1).
enum class ErrorKind { usage, recipe, data, format, shape, io, comm, cuda, internal };

/// Thrown by every public function for input that cannot be used and for promises that broke at run time.
/// what() is one line: what, where, expected, actual, what to try. The library never exits or aborts.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace hone
