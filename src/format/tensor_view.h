// A tensor as it lies in a model file, and its conversion to fp32. No Torch: the model layer copies from here into its
// own storage, and the text layer opens vocabulary-only files without linking a tensor library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hone {

/// Every element type that a safetensors or GGUF file can name: first the plain ones in safetensors' order of rising
/// size (the writer sorts by it), then GGUF's block formats.
enum class DType : uint8_t {
  // clang-format off
  BOOL, F4, F6_E2M3, F6_E3M2, U8, I8, F8_E5M2, F8_E4M3, F8_E8M0, F8_E4M3FNUZ, F8_E5M2FNUZ,
  I16, U16, F16, BF16, I32, U32, F32, C64, F64, I64, U64,
  Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q8_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, Q8_K,
  IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, IQ4_NL, IQ4_XS, TQ1_0, TQ2_0, MXFP4, NVFP4, Q1_0,
  // clang-format on
};

/// Whether safetensors files may hold it; the others are GGUF's.
inline bool is_safetensors_dtype(DType dtype) { return dtype <= DType::U64; }

/// How a type is stored: `block_size` consecutive elements share `block_bytes` bytes; plain types have blocks of one.
struct DTypeInfo {
  const char* name;
  int block_size;
  int block_bytes;
  bool to_float;  // whether to_float() knows it
};

const DTypeInfo& dtype_info(DType dtype);
inline const char* dtype_name(DType dtype) { return dtype_info(dtype).name; }

/// Number of elements; empty if it does not fit 63 bits. The empty shape is a scalar of one element.
std::optional<int64_t> checked_numel(std::span<const int64_t> shape);

/// Bytes of a whole tensor; empty if that overflows or the elements do not fill whole blocks (of the tensor, not of
/// each row: GGUF checks rows itself).
std::optional<size_t> checked_byte_size(DType dtype, std::span<const int64_t> shape);

/// `[2, 3]`, for messages.
std::string shape_text(std::span<const int64_t> shape);

/// A named, typed, shaped window into a mapped file. It borrows `data`: keep the file object alive. The bytes are
/// little endian and need not be aligned to the element size.
struct TensorView {
  std::string name;
  DType dtype = DType::F32;
  std::vector<int64_t> shape;       // row-major, outermost dimension first (the reverse of GGUF's order on disk)
  std::span<const std::byte> data;  // checked_byte_size(dtype, shape) bytes

  int64_t numel() const;
  int64_t row_size() const;  // elements of the innermost dimension; 1 for a scalar
  int64_t num_rows() const;  // product of the outer dimensions: 1 for a vector or a scalar
};

/// Widens or dequantises all elements into out[numel()], on the compute threads when the tensor is large. F16, BF16 and
/// F8 widen exactly, F64 and wide integers round to nearest even, block formats equal the Python `gguf` package's
/// dequantize() bit for bit. Error(format) names the tensor and its type if there is no conversion.
void to_float(const TensorView& tensor, float* out);

/// The same for rows [first_row, first_row + count) of the [num_rows(), row_size()] matrix. Error(shape) if out of
/// range.
void to_float_rows(const TensorView& tensor, int64_t first_row, int64_t count, float* out);

}  // namespace hone
