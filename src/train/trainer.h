// One optimiser step: gradients of all ranks are summed, checked, clipped and applied, and the shared compute copy of
// the weights is renewed.
#pragma once

#include <vector>

#include "hone/comm.h"
#include "hone/recipe.h"
#include "model/policy.h"
#include "train/checkpoint.h"

namespace hone {

struct UpdateResult {
  double grad_norm = 0;  // before clipping
  double learning_rate = 0;
};

class Trainer {
 public:
  /// `total_updates`: optimiser steps of the whole stage, for the schedule.
  Trainer(Policy& policy, const OptimConfig& optim, int64_t total_updates, Comm& comm);

  /// Clears the gradients; backward passes then add to them.
  void zero_gradients();
  /// Applies the gradients. Error(data) if they are not finite: neither the weights nor the moments have changed then.
  UpdateResult update();

  int64_t updates() const { return updates_; }
  /// Weights and moments, for a checkpoint.
  std::vector<CheckpointTensor> tensors() const;
  /// Takes weights, moments and the number of updates from a checkpoint.
  void load(const Checkpoint& checkpoint, int64_t updates);

 private:
  Policy& policy_;
  OptimConfig optim_;
  int64_t total_updates_, updates_ = 0;
  Comm& comm_;
  FloatArray m_, v_;
};

}  // namespace hone
