#include "report/run_data.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/check.h"
#include "base/files.h"
#include "base/jsonl.h"
#include "base/text.h"

namespace hone {
namespace {

constexpr size_t kMaxRecords = 1000;               // of one samples file
constexpr uintmax_t kMaxSamplesFile = 256u << 20;  // bytes; beyond it a file is not completions to read

/// Reads JSONL line by line, going on behind a line that cannot be used; returns how many those were.
int64_t read_lines(const std::filesystem::path& path, const std::function<bool(const nlohmann::json&)>& use) {
  int64_t broken = 0;
  const MappedFile file(path);
  std::string_view rest(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    try {
      if (!use(parse_json(line, path.filename().string()))) ++broken;
    } catch (const Error&) {
      ++broken;
    }
  }
  return broken;
}

StageData& stage_named(RunData& run, const std::string& name) {
  for (StageData& stage : run.stages) {
    if (stage.name == name) return stage;
  }
  run.stages.push_back({.name = name});
  return run.stages.back();
}

void sort_series(Series& series) {
  std::map<double, double> by_step;  // the last value logged for a step wins
  for (size_t i = 0; i < series.steps.size(); ++i) by_step[series.steps[i]] = series.values[i];
  series = {};
  for (const auto& [step, value] : by_step) {
    series.steps.push_back(step);
    series.values.push_back(value);
  }
}

void read_metrics(const std::filesystem::path& path, RunData& run) {
  if (!std::filesystem::exists(path)) return;
  std::map<std::string, std::pair<double, double>> times;  // stage -> first, last
  const int64_t broken = read_lines(path, [&](const nlohmann::json& line) {
    if (!line.is_object() || !line.contains("stage") || !line["stage"].is_string()) return false;
    if (!line.contains("step") || !line["step"].is_number_integer()) return false;
    StageData& stage = stage_named(run, line["stage"]);
    const int64_t step = line["step"];
    stage.last_step = std::max(stage.last_step, step);
    for (const auto& [name, value] : line.items()) {
      if (name == "stage" || name == "step" || name == "time" || !(value.is_number() || value.is_null())) continue;
      Series& series = stage.metrics[name];
      series.steps.push_back(static_cast<double>(step));
      const double number = value.is_null() ? NAN : value.get<double>();
      series.values.push_back(std::isfinite(number) ? number : NAN);
    }
    if (line.contains("time") && line["time"].is_number()) {
      const double time = line["time"];
      const auto [entry, first] = times.try_emplace(stage.name, time, time);
      if (!first) entry->second.second = std::max(entry->second.second, time);
    }
    return true;
  });
  if (broken > 0) run.problems.push_back(fmt::format("metrics.jsonl: {} lines could not be read", broken));
  double end = 0;
  for (StageData& stage : run.stages) {
    for (auto& [name, series] : stage.metrics) sort_series(series);
    const auto time = times.find(stage.name);
    if (time == times.end()) continue;
    stage.seconds = time->second.second - time->second.first;
    if (run.start_time == 0 || time->second.first < run.start_time) run.start_time = time->second.first;
    end = std::max(end, time->second.second);
  }
  run.seconds = std::max(0.0, end - run.start_time);
}

std::optional<SampleFile> read_samples(const std::filesystem::path& run_dir, const std::string& stage, int64_t step,
                                       bool eval, RunData& run) {
  const std::string name = fmt::format("{}{}-{:06}.jsonl", stage, eval ? "-eval" : "", step);
  const std::filesystem::path path = run_dir / "samples" / name;
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code)) return std::nullopt;
  if (std::filesystem::file_size(path, code) > kMaxSamplesFile) {
    run.problems.push_back(fmt::format("samples/{}: too large to show", name));
    return std::nullopt;
  }
  SampleFile file{.stage = stage, .step = step, .eval = eval};
  const int64_t broken = read_lines(path, [&](const nlohmann::json& record) {
    if (!record.is_object()) return false;
    if (file.records.size() < kMaxRecords) file.records.push_back(record);
    return true;
  });
  if (broken > 0) run.problems.push_back(fmt::format("samples/{}: {} lines could not be read", name, broken));
  return file;
}

/// The newest step of which training completions were kept; -1 if there is none.
int64_t last_sampled_step(const std::filesystem::path& run_dir, const std::string& stage) {
  int64_t last = -1;
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(run_dir / "samples", code)) {
    const std::string name = entry.path().filename().string();
    constexpr std::string_view kEnd = ".jsonl";
    if (!name.starts_with(stage + '-') || !name.ends_with(kEnd)) continue;
    const std::string digits = name.substr(stage.size() + 1, name.size() - stage.size() - 1 - kEnd.size());
    if (digits.empty() || digits.size() > 18 || digits.find_first_not_of("0123456789") != std::string::npos) continue;
    last = std::max<int64_t>(last, std::stoll(digits));
  }
  return last;
}

