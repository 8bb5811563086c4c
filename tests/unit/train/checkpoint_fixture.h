// A small training state in a folder of its own, for the checkpoint tests.
#pragma once

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/threads.h"
#include "train/checkpoint.h"
#include "unit/train/fault_injection.h"

namespace hone::testing {

/// What a run would hold after `step` updates.
struct State {
  std::vector<float> weights, moments, scalar;

  explicit State(int64_t step, size_t size = 600) : weights(size), moments(size), scalar{static_cast<float>(step) / 3} {
    std::iota(weights.begin(), weights.end(), static_cast<float>(step) * 1e-3f);
    std::iota(moments.begin(), moments.end(), static_cast<float>(-step));
  }
  std::vector<CheckpointTensor> tensors() const {
    const auto rows = static_cast<int64_t>(weights.size() / 6);
    return {{"weights", {rows, 6}, weights}, {"adam.m", {rows * 6}, moments}, {"scalar", {}, scalar}};
  }
};

class CheckpointTest : public ::testing::Test {
 protected:
  CheckpointTest() {
    set_num_threads(1);  // a forked child has no pool
    std::string pattern = std::filesystem::temp_directory_path() / "hone checkpoints \xc3\xbc-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    root_ = pattern;
    folder_ = root_ / "a stage" / "checkpoints";
  }
  ~CheckpointTest() override {
    inject({});
    std::filesystem::remove_all(root_);
  }

  void save(int64_t step, int64_t limit = 2) const {
    const State state(step);
    save_checkpoint(folder_, step, state.tensors(), {{"step", step}, {"lr", 0.1 * static_cast<double>(step)}},
                    {.save_total_limit = limit});
  }

  /// The step of the newest good checkpoint after comparing all that is in it; -1 if there is none.
  int64_t loaded_step() const {
    const std::optional<Checkpoint> checkpoint = load_latest(folder_);
    if (!checkpoint) return -1;
    const State state(checkpoint->step());
    for (const CheckpointTensor& tensor : state.tensors()) {
      std::vector<float> values(tensor.data.size());
      checkpoint->read(tensor.name, values);
      EXPECT_TRUE(std::equal(values.begin(), values.end(), tensor.data.begin())) << tensor.name;
      EXPECT_EQ(checkpoint->shape(tensor.name), tensor.shape);
    }
    EXPECT_EQ(checkpoint->state().at("step"), checkpoint->step());
    EXPECT_EQ(checkpoint->state().at("lr"), 0.1 * static_cast<double>(checkpoint->step()));
    return checkpoint->step();
  }

  std::vector<std::string> entries() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  std::filesystem::path root_, folder_;
};

}  // namespace hone::testing
