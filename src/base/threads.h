// The compute threads: one pool, parallel_for over independent items. Results must not depend on which thread runs an
// item; only how work is cut (never how a sum is ordered) may follow the thread count.
#pragma once

#include <cstdint>
#include <functional>

namespace hone {

/// Sets the number of compute threads (>= 1) for the process; the default is the number of usable cores.
void set_num_threads(int count);
int num_threads();

/// Calls body(begin, end) over a partition of [0, count) in pieces of at most `grain` items and returns when all are
/// done. Denormals are flushed to zero (FTZ and DAZ) inside, as in the bf16 instructions, on every thread. A call from
/// inside a body runs serially. The first exception is rethrown to the caller after all pieces have ended.
void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body);

}  // namespace hone
