#include "format/tensor_view.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "base/threads.h"
#include "format/dequantize.h"
#include "format/half.h"

namespace hone {
namespace {

constexpr int64_t kElementsPerPiece = 1 << 16;

/// Conversions are exact for denormals too, whatever mode the compute threads run in.
class KeepDenormals {
 public:
#if defined(__x86_64__)
  KeepDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ & ~0x8040u); }
  ~KeepDenormals() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#else
  KeepDenormals() {}
#endif
};

/// All 256 values of an 8-bit float. `Finite` formats ("FN") have no infinity: all ones is NaN. `Unsigned zero` ones
/// ("FNUZ") have a single NaN where minus zero would be.
struct Float8 {
  int mantissa_bits, bias;
  enum { ieee, fn, fnuz } kind;
};

std::array<float, 256> float8_table(Float8 format) {
  std::array<float, 256> table;
  const int exponent_max = 0x7F >> format.mantissa_bits;
  for (int code = 0; code < 256; ++code) {
    const int exponent = (code & 0x7F) >> format.mantissa_bits;
    const int mantissa = code & ((1 << format.mantissa_bits) - 1);
    float value = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), 1 - format.bias - format.mantissa_bits)
                                : std::ldexp(static_cast<float>(mantissa + (1 << format.mantissa_bits)),
                                             exponent - format.bias - format.mantissa_bits);
    if (format.kind == Float8::ieee && exponent == exponent_max) {
      value = mantissa == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
    }
    if (format.kind == Float8::fn && (code & 0x7F) == 0x7F) value = std::numeric_limits<float>::quiet_NaN();
    if (format.kind == Float8::fnuz && code == 0x80) value = -std::numeric_limits<float>::quiet_NaN();
    table[static_cast<size_t>(code)] = code & 0x80 ? -value : value;
  }
  return table;
}

std::array<float, 256> e8m0_table() {
  std::array<float, 256> table;
  for (int code = 0; code < 255; ++code) table[static_cast<size_t>(code)] = std::ldexp(1.0f, code - 127);
  table[255] = std::numeric_limits<float>::quiet_NaN();
  return table;
}

void look_up(const std::array<float, 256>& table, const uint8_t* in, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = table[in[i]];
}

/// Reads unaligned elements of T and maps each to a float.
template <class T, class Convert>
void convert_each(const uint8_t* __restrict in, int64_t count, float* __restrict out, Convert convert) {
  for (int64_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, in + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    out[i] = convert(value);
  }
}

template <class T>
void cast_each(const uint8_t* in, int64_t count, float* out) {
  convert_each<T>(in, count, out, [](T value) { return static_cast<float>(value); });
}

/// Converts `count` elements; a multiple of the block size for block formats.
void convert(DType dtype, const uint8_t* in, int64_t count, float* out) {
  const KeepDenormals mode;
  switch (dtype) {
    case DType::F32:
      std::memcpy(out, in, static_cast<size_t>(count) * sizeof(float));
      return;
    case DType::F16:
      return convert_each<uint16_t>(in, count, out, half_to_float);
    case DType::BF16:
      return convert_each<uint16_t>(in, count, out, bf16_to_float);
    case DType::F64:
      return cast_each<double>(in, count, out);
    case DType::I8:
      return cast_each<int8_t>(in, count, out);
    case DType::U8:
      return cast_each<uint8_t>(in, count, out);
    case DType::I16:
      return cast_each<int16_t>(in, count, out);
    case DType::U16:
      return cast_each<uint16_t>(in, count, out);
    case DType::I32:
      return cast_each<int32_t>(in, count, out);
    case DType::U32:
      return cast_each<uint32_t>(in, count, out);
    case DType::I64:
      return cast_each<int64_t>(in, count, out);
    case DType::U64:
      return cast_each<uint64_t>(in, count, out);
    case DType::BOOL:
      return convert_each<uint8_t>(in, count, out, [](uint8_t b) { return b != 0 ? 1.0f : 0.0f; });
    case DType::F8_E4M3:
      return look_up(float8_table({3, 7, Float8::fn}), in, count, out);
    case DType::F8_E5M2:
      return look_up(float8_table({2, 15, Float8::ieee}), in, count, out);
    case DType::F8_E4M3FNUZ:
      return look_up(float8_table({3, 8, Float8::fnuz}), in, count, out);
    case DType::F8_E5M2FNUZ:
      return look_up(float8_table({2, 16, Float8::fnuz}), in, count, out);
    case DType::F8_E8M0:
      return look_up(e8m0_table(), in, count, out);
    default:
      block_decoder(dtype)(in, count / dtype_info(dtype).block_size, out);
  }
}

}  // namespace

