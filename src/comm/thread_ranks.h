// Ranks that are threads of this process: the same collectives without sockets, for tests of anything that takes a
// Comm.
#pragma once

#include <functional>

#include "hone/comm.h"

namespace hone {

/// Runs `body` once per rank, each on its own thread, and returns when all have ended. A rank that throws aborts the
/// others; the exception of the rank that failed first is rethrown.
void run_thread_ranks(int size, const std::function<void(Comm&)>& body, const CommOptions& options = {});

}  // namespace hone
