// Which metrics share a chart, and how they are drawn.
#pragma once

#include <string>
#include <vector>

#include "report/chart.h"
#include "report/run_data.h"

namespace hone {

/// The charts of a stage, most telling first; a chart none of whose metrics were logged is left out.
std::vector<Chart> stage_charts(const StageData& stage);

/// One plain chart for every metric that no chart of `stage_charts` shows.
std::vector<Chart> other_charts(const StageData& stage);

}  // namespace hone
