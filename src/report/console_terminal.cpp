// What this process's standard streams are, for the console.
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>

#include <sys/ioctl.h>
#include <unistd.h>

#include "report/console.h"

namespace hone {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_terminal(int fd) { return ::isatty(fd) == 1 && environment("TERM") != "dumb"; }

int columns_of(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/// A reader that went away, or a full disk behind a redirection, must not end the run that is being shown.
void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {  // the first one that is set decides
    const std::string value = environment(name);
    if (value.empty()) continue;
    return value.find("UTF-8") != std::string::npos || value.find("utf8") != std::string::npos ||
           value.find("UTF8") != std::string::npos || value.find("utf-8") != std::string::npos;
  }
  return false;
}

}  // namespace

ConsoleOptions detect_console() {
  const bool lines_on_terminal = is_terminal(STDOUT_FILENO);
  ConsoleOptions options;
  options.write_line = [](std::string_view text) { write_all(STDOUT_FILENO, text); };
  if (is_terminal(STDERR_FILENO)) {
    options.write_bar = [](std::string_view text) { write_all(STDERR_FILENO, text); };
    options.columns = [] { return columns_of(STDERR_FILENO); };
  } else if (lines_on_terminal) {
    options.write_bar = options.write_line;
    options.columns = [] { return columns_of(STDOUT_FILENO); };
  }
  options.wrap_lines = lines_on_terminal;
  options.color = lines_on_terminal && environment("NO_COLOR").empty();
  options.unicode = locale_is_utf8();
  options.now = [] {
    using namespace std::chrono;
    return duration<double>(steady_clock::now().time_since_epoch()).count();
  };
  return options;
}

}  // namespace hone
