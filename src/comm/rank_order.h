// Reductions in rank order, so that their bits depend on the rank count only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "base/threads.h"
#include "hone/comm.h"

namespace hone::detail {

/// A NaN wins over everything, so that a broken rank cannot hide behind a maximum.
template <class T>
T combine(T a, T b, ReduceOp op) {
  if (op == ReduceOp::sum) return a + b;
  return b > a || b != b ? b : a;
}

/// parts: ranks x out.size(), rank 0 first. Half precision is combined in fp32 and rounded once.
template <class T>
void reduce_in_rank_order(std::span<const T> parts, std::span<T> out, ReduceOp op) {
  using Wide = std::conditional_t<std::is_arithmetic_v<T>, T, float>;
  const auto count = static_cast<int64_t>(out.size());
  parallel_for(count, 1 << 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Wide total = static_cast<Wide>(parts[static_cast<size_t>(i)]);
      for (size_t at = out.size() + static_cast<size_t>(i); at < parts.size(); at += out.size()) {
        total = combine<Wide>(total, static_cast<Wide>(parts[at]), op);
      }
      out[static_cast<size_t>(i)] = static_cast<T>(total);
    }
  });
}

}  // namespace hone::detail
