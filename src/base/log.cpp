#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>

namespace hone {
namespace {

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("hone", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made->set_pattern("%H:%M:%S %^%l%$ %v");
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warn: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::off: return spdlog::level::off;
  }
  return spdlog::level::info;
}

std::mutex guard_mutex;
std::shared_ptr<const LogGuard> current_guard;  // shared: a message under way keeps the guard it started with

}  // namespace

void set_log_guard(LogGuard guard) {
  const std::lock_guard lock(guard_mutex);
  current_guard = guard ? std::make_shared<const LogGuard>(std::move(guard)) : nullptr;
}

void set_log_level(LogLevel level) { logger().set_level(to_spdlog(level)); }

void log_text(LogLevel level, std::string_view text) {
  if (!logger().should_log(to_spdlog(level))) return;
  const auto write = [&] { logger().log(to_spdlog(level), spdlog::string_view_t(text.data(), text.size())); };
  std::shared_ptr<const LogGuard> guard;
  {
    const std::lock_guard lock(guard_mutex);
    guard = current_guard;
  }
  guard ? (*guard)(write) : write();
}

}  // namespace hone
