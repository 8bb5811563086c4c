// The parts of the report page, each as HTML. All take what was read from the run and return "" when there is nothing
// to show.
#pragma once

#include <string>
#include <string_view>

#include "report/run_data.h"

namespace hone {

extern const std::string_view kPageStyle;   // page_style.cpp
extern const std::string_view kPageScript;  // page_script.cpp

std::string header_html(const RunData& run);            // name, one sentence, facts
std::string improvement_html(const RunData& run);       // evaluations before and after every stage
std::string answers_html(const RunData& run);           // the same held-out prompts, answered before and after
std::string training_samples_html(const RunData& run);  // completions of the last step that kept some

/// An evaluation metric as the page shows it.
struct EvalMetric {
  std::string name;   // "eval/mean@4"
  std::string label;  // "mean@4"
};

/// The shares that the milestones have, main one first: mean@k, greedy, pass@k, format.
std::vector<EvalMetric> eval_metrics(const RunData& run);

}  // namespace hone
