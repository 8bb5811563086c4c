// Writing safetensors: single files stream straight from the sources; a sharded export is made aside and then moved.
#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "base/check.h"
#include "base/jsonl.h"
#include "base/text.h"
#include "format/safetensors.h"
#include "format/safetensors_header.h"

namespace hone {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";

size_t byte_size(const TensorSource& tensor) {
  const std::string name = quote_for_message(tensor.name);
  HONE_CHECK(is_safetensors_dtype(tensor.dtype), ErrorKind::format, "tensor {}: safetensors files cannot hold {}", name,
             dtype_name(tensor.dtype));
  const std::optional<size_t> size = checked_byte_size(tensor.dtype, tensor.shape);
  HONE_CHECK(size, ErrorKind::shape, "tensor {}: {} of shape {} has no size in whole bytes", name,
             dtype_name(tensor.dtype), shape_text(tensor.shape));
  return *size;
}

void check_names(std::span<const TensorSource* const> tensors) {
  std::unordered_set<std::string_view> seen;
  for (const TensorSource* tensor : tensors) {
    HONE_CHECK(is_valid_utf8(tensor->name) && tensor->name != "__metadata__", ErrorKind::format,
               "tensor {}: not a name for a safetensors file", quote_for_message(tensor->name));
    HONE_CHECK(seen.insert(tensor->name).second, ErrorKind::format, "tensor {}: written twice",
               quote_for_message(tensor->name));
  }
}

void write_tensor(FileWriter& file, const TensorSource& tensor) {
  const size_t size = byte_size(tensor);
  if (!tensor.produce) {
    HONE_CHECK(tensor.data != nullptr || size == 0, ErrorKind::internal, "tensor {}: neither data nor a producer",
               quote_for_message(tensor.name));
    if (size > 0) file.write(tensor.data, size);
    return;
  }
  size_t written = 0;
  tensor.produce([&](std::span<const std::byte> bytes) {
    HONE_CHECK(bytes.size() <= size - written, ErrorKind::shape,
               "tensor {}: more bytes produced than the {} of shape {}", quote_for_message(tensor.name), size,
               shape_text(tensor.shape));
    if (!bytes.empty()) file.write(bytes.data(), bytes.size());
    written += bytes.size();
  });
  HONE_CHECK(written == size, ErrorKind::shape, "tensor {}: {} bytes produced, shape {} needs {}",
             quote_for_message(tensor.name), written, shape_text(tensor.shape), size);
}

void write_file(const fs::path& path, std::vector<const TensorSource*> tensors, const SafetensorsMetadata& metadata) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorSource* a, const TensorSource* b) {
    return a->dtype != b->dtype ? a->dtype > b->dtype : a->name < b->name;
  });
  SafetensorsHeader header{{}, metadata};
  uint64_t position = 0;
  for (const TensorSource* tensor : tensors) {
    const uint64_t end = position + byte_size(*tensor);
    header.entries.push_back({tensor->name, tensor->dtype, tensor->shape, position, end});
    position = end;
  }
  const std::string text = safetensors_header_text(header);
  HONE_CHECK(text.size() <= kMaxSafetensorsHeader, ErrorKind::format,
             "{}: header of {} bytes, at most {} are allowed: write more, smaller shards", path.string(), text.size(),
             kMaxSafetensorsHeader);
  write_file_atomic(path, [&](FileWriter& file) {
    const uint64_t header_size = text.size();
    file.write(&header_size, sizeof header_size);
    file.write(text);
    for (const TensorSource* tensor : tensors) write_tensor(file, *tensor);
  });
}

std::vector<const TensorSource*> pointers_to(std::span<const TensorSource> tensors) {
  std::vector<const TensorSource*> pointers;
  for (const TensorSource& tensor : tensors) pointers.push_back(&tensor);
  return pointers;
}

using Shard = std::vector<const TensorSource*>;

