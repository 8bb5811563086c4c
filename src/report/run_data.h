// What a run folder holds, read for the report. Every file may be missing, cut short or strange; what could not be read
// is listed in `problems` and never stops the page.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace hone {

/// One metric over the steps of a stage, ascending and each step once; NaN where the value was not finite.
struct Series {
  std::vector<double> steps;
  std::vector<double> values;
  bool empty() const { return steps.empty(); }
};

struct StageData {
  std::string name;
  std::map<std::string, Series> metrics;
  int64_t last_step = 0;
  double seconds = 0;  // between its first and last line
  std::string status;  // from the manifest; may be empty
  const Series* find(const std::string& metric) const;
};

/// One samples/*.jsonl file.
struct SampleFile {
  std::string stage;
  int64_t step = 0;
  bool eval = false;
  std::vector<nlohmann::json> records;
};

/// The model at one point between stages: "before", "after cold_start", ...
struct Milestone {
  std::string label;
  std::map<std::string, double> eval;  // eval/* metrics
  std::optional<SampleFile> samples;   // what it answered then
};

struct RunData {
  std::string name, model;
  std::string recipe, manifest;       // as text
  double start_time = 0;              // unix seconds of the first line; 0 if there is none
  double seconds = 0;                 // between the first and the last line
  std::vector<StageData> stages;      // in the order they ran
  std::vector<Milestone> milestones;  // in the order they were reached
  std::vector<SampleFile> training;   // the last completions kept of each stage
  std::vector<std::string> problems;
};

RunData read_run(const std::filesystem::path& run_dir);

}  // namespace hone
