// safetensors files: reading by memory map with every check made before anything is allocated from the header's word,
// and writing so that a reader sees the old file or the whole new one.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/files.h"
#include "format/tensor_view.h"

namespace hone {

using SafetensorsMetadata = std::map<std::string, std::string>;

/// One mapped file. Accepts what the reference implementation accepts, except that keys which appear twice (which the
/// format forbids and the reference lets through) and dimensions beyond 63 bits are refused. Error(format) names the
/// file and what is wrong with it, Error(io) what the system said.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);
  /// Borrows `bytes`; `name` is for messages.
  SafetensorsFile(std::span<const std::byte> bytes, const std::string& name);

  const std::vector<TensorView>& tensors() const { return tensors_; }  // in order of their data in the file
  const TensorView* find(std::string_view name) const;                 // nullptr if absent
  const TensorView& at(std::string_view name) const;                   // Error(format) with the nearest name if absent
  const SafetensorsMetadata& metadata() const { return metadata_; }

 private:
  void parse(std::span<const std::byte> bytes);

  std::string name_;
  std::optional<MappedFile> file_;
  std::vector<TensorView> tensors_;
  std::unordered_map<std::string_view, size_t> index_;  // views of tensors_[i].name
  SafetensorsMetadata metadata_;
};

/// Receives the next bytes of a tensor being written.
using ByteSink = std::function<void(std::span<const std::byte> bytes)>;

/// A tensor to write: either `data` points at all its bytes, or `produce` hands them over piece by piece, which lets a
/// caller convert or gather without holding a second copy of the model.
struct TensorSource {
  std::string name;
  DType dtype = DType::F32;
  std::vector<int64_t> shape;
  const void* data = nullptr;
  std::function<void(const ByteSink& sink)> produce = {};
};

/// Writes PATH atomically (temporary file, fsync, rename); on any failure, a full disk included, nothing new is left
/// behind. Tensors go out by falling element size, then by name, as the reference implementation orders them, so every
/// tensor is aligned to its element size. Error(shape) for a bad shape, a name used twice, or a producer that hands
/// over too few or too many bytes.
void write_safetensors(const std::filesystem::path& path, std::span<const TensorSource> tensors,
                       const SafetensorsMetadata& metadata = {{"format", "pt"}});

/// Writes FOLDER/model.safetensors, or, where the tensors exceed `max_shard_bytes`, model-00001-of-0000N.safetensors
/// and model.safetensors.index.json as transformers reads them. Tensors keep the given order across shards; a tensor
/// larger than the limit gets a shard of its own. Creates the folder. Everything is written aside (export.tmp in the
/// folder) and moved into place once complete, so a failure leaves an earlier export as it was; weight files of an
/// earlier export that do not belong to this one are then removed.
void write_safetensors_sharded(const std::filesystem::path& folder, std::span<const TensorSource> tensors,
                               size_t max_shard_bytes, const SafetensorsMetadata& metadata = {{"format", "pt"}});

}  // namespace hone