/// Fills shards greedily in the given order.
std::vector<Shard> split_into_shards(std::span<const TensorSource* const> tensors, size_t max_shard_bytes) {
  std::vector<Shard> shards(1);
  size_t filled = 0;
  for (const TensorSource* tensor : tensors) {
    const size_t size = byte_size(*tensor);
    if (!shards.back().empty() && (filled >= max_shard_bytes || size > max_shard_bytes - filled)) {
      shards.emplace_back();
      filled = 0;
    }
    shards.back().push_back(tensor);
    filled += size;
  }
  return shards;
}

/// Weight files that an export writes: model.safetensors, its index, and model-00001-of-00002.safetensors and the like.
bool is_weight_file(const std::string& name) {
  const bool is_shard = name.size() == std::strlen("model-00001-of-00002.safetensors") && name.starts_with("model-") &&
                        name.substr(11, 4) == "-of-" && name.ends_with(".safetensors");
  return is_shard || name == kSingleFile || name == kIndexFile;
}

void remove_other_weight_files(const fs::path& folder, const std::vector<std::string>& keep) {
  std::vector<fs::path> stale;
  for (const auto& item : fs::directory_iterator(folder)) {
    const std::string name = item.path().filename().string();
    if (is_weight_file(name) && std::find(keep.begin(), keep.end(), name) == keep.end()) stale.push_back(item.path());
  }
  for (const fs::path& path : stale) fs::remove(path);
}

/// Writes the shards and, if there are several, their index; returns the names, the one that readers open first last.
std::vector<std::string> write_weight_files(const fs::path& folder, const std::vector<Shard>& shards,
                                            const SafetensorsMetadata& metadata) {
  if (shards.size() == 1) {
    write_file(folder / kSingleFile, shards[0], metadata);
    return {kSingleFile};
  }
  std::vector<std::string> names;
  nlohmann::json weight_map = nlohmann::json::object();
  size_t total_bytes = 0;
  for (const Shard& shard : shards) {
    names.push_back(fmt::format("model-{:05}-of-{:05}.safetensors", names.size() + 1, shards.size()));
    write_file(folder / names.back(), shard, metadata);
    for (const TensorSource* tensor : shard) {
      weight_map[tensor->name] = names.back();
      total_bytes += byte_size(*tensor);
    }
  }
  const nlohmann::json index = {{"metadata", {{"total_size", total_bytes}}}, {"weight_map", std::move(weight_map)}};
  write_file_atomic(folder / kIndexFile, dump_json(index, 2) + "\n");
  names.push_back(kIndexFile);
  return names;
}

/// Moves a finished export into place. An interruption leaves the old weights, the new ones or none to be found, never
/// shards of both under one index.
void publish(const fs::path& staging, const fs::path& folder, const std::vector<std::string>& names) {
  if (names.size() > 1) {
    fs::remove(folder / kSingleFile);
    fs::remove(folder / kIndexFile);
    sync_path(folder);
  }
  for (const std::string& name : names) fs::rename(staging / name, folder / name);
  sync_path(folder);
  remove_other_weight_files(folder, names);
}

}  // namespace

void write_safetensors(const fs::path& path, std::span<const TensorSource> tensors,
                       const SafetensorsMetadata& metadata) {
  const auto pointers = pointers_to(tensors);
  check_names(pointers);
  write_file(path, pointers, metadata);
}

void write_safetensors_sharded(const fs::path& folder, std::span<const TensorSource> tensors, size_t max_shard_bytes,
                               const SafetensorsMetadata& metadata) {
  HONE_CHECK(max_shard_bytes > 0, ErrorKind::usage, "the size limit of a shard must be above 0 bytes");
  const auto pointers = pointers_to(tensors);
  check_names(pointers);
  const std::vector<Shard> shards = split_into_shards(pointers, max_shard_bytes);
  const fs::path staging = folder / "export.tmp";
  std::error_code ignored;
  try {
    fs::remove_all(staging);  // of an export that was killed
    fs::create_directories(staging);
    publish(staging, folder, write_weight_files(staging, shards, metadata));
    fs::remove(staging);
  } catch (const fs::filesystem_error& e) {
    fs::remove_all(staging, ignored);
    fail(ErrorKind::io, "{}: cannot write weights: {}", folder.string(), e.code().message());
  } catch (...) {
    fs::remove_all(staging, ignored);
    throw;
  }
}

}  // namespace hone
