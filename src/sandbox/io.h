// Talking to runs: everything has a deadline and a size limit, nothing raises SIGPIPE.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/sandbox.h"

namespace hone {

bool send_packet(int socket, std::string_view bytes, const std::vector<int>& fds);
std::optional<std::string> receive_packet(int socket, SandboxClock::time_point deadline);

/// Frames on a stream socket: four bytes of length (big-endian), then that many bytes.
bool send_frame(int socket, std::string_view bytes, SandboxClock::time_point deadline);

enum class ReadEnd { end, deadline, too_much };

/// One frame; `end` of the result tells apart: a frame (no value in `failure`), a closed channel, the deadline, a frame
/// above `limit`.
struct Frame {
  std::string bytes;
  std::optional<ReadEnd> failure;
};
Frame receive_frame(int socket, SandboxClock::time_point deadline, size_t limit);

/// Appends what a pipe holds until it is closed.
ReadEnd read_until_end(int fd, SandboxClock::time_point deadline, size_t limit, std::string& bytes);

/// The same for standard output and standard error together. `output` stops at `limit`; of `messages` the last bytes
/// are kept.
ReadEnd read_output(int out, int err, SandboxClock::time_point deadline, size_t limit, std::string& output,
                    std::string& messages);

}  // namespace hone
