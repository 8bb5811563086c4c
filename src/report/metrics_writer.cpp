#include "report/metrics_writer.h"

#include <chrono>
#include <cmath>
#include <optional>
#include <set>

#include "base/check.h"
#include "base/files.h"
#include "base/jsonl.h"
#include "base/log.h"
#include "base/text.h"
#include "report/event_file.h"

namespace hone {
namespace {

double unix_seconds() {
  using namespace std::chrono;
  return duration<double>(system_clock::now().time_since_epoch()).count();
}

void check_names(const std::string& stage, const Metrics& metrics) {
  std::set<std::string_view> seen = {"stage", "step", "time"};
  HONE_CHECK(!stage.empty(), ErrorKind::internal, "metrics: the stage has no name");
  for (const auto& [name, value] : metrics) {
    HONE_CHECK(!name.empty() && seen.insert(name).second, ErrorKind::internal,
               "metrics of stage '{}': name '{}' is empty, reserved or given twice", stage, name);
  }
}

std::string json_line(const std::string& stage, int64_t step, double time, const Metrics& metrics) {
  std::string line = fmt::format(R"({{"stage":{},"step":{},"time":{:.3f})", dump_json(stage), step, time);
  for (const auto& [name, value] : metrics) {
    line += ',' + dump_json(name) + ':' + (std::isfinite(value) ? fmt::format("{}", value) : "null");
  }
  return line + "}\n";
}

std::vector<std::pair<std::string, double>> tagged(const std::string& stage, const Metrics& metrics) {
  std::vector<std::pair<std::string, double>> values;
  for (const auto& [name, value] : metrics) values.emplace_back(replace_invalid_utf8(stage + '/' + name), value);
  return values;
}

struct Line {
  std::string stage;
  int64_t step = 0;
  double time = 0;
  Metrics metrics;
};

/// A line of metrics.jsonl as it was logged; nothing for one that no writer of ours made.
std::optional<Line> parse_line(std::string_view text) try {
  const nlohmann::json record = parse_json(text, "metrics");
  if (!record.is_object()) return std::nullopt;
  Line line;
  for (const auto& [name, value] : record.items()) {
    if (name == "stage" && value.is_string()) {
      line.stage = value;
    } else if (name == "step" && value.is_number_integer()) {
      line.step = value;
    } else if (name == "time" && value.is_number()) {
      line.time = value;
    } else if (value.is_number() || value.is_null()) {
      line.metrics.emplace_back(name, value.is_null() ? NAN : value.get<double>());
    }
  }
  if (line.stage.empty()) return std::nullopt;
  return line;
} catch (const Error&) {
  return std::nullopt;
}

/// Calls body(line without newline) for each line.
template <class Body>
void for_each_line(std::string_view bytes, const Body& body) {
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    body(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
}

/// A kill in the middle of a write leaves a last line without its end; appending to it would spoil two lines.
void mend_last_line(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return;
  const std::string bytes = read_file(path);
  if (bytes.empty() || bytes.back() == '\n') return;
  const size_t start = bytes.rfind('\n') + 1;  // npos + 1 is 0
  const bool whole = parse_line(std::string_view(bytes).substr(start)).has_value();
  write_file_atomic(path, whole ? bytes + '\n' : bytes.substr(0, start));
}

void make_folder(const std::filesystem::path& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  HONE_CHECK(std::filesystem::is_directory(path), ErrorKind::io, "{}: cannot make this folder: {}", path.string(),
             code.message());
}

}  // namespace

struct MetricsWriter::Files {
  explicit Files(const std::filesystem::path& run_dir) : jsonl_path(run_dir / "metrics.jsonl"), events(run_dir) {}
  std::filesystem::path jsonl_path;
  std::optional<FileWriter> jsonl;
  EventFile events;
};

MetricsWriter::MetricsWriter(const std::filesystem::path& run_dir) {
  make_folder(run_dir);
  files_ = std::make_unique<Files>(run_dir);
  mend_last_line(files_->jsonl_path);
  files_->jsonl.emplace(files_->jsonl_path, /*append=*/true);
}

MetricsWriter::~MetricsWriter() = default;

void MetricsWriter::log(const std::string& stage, int64_t step, const Metrics& metrics) {
  check_names(stage, metrics);
  const double time = unix_seconds();
  // The line first: a kill in between leaves a point that only TensorBoard lacks, never one that resume cannot find.
  files_->jsonl->write(json_line(stage, step, time, metrics));
  files_->jsonl->flush();
  if (metrics.empty()) return;
  files_->events.write(scalars_event(time, step, tagged(stage, metrics)));
  files_->events.flush();
}

void MetricsWriter::log_text(const std::string& stage, int64_t step, std::string_view name, std::string_view text) {
  // An indented block is the one piece of Markdown whose content no text can end.
  std::string block = "    ";
  for (const char c : replace_invalid_utf8(text)) {
    block += c;
    if (c == '\n') block += "    ";
  }
  const std::string tag = replace_invalid_utf8(fmt::format("{}/{}", stage, name));
  files_->events.write(text_event(unix_seconds(), step, tag, block));
  files_->events.flush();
}

void MetricsWriter::resume(const std::string& stage, int64_t step) {
  const std::string bytes = read_file(files_->jsonl_path);
  std::string kept;
  std::vector<Line> others;  // later points of other stages
  bool stale = false, broken = false;
  for_each_line(bytes, [&](std::string_view text) {
    if (trim(text).empty()) return;
    std::optional<Line> line = parse_line(text);
    if (!line) {
      broken = true;
      return;
    }
    if (line->stage == stage && line->step > step) {
      stale = true;
      return;
    }
    kept.append(text).push_back('\n');
    if (line->stage != stage && line->step > step) others.push_back(std::move(*line));
  });
  if (broken) log_warn("{}: dropped lines that are not metrics", files_->jsonl_path.string());
  if (!stale && !broken) return;
  files_->jsonl.reset();
  write_file_atomic(files_->jsonl_path, kept);
  files_->jsonl.emplace(files_->jsonl_path, /*append=*/true);
  if (!stale) return;
  // A restart drops the later points of every tag, those of other stages too, so these are told again.
  files_->events.write(restart_event(unix_seconds(), step + 1));
  for (const Line& line : others)
    files_->events.write(scalars_event(line.time, line.step, tagged(line.stage, line.metrics)));
  files_->events.flush();
}

}  // namespace hone
