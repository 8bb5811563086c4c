#include "format/gguf.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/check.h"
#include "base/text.h"
#include "format/gguf_cursor.h"

namespace hone {
namespace {

static_assert(std::endian::native == std::endian::little, "GGUF values are read in place");

constexpr uint32_t kDefaultAlignment = 32;
constexpr uint32_t kMaxDims = 4;
constexpr size_t kMinKeyBytes = 8 + 4 + 1;         // empty name, type, one byte of value
constexpr size_t kMinTensorBytes = 8 + 4 + 4 + 8;  // empty name, no dimensions, type, offset

struct NumberedType {
  uint32_t number;
  DType dtype;
};
constexpr NumberedType kTensorTypes[] = {
    {0, DType::F32},     {1, DType::F16},      {2, DType::Q4_0},   {3, DType::Q4_1},    {6, DType::Q5_0},
    {7, DType::Q5_1},    {8, DType::Q8_0},     {9, DType::Q8_1},   {10, DType::Q2_K},   {11, DType::Q3_K},
    {12, DType::Q4_K},   {13, DType::Q5_K},    {14, DType::Q6_K},  {15, DType::Q8_K},   {16, DType::IQ2_XXS},
    {17, DType::IQ2_XS}, {18, DType::IQ3_XXS}, {19, DType::IQ1_S}, {20, DType::IQ4_NL}, {21, DType::IQ3_S},
    {22, DType::IQ2_S},  {23, DType::IQ4_XS},  {24, DType::I8},    {25, DType::I16},    {26, DType::I32},
    {27, DType::I64},    {28, DType::F64},     {29, DType::IQ1_M}, {30, DType::BF16},   {34, DType::TQ1_0},
    {35, DType::TQ2_0},  {39, DType::MXFP4},   {40, DType::NVFP4}, {41, DType::Q1_0},
};

DType tensor_dtype(uint32_t number, std::string_view tensor) {
  for (const NumberedType& type : kTensorTypes) {
    if (type.number == number) return type.dtype;
  }
  const char* withdrawn = number == 4                    ? "Q4_2"
                          : number == 5                  ? "Q4_3"
                          : number >= 31 && number <= 33 ? "a repacked Q4_0"
                          : number >= 36 && number <= 38 ? "a repacked IQ4_NL"
                                                         : nullptr;
  HONE_CHECK(!withdrawn, ErrorKind::format,
             "tensor {}: type {} ({}) was withdrawn from the format; quantise the model again",
             quote_for_message(tensor), number, withdrawn);
  fail(ErrorKind::format, "tensor {}: unknown type {}", quote_for_message(tensor), number);
}

/// Bytes of one value; for strings the least that one takes, its length.
size_t min_value_size(GgufType type) {
  switch (type) {
    case GgufType::u8:
    case GgufType::i8:
    case GgufType::boolean:
      return 1;
    case GgufType::u16:
    case GgufType::i16:
      return 2;
    case GgufType::u32:
    case GgufType::i32:
    case GgufType::f32:
      return 4;
    default:
      return 8;
  }
}

uint32_t read_version(GgufCursor& file) {
  const auto magic = file.take(std::min<size_t>(4, file.left()), "magic");
  const std::string_view text(reinterpret_cast<const char*>(magic.data()), magic.size());
  HONE_CHECK(text == "GGUF", ErrorKind::format, "not a GGUF file: starts with {}, expected 'GGUF'",
             quote_for_message(text));
  const uint32_t version = file.read<uint32_t>("version");
  HONE_CHECK((version & 0xFFFF) != 0, ErrorKind::format,
             "a big-endian GGUF file (version bytes {:#010x}); only little-endian ones can be read", version);
  HONE_CHECK(version == 2 || version == 3, ErrorKind::format, "GGUF version {}, expected 2 or 3", version);
  return version;
}

std::string read_name(GgufCursor& file, const char* what) {
  const size_t start = file.offset();
  const std::string_view text = file.string(what);
  HONE_CHECK(is_valid_utf8(text), ErrorKind::format, "{} at offset {} is not UTF-8: {}", what, start,
             quote_for_message(text));
  return std::string(text);
}

GgufType read_value_type(GgufCursor& file, const std::string& key) {
  const size_t start = file.offset();
  const int32_t number = file.read<int32_t>("value type");
  HONE_CHECK(number >= 0 && number <= static_cast<int32_t>(GgufType::f64), ErrorKind::format,
             "key {}: unknown value type {} at offset {}", quote_for_message(key), number, start);
  return static_cast<GgufType>(number);
}

void skip_values(GgufCursor& file, GgufType type, uint64_t count) {
  file.check_count(count, min_value_size(type), "array items");
  if (type != GgufType::string) {
    file.take(count * min_value_size(type), "value");
    return;
  }
  for (uint64_t i = 0; i < count; ++i) file.string("string");
}

/// A tensor's description; its data is found once the whole header is known.
struct TensorInfo {
  TensorView view;
  uint64_t offset;  // from the start of the data section
  size_t size;
};

TensorInfo read_tensor_info(GgufCursor& file) {
  TensorInfo info;
  TensorView& view = info.view;
  view.name = read_name(file, "tensor name");
  const auto quoted = [&view] { return quote_for_message(view.name); };
  const uint32_t num_dims = file.read<uint32_t>("number of dimensions");
  HONE_CHECK(num_dims <= kMaxDims, ErrorKind::format, "tensor {}: {} dimensions, at most {} are allowed", quoted(),
             num_dims, kMaxDims);
  view.shape.resize(num_dims);
  for (int64_t& dim : view.shape) {
    dim = file.read<int64_t>("dimension");
    HONE_CHECK(dim >= 0, ErrorKind::format, "tensor {}: dimension {} does not fit 63 bits", quoted(),
               static_cast<uint64_t>(dim));
  }
  std::reverse(view.shape.begin(), view.shape.end());  // the file has the innermost dimension first
  view.dtype = tensor_dtype(file.read<uint32_t>("tensor type"), view.name);
  info.offset = file.read<uint64_t>("tensor offset");

  const DTypeInfo& dtype = dtype_info(view.dtype);
  HONE_CHECK(view.row_size() % dtype.block_size == 0, ErrorKind::format,
             "tensor {}: rows of {} elements do not fill {} blocks of {}", quoted(), view.row_size(), dtype.name,
             dtype.block_size);
  const std::optional<size_t> size = checked_byte_size(view.dtype, view.shape);
  HONE_CHECK(size, ErrorKind::format, "tensor {}: the size of {} {} overflows", quoted(), dtype.name,
             shape_text(view.shape));
  info.size = *size;
  return info;
}

void place_tensor(TensorInfo& info, std::span<const std::byte> data, uint32_t alignment) {
  const auto quoted = [&info] { return quote_for_message(info.view.name); };
  HONE_CHECK(info.offset % alignment == 0, ErrorKind::format, "tensor {}: offset {} is not a multiple of {}", quoted(),
             info.offset, alignment);
  HONE_CHECK(info.offset <= data.size() && info.size <= data.size() - info.offset, ErrorKind::format,
             "tensor {}: {} {} needs {} bytes at offset {} of the file's {} bytes of tensor data (truncated file?)",
             quoted(), dtype_name(info.view.dtype), shape_text(info.view.shape), info.size, info.offset, data.size());
  info.view.data = data.subspan(info.offset, info.size);
}

void check_no_overlap(const std::vector<TensorView>& tensors) {
  std::vector<const TensorView*> by_offset;
  for (const TensorView& tensor : tensors) {
    if (!tensor.data.empty()) by_offset.push_back(&tensor);
  }
  std::sort(by_offset.begin(), by_offset.end(),
            [](const TensorView* a, const TensorView* b) { return a->data.data() < b->data.data(); });
  for (size_t i = 1; i < by_offset.size(); ++i) {
    const auto& before = by_offset[i - 1]->data;
    HONE_CHECK(before.data() + before.size() <= by_offset[i]->data.data(), ErrorKind::format,
               "tensors {} and {} overlap", quote_for_message(by_offset[i - 1]->name),
               quote_for_message(by_offset[i]->name));
  }
}

}  // namespace

GgufFile::GgufFile(const std::filesystem::path& path) : name_(path.string()), file_(path) {
  with_context(name_, [&] { parse(file_->bytes()); });
}

GgufFile::GgufFile(std::span<const std::byte> bytes, const std::string& name) : name_(name) {
  with_context(name_, [&] { parse(bytes); });
}

void GgufFile::parse(std::span<const std::byte> bytes) {
  GgufCursor file(bytes);
  version_ = read_version(file);
  const uint64_t num_tensors = file.read<uint64_t>("number of tensors");
  const uint64_t num_keys = file.read<uint64_t>("number of metadata keys");
  file.check_count(num_tensors, kMinTensorBytes, "tensors");
  file.check_count(num_keys, kMinKeyBytes, "metadata keys");

  read_metadata(file, num_keys);
  if (const int64_t parts = get_optional<int64_t>("split.count").value_or(0); parts > 1) {
    fail(ErrorKind::format,
         "part {} of a model that is split into {} files; merge them first (llama-gguf-split --merge)",
         get_optional<int64_t>("split.no").value_or(0) + 1, parts);
  }
  read_tensors(file, num_tensors, bytes);
}

void GgufFile::read_metadata(GgufCursor& file, uint64_t count) {
  keys_.reserve(count);
  values_.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    const std::string& key = keys_.emplace_back(read_name(file, "key"));
    HONE_CHECK(key_index_.emplace(key, i).second, ErrorKind::format, "key {} appears twice", quote_for_message(key));
    with_context("key " + quote_for_message(key), [&] {
      Value value{read_value_type(file, key), false, 1, {}};
      if (value.type == GgufType::array) {
        value.is_array = true;
        value.type = read_value_type(file, key);
        value.count = file.read<uint64_t>("array length");
        HONE_CHECK(value.type != GgufType::array, ErrorKind::format, "arrays of arrays are not supported");
      }
      const size_t start = file.offset();
      skip_values(file, value.type, value.count);
      value.bytes = file.since(start);
      values_.push_back(value);
    });
  }
}

