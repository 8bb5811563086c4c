// HONE_CHECK and friends: build a formatted hone::Error at the place that found the problem.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

#include "hone/error.h"

namespace hone {

template <class... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> text, Args&&... args) {
  throw Error(kind, fmt::format(text, std::forward<Args>(args)...));
}

/// Runs `body` and puts `context > ` before the message of any hone::Error that leaves it, so that an error deep in a
/// file reader names the file, and one in a stage names the stage.
template <class Body>
auto with_context(const std::string& context, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const Error& e) {
    throw Error(e.kind(), context + " > " + e.what());
  }
}

}  // namespace hone

/// HONE_CHECK(n > 0, ErrorKind::data, "{}: expected at least one record, got {}", path, n);
#define HONE_CHECK(condition, kind, ...)                     \
  do {                                                       \
    if (!(condition)) [[unlikely]] ::hone::fail((kind), __VA_ARGS__); \
  } while (false)

/// For mistakes in hone itself, never for user input.
#define HONE_ASSERT(condition)                                                                             \
  do {                                                                                                     \
    if (!(condition)) [[unlikely]]                                                                         \
      ::hone::fail(::hone::ErrorKind::internal, "{}:{}: broken invariant: {}", __FILE__, __LINE__, #condition); \
  } while (false)
