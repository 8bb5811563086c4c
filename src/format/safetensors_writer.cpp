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

void write_file(const std::filesystem::path& path, std::vector<const TensorSource*> tensors,
                const SafetensorsMetadata& metadata) {
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
  return is_shard || name == "model.safetensors" || name == "model.safetensors.index.json";
}

void remove_other_weight_files(const std::filesystem::path& folder, const std::unordered_set<std::string>& keep) {
  std::vector<std::filesystem::path> stale;
  for (const auto& item : std::filesystem::directory_iterator(folder)) {
    const std::string name = item.path().filename().string();
    if (is_weight_file(name) && !keep.contains(name)) stale.push_back(item.path());
  }
  for (const std::filesystem::path& path : stale) std::filesystem::remove(path);
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::span<const TensorSource> tensors,
                       const SafetensorsMetadata& metadata) {
  const auto pointers = pointers_to(tensors);
  check_names(pointers);
  write_file(path, pointers, metadata);
}

void write_safetensors_sharded(const std::filesystem::path& folder, std::span<const TensorSource> tensors,
                               size_t max_shard_bytes, const SafetensorsMetadata& metadata) {
  HONE_CHECK(max_shard_bytes > 0, ErrorKind::usage, "the size limit of a shard must be above 0 bytes");
  const auto pointers = pointers_to(tensors);
  check_names(pointers);
  const std::vector<Shard> shards = split_into_shards(pointers, max_shard_bytes);
  try {
    std::filesystem::create_directories(folder);
    if (shards.size() == 1) {
      write_file(folder / "model.safetensors", shards[0], metadata);
      return remove_other_weight_files(folder, {"model.safetensors"});
    }
    std::unordered_set<std::string> written = {"model.safetensors.index.json"};
    nlohmann::json weight_map = nlohmann::json::object();
    size_t total_bytes = 0;
    for (size_t i = 0; i < shards.size(); ++i) {
      const std::string name = fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
      write_file(folder / name, shards[i], metadata);
      written.insert(name);
      for (const TensorSource* tensor : shards[i]) {
        weight_map[tensor->name] = name;
        total_bytes += byte_size(*tensor);
      }
    }
    const nlohmann::json index = {{"metadata", {{"total_size", total_bytes}}}, {"weight_map", std::move(weight_map)}};
    write_file_atomic(folder / "model.safetensors.index.json", dump_json(index, 2) + "\n");
    remove_other_weight_files(folder, written);
  } catch (const std::filesystem::filesystem_error& e) {
    fail(ErrorKind::io, "{}: cannot write weights: {}", folder.string(), e.code().message());
  }
}

}  // namespace hone
