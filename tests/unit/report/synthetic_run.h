// A run as the pipeline would leave it, with numbers made up from a seed: for tests of the report and for looking at
// it.
#pragma once

#include <cstdint>
#include <filesystem>

namespace hone {

struct SyntheticRun {
  int64_t sft_steps = 12;
  int64_t rl_steps = 60;
  int64_t eval_steps = 10;
  int64_t eval_items = 200;
  bool hostile = false;  // completions that try to break the page, NaN metrics, torn files
};

void write_synthetic_run(const std::filesystem::path& run_dir, const SyntheticRun& options);

}  // namespace hone
