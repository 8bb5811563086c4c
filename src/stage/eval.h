// The eval stage: measures a model and changes nothing.
#pragma once

#include "stage/context.h"

namespace hone {

StageEnd run_eval(const EvalStageConfig& config, const StageContext& context);

}  // namespace hone
