// Learning-rate schedules, with the values of transformers' get_scheduler.
#pragma once

#include <cstdint>

#include "hone/recipe.h"

namespace hone {

/// Warm-up length in optimiser steps: `warmup_steps`, or if that is 0 the share `warmup_ratio` of all steps, rounded
/// up.
int64_t warmup_steps(const OptimConfig& config, int64_t total_steps);

/// Learning rate of optimiser step `step` (the first is 0) of `total_steps`: rises linearly from 0 over the warm-up,
/// then follows `lr_scheduler_type`. Steps past the end keep what the schedule gives there. Error(usage) for an unknown
/// type or negative arguments.
double learning_rate_at(int64_t step, int64_t total_steps, const OptimConfig& config);

}  // namespace hone
