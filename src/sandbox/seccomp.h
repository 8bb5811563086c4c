// The system calls that a run may make.
#pragma once

#include <string>

namespace hone {

/// A compiled seccomp filter (an array of struct sock_filter): an allow-list; everything else fails with EPERM.
std::string seccomp_program();

}  // namespace hone
