#include "sandbox/io.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hone {
namespace {

constexpr size_t kMessageBytes = 4096;  // kept of standard error

/// Waits until one of `fds` is ready; false at the deadline. What is ready by then is seen even where this process was
/// too late to look, and time during which the whole machine stood still (suspended, migrated) does not count.
template <size_t N>
bool wait_for(std::array<pollfd, N>& fds, SandboxClock::time_point deadline) {
  using std::chrono::milliseconds;
  constexpr auto kStandstill = milliseconds(1000);
  while (true) {
    const auto start = SandboxClock::now();
    const auto left =
        std::clamp(std::chrono::ceil<milliseconds>(deadline - start), milliseconds(0), milliseconds(1'000'000));
    const int ready = poll(fds.data(), fds.size(), static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    const auto late = SandboxClock::now() - start - left;
    if (late > kStandstill)
      deadline += late;
    else if (left == milliseconds(0))
      return false;
  }
}

bool wait_for(int fd, short events, SandboxClock::time_point deadline) {
  std::array<pollfd, 1> fds = {{{fd, events, 0}}};
  return wait_for(fds, deadline);
}

/// Appends what can be read now; false once the other side has closed.
bool read_some(int fd, std::string& bytes) {
  std::array<char, 65536> buffer;
  const ssize_t got = read(fd, buffer.data(), buffer.size());
  if (got > 0) bytes.append(buffer.data(), static_cast<size_t>(got));
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

std::optional<ReadEnd> receive_bytes(int socket, SandboxClock::time_point deadline, size_t size, std::string& bytes) {
  bytes.resize(size);
  for (size_t done = 0; done < size;) {
    if (!wait_for(socket, POLLIN, deadline)) return ReadEnd::deadline;
    const ssize_t got = recv(socket, bytes.data() + done, size - done, MSG_DONTWAIT);
    if (got > 0) {
      done += static_cast<size_t>(got);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      return ReadEnd::end;
    }
  }
  return std::nullopt;
}

}  // namespace

bool send_packet(int socket, std::string_view bytes, const std::vector<int>& fds) {
  iovec data = {const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(16 * sizeof(int))> control = {};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
  }
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(bytes.size());
}

std::optional<std::string> receive_packet(int socket, SandboxClock::time_point deadline) {
  std::array<char, 65536> buffer;
  while (wait_for(socket, POLLIN, deadline)) {
    const ssize_t got = recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) return std::string(buffer.data(), static_cast<size_t>(got));
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  return std::nullopt;
}

bool send_frame(int socket, std::string_view bytes, SandboxClock::time_point deadline) {
  const auto size = static_cast<uint32_t>(bytes.size());
  std::string frame;
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(size >> shift & 255);
  frame += bytes;
  for (size_t done = 0; done < frame.size();) {
    if (!wait_for(socket, POLLOUT, deadline)) return false;
    const ssize_t sent = send(socket, frame.data() + done, frame.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      done += static_cast<size_t>(sent);
    } else if (errno != EAGAIN && errno != EINTR) {
      return false;
    }
  }
  return true;
}

Frame receive_frame(int socket, SandboxClock::time_point deadline, size_t limit) {
  std::string head;
  if (const auto failure = receive_bytes(socket, deadline, 4, head)) return {"", failure};
  size_t size = 0;
  for (const char byte : head) size = size << 8 | static_cast<unsigned char>(byte);
  if (size > limit) return {"", ReadEnd::too_much};
  Frame frame;
  frame.failure = receive_bytes(socket, deadline, size, frame.bytes);
  return frame;
}

ReadEnd read_until_end(int fd, SandboxClock::time_point deadline, size_t limit, std::string& bytes) {
  while (bytes.size() <= limit) {
    if (!wait_for(fd, POLLIN, deadline)) return ReadEnd::deadline;
    if (!read_some(fd, bytes)) return ReadEnd::end;
  }
  return ReadEnd::too_much;
}

ReadEnd read_output(int out, int err, SandboxClock::time_point deadline, size_t limit, std::string& output,
                    std::string& messages) {
  std::array<pollfd, 2> fds = {{{out, POLLIN, 0}, {err, POLLIN, 0}}};  // a negative descriptor is skipped
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (!wait_for(fds, deadline)) return ReadEnd::deadline;
    if (fds[0].revents && !read_some(out, output)) fds[0].fd = -1;
    if (fds[1].revents && !read_some(err, messages)) fds[1].fd = -1;
    if (output.size() > limit) return ReadEnd::too_much;
    if (messages.size() > kMessageBytes) messages.erase(0, messages.size() - kMessageBytes);
  }
  return ReadEnd::end;
}

}  // namespace hone
