// Checkpoints that survive a kill at any moment: written aside, checksummed, synced, renamed into place.
//
//   checkpoints/step-000120/manifest.json    what is here: sizes and checksums of files, shapes, state, who wrote it
//                           manifest.xxh3    checksum of the manifest
//                           state-00000-of-00002.safetensors, ...   one file per rank that owns tensors
//   checkpoints/step-000140.tmp/             a save that has not finished; never read, removed at the next start
//   checkpoints/step-000140.old/             what a second save of the same step is replacing at this moment
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "hone/comm.h"

namespace hone {

/// An fp32 tensor to save: name, shape and the values (borrowed until the save returns).
struct CheckpointTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::span<const float> data;
};

struct SaveOptions {
  int64_t save_total_limit = 2;  // checkpoints kept, the new one included; at least 1
};

/// Writes FOLDER/step-%06d, replacing one of the same step. Collective: every rank passes the tensors it owns (names
/// are unique over all ranks; none is fine) and rank 0's `state` is kept; FOLDER must be one place for all ranks.
/// Durable when it returns; checkpoints beyond the limit are removed only then. Error(data) for a value that is not
/// finite, Error(io) for a full disk, the same on every rank: nothing old was touched then and nothing half-written is
/// left.
void save_checkpoint(const std::filesystem::path& folder, int64_t step, const std::vector<CheckpointTensor>& tensors,
                     const nlohmann::json& state, Comm& comm, const SaveOptions& options = {});
/// The same for one rank.
void save_checkpoint(const std::filesystem::path& folder, int64_t step, const std::vector<CheckpointTensor>& tensors,
                     const nlohmann::json& state, const SaveOptions& options = {});

/// A checkpoint whose every byte has been verified. Tensors of all ranks' files are found by name, so any number of
/// ranks can load what any other number saved.
class Checkpoint {
 public:
  int64_t step() const;
  const nlohmann::json& state() const;
  const std::filesystem::path& path() const;

  std::vector<std::string> names() const;
  bool has(const std::string& name) const;
  const std::vector<int64_t>& shape(const std::string& name) const;
  /// Copies the tensor; Error(format) if it is missing or does not have out.size() elements.
  void read(const std::string& name, std::span<float> out) const;
  /// The part [begin, begin + out.size()) of the flattened tensor, for a rank that owns a slice.
  void read_slice(const std::string& name, int64_t begin, std::span<float> out) const;

 private:
  friend Checkpoint open_checkpoint(const std::filesystem::path& path);
  struct Contents;
  std::shared_ptr<const Contents> contents_;
};

/// Opens one checkpoint folder and verifies it; Error(format) or Error(io) names the file that is wrong, and how.
Checkpoint open_checkpoint(const std::filesystem::path& path);

/// The newest checkpoint of FOLDER that verifies, or none if there is none at all. A broken one is passed over with a
/// warning that says what was wrong with it; Error(format) if checkpoints exist and every one is broken (starting anew
/// silently would throw work away).
std::optional<Checkpoint> load_latest(const std::filesystem::path& folder);

/// The steps that FOLDER has complete checkpoints of, ascending (manifests are not verified).
std::vector<int64_t> checkpoint_steps(const std::filesystem::path& folder);

/// Removes what interrupted saves left behind; call at start-up, on one rank.
void remove_stale_saves(const std::filesystem::path& folder);

/// Whether every value is finite, on all compute threads.
bool all_finite(std::span<const float> values);

}  // namespace hone
