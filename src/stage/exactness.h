// The promise that training and rollout agree bit for bit, checked on every on-policy token.
#pragma once

#include <ATen/ATen.h>

#include "hone/types.h"
#include "train/packing.h"

namespace hone {

struct Mismatch {
  double max_abs_diff = 0;
  int64_t tokens = 0, differing = 0;
};

/// Compares log-probs [T] of a micro-batch with the recorded ones. In mode "strict" the first difference is an
/// Error(internal) that names the token; "audit" only counts.
Mismatch compare_logprobs(const at::Tensor& trained, const at::Tensor& recorded, const MicroBatch& batch,
                          const std::vector<Group>& groups, const std::string& mode);

}  // namespace hone
