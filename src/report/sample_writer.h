// Completions kept for people to read: samples/<stage>-<step>.jsonl while training, samples/<stage>-eval-<step>.jsonl
// for evaluations (steps are six digits wide: rl-000012.jsonl).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hone/types.h"

namespace hone {

/// Writes up to `limit` completions of a step, taken one from each group in turn, replacing the file of an earlier try.
/// One line each: {"prompt_id", "sample", "prompt", "completion", "reward" (null: unscorable), "parts", "finish" (stop
/// | length | context), "why", "prompt_length", "completion_length" (tokens)}. Nothing is written when limit is 0.
void write_samples(const std::filesystem::path& run_dir, const std::string& stage, int64_t step,
                   std::span<const Group> groups, int64_t limit);

/// One judged completion of an evaluation.
struct EvalCompletion {
  std::string completion;
  double reward = 0;
  bool correct = false;
  Finish finish = Finish::stop;
  int64_t length = 0;  // tokens
};

/// One held-out item with everything the model answered.
struct EvalRecord {
  int64_t prompt_id = 0;
  std::string prompt;
  std::string answer;                    // the reference, as text
  std::optional<EvalCompletion> greedy;  // absent where greedy decoding was not asked for
  std::vector<EvalCompletion> samples;   // the k sampled ones
};

/// One line a record: {"prompt_id", "prompt", "answer", "greedy": completion
/// or null, "samples": [completion]} with completion = {"completion", "reward", "correct", "finish", "length"}. Ranks
/// exchange them as text.
std::string eval_sample_lines(std::span<const EvalRecord> records);

/// Writes them to samples/<stage>-eval-<step>.jsonl. The order of the records is kept, so that files of two steps pair
/// up by prompt_id.
void write_eval_samples(const std::filesystem::path& run_dir, const std::string& stage, int64_t step,
                        std::string_view lines);

/// Removes the files of a stage beyond `step` (-1: all), to go with MetricsWriter::resume.
void drop_samples_after(const std::filesystem::path& run_dir, const std::string& stage, int64_t step);

/// "stop", "length" or "context".
const char* finish_name(Finish finish);

}  // namespace hone