const DTypeInfo& dtype_info(DType dtype) {
  static constexpr DTypeInfo kTable[] = {
      // Plain types: name, elements and bytes of a block, to_float
      {"BOOL", 1, 1, true},
      {"F4", 2, 1, false},
      {"F6_E2M3", 4, 3, false},
      {"F6_E3M2", 4, 3, false},
      {"U8", 1, 1, true},
      {"I8", 1, 1, true},
      {"F8_E5M2", 1, 1, true},
      {"F8_E4M3", 1, 1, true},
      {"F8_E8M0", 1, 1, true},
      {"F8_E4M3FNUZ", 1, 1, true},
      {"F8_E5M2FNUZ", 1, 1, true},
      {"I16", 1, 2, true},
      {"U16", 1, 2, true},
      {"F16", 1, 2, true},
      {"BF16", 1, 2, true},
      {"I32", 1, 4, true},
      {"U32", 1, 4, true},
      {"F32", 1, 4, true},
      {"C64", 1, 8, false},
      {"F64", 1, 8, true},
      {"I64", 1, 8, true},
      {"U64", 1, 8, true},
      // GGUF's block formats
      {"Q4_0", 32, 18, true},
      {"Q4_1", 32, 20, true},
      {"Q5_0", 32, 22, true},
      {"Q5_1", 32, 24, true},
      {"Q8_0", 32, 34, true},
      {"Q8_1", 32, 40, false},
      {"Q2_K", 256, 84, true},
      {"Q3_K", 256, 110, true},
      {"Q4_K", 256, 144, true},
      {"Q5_K", 256, 176, true},
      {"Q6_K", 256, 210, true},
      {"Q8_K", 256, 292, false},
      {"IQ1_S", 256, 50, false},
      {"IQ1_M", 256, 56, false},
      {"IQ2_XXS", 256, 66, false},
      {"IQ2_XS", 256, 74, false},
      {"IQ2_S", 256, 82, false},
      {"IQ3_XXS", 256, 98, false},
      {"IQ3_S", 256, 110, false},
      {"IQ4_NL", 32, 18, true},
      {"IQ4_XS", 256, 136, true},
      {"TQ1_0", 256, 54, false},
      {"TQ2_0", 256, 66, false},
      {"MXFP4", 32, 17, true},
      {"NVFP4", 64, 36, false},
      {"Q1_0", 128, 18, false},
  };
  static_assert(std::size(kTable) == static_cast<size_t>(DType::Q1_0) + 1);
  return kTable[static_cast<size_t>(dtype)];
}

std::optional<int64_t> checked_numel(std::span<const int64_t> shape) {
  int64_t product = 1;
  for (const int64_t dim : shape) {
    if (dim < 0 || __builtin_mul_overflow(product, dim, &product)) return std::nullopt;
  }
  return product;
}

std::optional<size_t> checked_byte_size(DType dtype, std::span<const int64_t> shape) {
  const DTypeInfo& info = dtype_info(dtype);
  const std::optional<int64_t> numel = checked_numel(shape);
  if (!numel || *numel % info.block_size != 0) return std::nullopt;
  size_t bytes;
  if (__builtin_mul_overflow(static_cast<size_t>(*numel / info.block_size), static_cast<size_t>(info.block_bytes),
                             &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

std::string shape_text(std::span<const int64_t> shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

int64_t TensorView::numel() const { return num_rows() * row_size(); }

int64_t TensorView::row_size() const { return shape.empty() ? 1 : shape.back(); }

int64_t TensorView::num_rows() const {
  HONE_CHECK(checked_numel(shape), ErrorKind::shape, "tensor '{}': shape {} is negative or overflows", name,
             shape_text(shape));
  return shape.empty() ? 1 : *checked_numel(std::span(shape).first(shape.size() - 1));
}

void to_float(const TensorView& tensor, float* out) { to_float_rows(tensor, 0, tensor.num_rows(), out); }

void to_float_rows(const TensorView& tensor, int64_t first_row, int64_t count, float* out) {
  const DTypeInfo& info = dtype_info(tensor.dtype);
  HONE_CHECK(info.to_float, ErrorKind::format,
             "tensor '{}' is stored as {}, which cannot be converted to floats here; use a file with F32, F16, BF16, "
             "Q4_0 to Q8_0 or Q2_K to Q6_K tensors",
             tensor.name, info.name);
  HONE_CHECK(checked_byte_size(tensor.dtype, tensor.shape) == tensor.data.size(), ErrorKind::shape,
             "tensor '{}': {} of shape {} does not take {} bytes", tensor.name, info.name, shape_text(tensor.shape),
             tensor.data.size());
  const int64_t row_size = tensor.row_size(), num_rows = tensor.num_rows();
  HONE_CHECK(first_row >= 0 && count >= 0 && count <= num_rows && first_row <= num_rows - count, ErrorKind::shape,
             "tensor '{}': rows [{}, {} + {}) asked of {}", tensor.name, first_row, first_row, count, num_rows);
  HONE_CHECK(row_size % info.block_size == 0, ErrorKind::shape,
             "tensor '{}': rows of {} elements do not fill {} blocks of {}", tensor.name, row_size, info.name,
             info.block_size);

  const int64_t blocks = count * (row_size / info.block_size);
  const uint8_t* in = reinterpret_cast<const uint8_t*>(tensor.data.data()) +
                      first_row * (row_size / info.block_size) * info.block_bytes;
  parallel_for(blocks, kElementsPerPiece / info.block_size, [&](int64_t begin, int64_t end) {
    convert(tensor.dtype, in + begin * info.block_bytes, (end - begin) * info.block_size,
            out + begin * info.block_size);
  });
}

}  // namespace hone
