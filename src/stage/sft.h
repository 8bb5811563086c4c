// Supervised fine-tuning.
#pragma once

#include "stage/context.h"

namespace hone {

StageEnd run_sft(const SftConfig& config, const StageContext& context);

}  // namespace hone
