#include "report/sample_writer.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/files.h"
#include "base/jsonl.h"

namespace hone {
namespace {

using Json = nlohmann::ordered_json;  // people read these files: keep the order of the fields

std::filesystem::path samples_path(const std::filesystem::path& run_dir, const std::string& name, int64_t step) {
  HONE_CHECK(name.find('/') == std::string::npos && !name.starts_with('.'), ErrorKind::internal,
             "samples of stage '{}': the name cannot be part of a file name", name);
  return run_dir / "samples" / fmt::format("{}-{:06}.jsonl", name, step);
}

std::string line_of(const Json& record) { return record.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n'; }

void write_lines(const std::filesystem::path& path, std::string_view lines) {
  std::error_code code;
  std::filesystem::create_directories(path.parent_path(), code);
  write_file_atomic(path, lines);
}

Json sample_record(const Group& group, size_t index) {
  const Sample& sample = group.samples[index];
  Json record;
  record["prompt_id"] = group.prompt.id;
  record["sample"] = index;
  record["prompt"] = group.prompt.text;
  record["completion"] = sample.text;
  record["reward"] = sample.scored ? Json(sample.reward) : Json(nullptr);
  record["parts"] = sample.parts;
  record["finish"] = finish_name(sample.finish);
  record["why"] = sample.why;
  record["prompt_length"] = group.prompt.ids.size();
  record["completion_length"] = sample.ids.size();
  return record;
}

Json completion_record(const EvalCompletion& completion) {
  Json record;
  record["completion"] = completion.completion;
  record["reward"] = completion.reward;
  record["correct"] = completion.correct;
  record["finish"] = finish_name(completion.finish);
  record["length"] = completion.length;
  return record;
}

/// The step in "<stage>-000012.jsonl" or "<stage>-eval-000012.jsonl"; -1 for any other name.
int64_t step_of_file(std::string name, const std::string& stage) {
  constexpr std::string_view kEnd = ".jsonl";
  if (!name.starts_with(stage + '-') || !name.ends_with(kEnd)) return -1;
  name = name.substr(stage.size() + 1, name.size() - stage.size() - 1 - kEnd.size());
  if (name.starts_with("eval-")) name.erase(0, 5);
  const bool digits = !name.empty() && name.size() <= 18 && name.find_first_not_of("0123456789") == std::string::npos;
  return digits ? std::stoll(name) : -1;
}

}  // namespace

void write_samples(const std::filesystem::path& run_dir, const std::string& stage, int64_t step,
                   std::span<const Group> groups, int64_t limit) {
  size_t largest = 0;
  for (const Group& group : groups) largest = std::max(largest, group.samples.size());
  std::string lines;
  int64_t count = 0;
  for (size_t index = 0; index < largest; ++index) {
    for (const Group& group : groups) {
      if (count >= limit || index >= group.samples.size()) continue;
      lines += line_of(sample_record(group, index));
      ++count;
    }
  }
  if (count > 0) write_lines(samples_path(run_dir, stage, step), lines);
}

std::string eval_sample_lines(std::span<const EvalRecord> evaluated) {
  std::string lines;
  for (const EvalRecord& item : evaluated) {
    Json record;
    record["prompt_id"] = item.prompt_id;
    record["prompt"] = item.prompt;
    record["answer"] = item.answer;
    record["greedy"] = item.greedy ? completion_record(*item.greedy) : Json(nullptr);
    record["samples"] = Json::array();
    for (const EvalCompletion& sample : item.samples) record["samples"].push_back(completion_record(sample));
    lines += line_of(record);
  }
  return lines;
}

void write_eval_samples(const std::filesystem::path& run_dir, const std::string& stage, int64_t step,
                        std::string_view lines) {
  write_lines(samples_path(run_dir, stage + "-eval", step), lines);
}

void drop_samples_after(const std::filesystem::path& run_dir, const std::string& stage, int64_t step) {
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(run_dir / "samples", code)) {
    const int64_t found = step_of_file(entry.path().filename().string(), stage);
    if (found > step) std::filesystem::remove(entry.path(), code);
  }
}

const char* finish_name(Finish finish) {
  switch (finish) {
    case Finish::stop:
      return "stop";
    case Finish::length:
      return "length";
    case Finish::context:
      return "context";
  }
  return "unknown";
}

}  // namespace hone
