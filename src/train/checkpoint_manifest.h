// What a checkpoint folder must contain, and the folders of a run: shared by saving and loading.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace hone::detail {

struct ManifestFile {
  std::string name;  // in the checkpoint's folder
  int64_t size = 0;  // bytes
  std::string xxh3;  // of all bytes, 16 hexadecimal digits
};

struct ManifestTensor {
  std::string name;
  std::string file;
  std::vector<int64_t> shape;  // fp32
};

struct Manifest {
  int64_t step = 0;
  int64_t ranks = 1;  // that wrote it; any number can read it
  std::vector<ManifestFile> files;
  std::vector<ManifestTensor> tensors;
  nlohmann::json state;
};

nlohmann::json to_json(const ManifestTensor& tensor);
nlohmann::json to_json(const ManifestFile& file);
ManifestTensor tensor_from_json(const nlohmann::json& json);
ManifestFile file_from_json(const nlohmann::json& json);

/// Durable when it returns.
void write_manifest(const std::filesystem::path& folder, const Manifest& manifest);

/// Error(format) if its checksum or a field is wrong, or if a file is missing or has another size: the cheap half of
/// verification, which reads no tensor.
Manifest read_manifest(const std::filesystem::path& folder);

std::string file_xxh3(const std::filesystem::path& path);

/// A folder `step-N`, or `step-N.old`.
struct StepFolder {
  int64_t step = 0;
  bool old = false;  // set aside while a second save of the step took its place
  std::filesystem::path path;
};

std::string step_name(int64_t step);
std::optional<StepFolder> as_step_folder(const std::filesystem::path& path);  // by its name alone

/// Complete saves in FOLDER, best last: by step, an `.old` one before its replacement.
std::vector<StepFolder> step_folders(const std::filesystem::path& folder);

}  // namespace hone::detail
