// Group-relative policy optimisation: sample, score, compare within the group, update.
#pragma once

#include "stage/context.h"

namespace hone {

StageEnd run_grpo(const GrpoConfig& config, const StageContext& context);

}  // namespace hone
