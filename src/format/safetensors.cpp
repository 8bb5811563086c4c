#include "format/safetensors.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/text.h"
#include "format/safetensors_header.h"

namespace hone {
namespace {

/// Tensors must tile the data: in order of their offsets each starts where the one before ended, and the last ends with
/// the file, so there is no room for hidden bytes.
void check_layout(const std::vector<SafetensorsEntry>& entries, uint64_t data_size) {
  uint64_t position = 0;
  for (const SafetensorsEntry& entry : entries) {
    const auto name = [&entry] { return quote_for_message(entry.name); };
    HONE_CHECK(entry.begin == position, ErrorKind::format, "tensor {}: starts at data offset {}, expected {} ({})",
               name(), entry.begin, position, entry.begin < position ? "tensors overlap" : "a hole before it");
    HONE_CHECK(entry.end >= entry.begin && entry.end <= data_size, ErrorKind::format,
               "tensor {}: data_offsets [{}, {}] leave the file's {} bytes of data", name(), entry.begin, entry.end,
               data_size);
    const std::optional<size_t> size = checked_byte_size(entry.dtype, entry.shape);
    HONE_CHECK(size, ErrorKind::format, "tensor {}: {} of shape {} overflows or does not end at a whole byte", name(),
               dtype_name(entry.dtype), shape_text(entry.shape));
    HONE_CHECK(*size == entry.end - entry.begin, ErrorKind::format,
               "tensor {}: {} of shape {} takes {} bytes, but its data_offsets hold {}", name(),
               dtype_name(entry.dtype), shape_text(entry.shape), *size, entry.end - entry.begin);
    position = entry.end;
  }
  HONE_CHECK(position == data_size, ErrorKind::format, "tensors cover {} bytes of data, but the file holds {}{}",
             position, data_size, position < data_size ? "" : " (truncated?)");
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : name_(path.string()), file_(path) {
  with_context(name_, [&] { parse(file_->bytes()); });
}

SafetensorsFile::SafetensorsFile(std::span<const std::byte> bytes, const std::string& name) : name_(name) {
  with_context(name_, [&] { parse(bytes); });
}

void SafetensorsFile::parse(std::span<const std::byte> bytes) {
  uint64_t header_size = 0;
  HONE_CHECK(bytes.size() >= sizeof header_size, ErrorKind::format,
             "not a safetensors file: {} bytes, too short for the header's length", bytes.size());
  std::memcpy(&header_size, bytes.data(), sizeof header_size);
  HONE_CHECK(header_size <= kMaxSafetensorsHeader, ErrorKind::format,
             "not a safetensors file: header of {} bytes, at most {} are allowed", header_size, kMaxSafetensorsHeader);
  const std::span<const std::byte> rest = bytes.subspan(sizeof header_size);
  HONE_CHECK(header_size <= rest.size(), ErrorKind::format, "header of {} bytes, but only {} follow (truncated file?)",
             header_size, rest.size());

  SafetensorsHeader header =
      parse_safetensors_header({reinterpret_cast<const char*>(rest.data()), static_cast<size_t>(header_size)});
  std::stable_sort(header.entries.begin(), header.entries.end(),
                   [](const auto& a, const auto& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  const std::span<const std::byte> data = rest.subspan(header_size);
  check_layout(header.entries, data.size());

  metadata_ = std::move(header.metadata);
  tensors_.reserve(header.entries.size());
  for (SafetensorsEntry& entry : header.entries) {
    tensors_.push_back({std::move(entry.name), entry.dtype, std::move(entry.shape),
                        data.subspan(entry.begin, entry.end - entry.begin)});
  }
  for (size_t i = 0; i < tensors_.size(); ++i) index_.emplace(tensors_[i].name, i);
}

const TensorView* SafetensorsFile::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

const TensorView& SafetensorsFile::at(std::string_view name) const {
  if (const TensorView* tensor = find(name)) return *tensor;
  std::vector<std::string> names;
  for (const TensorView& tensor : tensors_) names.push_back(tensor.name);
  fail(ErrorKind::format, "{}: no tensor {}{}", name_, quote_for_message(name), did_you_mean(name, names));
}

}  // namespace hone