uint32_t GgufFile::read_alignment() const {
  if (!has("general.alignment")) return kDefaultAlignment;
  const Value& stored = value("general.alignment");
  HONE_CHECK(stored.type == GgufType::u32 && !stored.is_array, ErrorKind::format, "general.alignment must be a u32");
  const int64_t alignment = get<int64_t>("general.alignment");
  HONE_CHECK(std::has_single_bit(static_cast<uint32_t>(alignment)), ErrorKind::format,
             "general.alignment must be a power of two, got {}", alignment);
  return static_cast<uint32_t>(alignment);
}

void GgufFile::read_tensors(GgufCursor& file, uint64_t count, std::span<const std::byte> bytes) {
  std::vector<TensorInfo> infos;
  infos.reserve(count);
  for (uint64_t i = 0; i < count; ++i) infos.push_back(read_tensor_info(file));

  const uint64_t alignment = read_alignment();
  const uint64_t data_start = (file.offset() + alignment - 1) / alignment * alignment;
  const auto data = bytes.subspan(std::min<uint64_t>(data_start, bytes.size()));
  tensors_.reserve(count);
  for (TensorInfo& info : infos) {
    place_tensor(info, data, static_cast<uint32_t>(alignment));
    tensors_.push_back(std::move(info.view));
    const std::string& name = tensors_.back().name;
    HONE_CHECK(tensor_index_.emplace(name, tensors_.size() - 1).second, ErrorKind::format, "tensor {} appears twice",
               quote_for_message(name));
  }
  check_no_overlap(tensors_);
}

const TensorView* GgufFile::find(std::string_view name) const {
  const auto found = tensor_index_.find(name);
  return found == tensor_index_.end() ? nullptr : &tensors_[found->second];
}

const TensorView& GgufFile::at(std::string_view name) const {
  if (const TensorView* tensor = find(name)) return *tensor;
  std::vector<std::string> names;
  for (const TensorView& tensor : tensors_) names.push_back(tensor.name);
  fail(ErrorKind::format, "{}: no tensor {}{}", name_, quote_for_message(name), did_you_mean(name, names));
}

}  // namespace hone
