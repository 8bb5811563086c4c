// The weights of a Hugging Face model folder: one model.safetensors, or the shards that model.safetensors.index.json
// lists.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "format/safetensors.h"

namespace hone {

class HfWeights {
 public:
  /// Opens every shard and checks that each tensor of the index is in the shard that the index names. Error(format)
  /// names missing shards and tensors, shard names that leave the folder, and a folder that has only pickled weights.
  explicit HfWeights(const std::filesystem::path& folder);

  const TensorView* find(std::string_view name) const;              // nullptr if absent
  const TensorView& at(std::string_view name) const;                // Error(format) with the nearest name if absent
  const std::vector<std::string>& names() const { return names_; }  // sorted

 private:
  void add(const TensorView& tensor);

  std::filesystem::path folder_;
  std::vector<SafetensorsFile> files_;
  std::unordered_map<std::string_view, const TensorView*> index_;  // views into files_
  std::vector<std::string> names_;
};

}  // namespace hone
