// Logging for the library: spdlog behind two functions, so that no other file pays for its headers.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace hone {

enum class LogLevel { debug, info, warn, error, off };

/// Messages below `level` are dropped. Default: info. Output goes to stderr.
void set_log_level(LogLevel level);
void log_text(LogLevel level, std::string_view text);

/// Called for every message that is written, with the function that writes it (to be called once), so that a progress
/// bar can step aside. An empty guard takes it away. `guard` must not log and may be called from any thread.
using LogGuard = std::function<void(const std::function<void()>& write)>;
void set_log_guard(LogGuard guard);

template <class... Args>
void log_info(fmt::format_string<Args...> text, Args&&... args) {
  log_text(LogLevel::info, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_warn(fmt::format_string<Args...> text, Args&&... args) {
  log_text(LogLevel::warn, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace hone