/// eval/* values at a step.
std::map<std::string, double> eval_at(const StageData& stage, double step) {
  std::map<std::string, double> found;
  for (const auto& [name, series] : stage.metrics) {
    if (!name.starts_with("eval/")) continue;
    const auto at = std::lower_bound(series.steps.begin(), series.steps.end(), step);
    if (at == series.steps.end() || *at != step) continue;
    found[name] = series.values[static_cast<size_t>(at - series.steps.begin())];
  }
  return found;
}

/// Whether two evaluations asked the same questions, so that the state before a stage needs no row of its own beside
/// the state after the one before it.
bool same_evaluation(const std::map<std::string, double>& a, const std::map<std::string, double>& b) {
  const auto names = [](const auto& values) {
    std::vector<std::string> out;
    for (const auto& [name, value] : values) out.push_back(name);
    return out;
  };
  const auto items = [](const auto& values) {
    const auto found = values.find("eval/num_items");
    return found == values.end() ? 0.0 : found->second;
  };
  return names(a) == names(b) && items(a) == items(b);
}

void find_milestones(const std::filesystem::path& run_dir, RunData& run) {
  for (const StageData& stage : run.stages) {
    std::optional<double> first, last;
    for (const auto& [name, series] : stage.metrics) {
      if (!name.starts_with("eval/") || series.empty()) continue;
      first = std::min(first.value_or(series.steps.front()), series.steps.front());
      last = std::max(last.value_or(series.steps.back()), series.steps.back());
    }
    const auto add = [&](const std::string& label, double step) {
      run.milestones.push_back({label, eval_at(stage, step),
                                read_samples(run_dir, stage.name, static_cast<int64_t>(step), /*eval=*/true, run)});
    };
    if (!first) continue;
    const bool trains = stage.last_step > 0;
    const bool known = !run.milestones.empty() && same_evaluation(run.milestones.back().eval, eval_at(stage, *first));
    if (trains && *first == 0 && !known) add(run.milestones.empty() ? "before" : "before " + stage.name, *first);
    if (!trains) {
      add(stage.name, *last);
    } else if (*last > 0) {
      const bool done = *last >= static_cast<double>(stage.last_step);
      add(done ? "after " + stage.name : fmt::format("{} step {:.0f}", stage.name, *last), *last);
    }
  }
}

/// Value of a top-level `key: value` line. The resolved recipe is canonical YAML, so no parser is needed for this.
std::string top_level_value(const std::string& yaml, std::string_view key) {
  size_t start = 0;
  while (start < yaml.size()) {
    const size_t end = std::min(yaml.find('\n', start), yaml.size());
    const std::string_view line = std::string_view(yaml).substr(start, end - start);
    start = end + 1;
    if (!line.starts_with(key) || line.substr(key.size()).substr(0, 1) != ":") continue;
    std::string_view value = trim(line.substr(key.size() + 1));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front()) {
      value = value.substr(1, value.size() - 2);
    }
    return std::string(value);
  }
  return "";
}

std::string read_text(const std::filesystem::path& path, RunData& run) {
  if (!std::filesystem::exists(path)) return "";
  try {
    return read_file(path);
  } catch (const Error& e) {
    run.problems.push_back(path.filename().string() + ": could not be read");
    return "";
  }
}

void read_status(RunData& run) {
  if (run.manifest.empty()) return;
  try {
    const nlohmann::json manifest = parse_json(run.manifest, "manifest.json");
    if (!manifest.is_object() || !manifest.contains("stages") || !manifest["stages"].is_array()) return;
    for (const nlohmann::json& entry : manifest["stages"]) {
      if (!entry.is_object() || !entry.contains("name") || !entry.contains("status")) continue;
      for (StageData& stage : run.stages) {
        if (entry["name"] == stage.name && entry["status"].is_string()) stage.status = entry["status"];
      }
    }
  } catch (const Error&) {
    run.problems.push_back("manifest.json: not valid JSON");
  }
}

}  // namespace

const Series* StageData::find(const std::string& metric) const {
  const auto found = metrics.find(metric);
  return found == metrics.end() || found->second.empty() ? nullptr : &found->second;
}

RunData read_run(const std::filesystem::path& run_dir) {
  HONE_CHECK(std::filesystem::is_directory(run_dir), ErrorKind::io,
             "{}: expected the folder of a run (made by `hone run`), found no folder", run_dir.string());
  RunData run;
  run.recipe = read_text(run_dir / "recipe.resolved.yaml", run);
  run.manifest = read_text(run_dir / "manifest.json", run);
  run.name = top_level_value(run.recipe, "name");
  if (run.name.empty()) run.name = std::filesystem::absolute(run_dir).lexically_normal().filename().string();
  run.model = std::filesystem::path(top_level_value(run.recipe, "model")).filename().string();
  read_metrics(run_dir / "metrics.jsonl", run);
  read_status(run);
  find_milestones(run_dir, run);
  for (const StageData& stage : run.stages) {
    const int64_t step = last_sampled_step(run_dir, stage.name);
    if (step < 0) continue;
    if (auto file = read_samples(run_dir, stage.name, step, /*eval=*/false, run))
      run.training.push_back(std::move(*file));
  }
  return run;
}

}  // namespace hone
