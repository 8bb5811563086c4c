#include "format/hf_weights.h"

#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/jsonl.h"
#include "base/text.h"

namespace hone {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";

/// False also where the system cannot tell, e.g. for a name that is too long.
bool file_exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// A shard must be a plain file name: anything with a folder in it could reach outside the model.
void check_shard_name(const fs::path& index, const std::string& name) {
  const bool plain = !name.empty() && name != "." && name != ".." && name.find_first_of("/\\") == name.npos &&
                     name.find('\0') == name.npos;
  HONE_CHECK(plain, ErrorKind::format, "{}: shard name {} is not a plain file name", index.string(),
             quote_for_message(name));
}

/// Shard name -> names of its tensors.
std::map<std::string, std::vector<std::string>> read_index(const fs::path& path) {
  const nlohmann::json index = parse_json(read_file(path), path.string(), ErrorKind::format);
  const bool usable = index.is_object() && index.contains("weight_map") && index["weight_map"].is_object();
  HONE_CHECK(usable, ErrorKind::format, "{}: expected an object with a weight_map object", path.string());
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [tensor, shard] : index["weight_map"].items()) {
    HONE_CHECK(shard.is_string(), ErrorKind::format, "{}: weight_map: expected a file name for tensor {}",
               path.string(), quote_for_message(tensor));
    const std::string& name = shard.get_ref<const std::string&>();
    check_shard_name(path, name);
    shards[name].push_back(tensor);
  }
  HONE_CHECK(!shards.empty(), ErrorKind::format, "{}: weight_map is empty", path.string());
  return shards;
}

[[noreturn]] void fail_without_weights(const fs::path& folder) {
  HONE_CHECK(file_exists(folder), ErrorKind::io, "{}: no such model folder", folder.string());
  const bool pickled =
      file_exists(folder / "pytorch_model.bin") || file_exists(folder / "pytorch_model.bin.index.json");
  HONE_CHECK(
      !pickled, ErrorKind::format,
      "{}: has only pytorch_model.bin, a pickle that may run code when it is read; convert it first, e.g. load it "
      "with transformers and call save_pretrained(), which writes {}",
      folder.string(), kSingleFile);
  fail(ErrorKind::io, "{}: has neither {} nor {}", folder.string(), kSingleFile, kIndexFile);
}

}  // namespace

HfWeights::HfWeights(const fs::path& folder) : folder_(folder) {
  // The single file wins where both are present, as in transformers.
  if (file_exists(folder / kSingleFile)) {
    files_.emplace_back(folder / kSingleFile);
    for (const TensorView& tensor : files_[0].tensors()) add(tensor);
  } else if (file_exists(folder / kIndexFile)) {
    const auto shards = read_index(folder / kIndexFile);
    for (const auto& [shard, names] : shards) {
      HONE_CHECK(file_exists(folder / shard), ErrorKind::io,
                 "{}: shard {} is missing, which holds {} tensors of the index ({}, ...)", folder.string(),
                 quote_for_message(shard), names.size(), quote_for_message(names[0]));
    }
    for (const auto& [shard, names] : shards) {
      const SafetensorsFile& file = files_.emplace_back(folder / shard);
      for (const std::string& name : names) {
        const TensorView* tensor = file.find(name);
        HONE_CHECK(tensor, ErrorKind::format, "{}: tensor {} is not in {}, where {} has it", folder.string(),
                   quote_for_message(name), quote_for_message(shard), kIndexFile);
        add(*tensor);
      }
    }
  } else {
    fail_without_weights(folder);
  }
  std::sort(names_.begin(), names_.end());
}

void HfWeights::add(const TensorView& tensor) {
  names_.push_back(tensor.name);
  index_.emplace(tensor.name, &tensor);
}

const TensorView* HfWeights::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : found->second;
}

const TensorView& HfWeights::at(std::string_view name) const {
  if (const TensorView* tensor = find(name)) return *tensor;
  fail(ErrorKind::format, "{}: no tensor {} among its {}{}", folder_.string(), quote_for_message(name), names_.size(),
       did_you_mean(name, names_));
}

}  // namespace hone
