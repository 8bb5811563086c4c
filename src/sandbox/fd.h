// Descriptors: pipes and memory files. All are close-on-exec and lie above those that a child is given.
#pragma once

#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace hone {

struct FdPair {
  UniqueFd host, run;
};

/// A pipe from the run to the host; the host's end does not block.
FdPair output_pipe();

/// A connected pair of Unix sockets of the given type (SOCK_STREAM, SOCK_SEQPACKET).
FdPair socket_pair(int type);

/// A file in memory. With contents it is sealed: whoever gets the descriptor can read it and no more.
UniqueFd memory_file(const char* name);
UniqueFd sealed_file(const char* name, std::string_view bytes);
std::string read_memory_file(const UniqueFd& file);

}  // namespace hone
