#include "format/tensor_view.h"

#include "base/threads.h"
#include "format/dequantize.h"
#include "support.h"

namespace hone {
namespace {

constexpr DType kBlockTypes[] = {DType::Q4_0,   DType::Q4_1,   DType::Q5_0, DType::Q5_1, DType::Q8_0,
                                 DType::Q2_K,   DType::Q3_K,   DType::Q4_K, DType::Q5_K, DType::Q6_K,
                                 DType::IQ4_NL, DType::IQ4_XS, DType::MXFP4};

TEST(ToFloat, BlockFormatsEqualGgufBitForBit) {
  const SafetensorsFile goldens(golden("dequantize.safetensors"));
  size_t compared = 0;
  for (const DType dtype : kBlockTypes) {
    const std::string name = dtype_name(dtype);
    const TensorView& blocks = goldens.at(name + ".blocks");  // [count, block_bytes]
    ASSERT_EQ(blocks.shape[1], dtype_info(dtype).block_bytes);
    const TensorView view{name, dtype, {blocks.shape[0], dtype_info(dtype).block_size}, blocks.data};
    const std::vector<float> expected = values_of<float>(goldens.at(name + ".values"));
    expect_same_floats(floats_of(view), expected, name);
    compared += expected.size();
  }
  std::printf("compared %zu values of %zu block formats\n", compared, std::size(kBlockTypes));
}

TEST(ToFloat, TheTableAndTheDecodersAgreeOnWhatIsKnown) {
  for (int i = 0; i <= static_cast<int>(DType::Q1_0); ++i) {
    const DType dtype = static_cast<DType>(i);
    if (is_safetensors_dtype(dtype)) continue;
    EXPECT_EQ(dtype_info(dtype).to_float, block_decoder(dtype) != nullptr) << dtype_name(dtype);
  }
}

TEST(ToFloat, EightBitFloatsEqualTorch) {
  const SafetensorsFile goldens(golden("narrow.safetensors"));
  std::vector<uint8_t> codes(256);
  for (size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<uint8_t>(i);
  for (const DType dtype : {DType::F8_E4M3, DType::F8_E5M2, DType::F8_E4M3FNUZ, DType::F8_E5M2FNUZ, DType::F8_E8M0}) {
    const TensorView view{dtype_name(dtype), dtype, {256}, std::as_bytes(std::span(codes))};
    expect_same_floats(floats_of(view), values_of<float>(goldens.at(view.name + ".values")), view.name);
  }
}

TEST(ToFloat, EveryHalfEqualsNumpyWithItsNaNs) {
  const SafetensorsFile goldens(golden("narrow.safetensors"));
  std::vector<uint16_t> codes(65536);
  for (size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<uint16_t>(i);
  const TensorView view{"halves", DType::F16, {65536}, std::as_bytes(std::span(codes))};
  EXPECT_EQ(float_hash(floats_of(view)), fmt::format("{:016x}", values_of<uint64_t>(goldens.at("F16.hash"))[0]));
}

TEST(ToFloat, WideNumbersRoundAsNumpyDoes) {
  const SafetensorsFile goldens(golden("narrow.safetensors"));
  for (const char* name : {"F64", "I8", "U8", "I16", "U16", "I32", "U32", "I64", "U64"}) {
    const std::vector<float> expected = values_of<float>(goldens.at(std::string(name) + ".values"));
    const TensorView& view = goldens.at(std::string(name) + ".in");
    expect_same_floats(floats_of(view), expected, name);
    parallel_for(1, 1,
                 [&](int64_t, int64_t) { expect_same_floats(floats_of(view), expected, "with denormals flushed"); });
  }
}

TEST(ToFloat, RowsAreSlicesOfTheWhole) {
  const SafetensorsFile goldens(golden("dequantize.safetensors"));
  const TensorView& blocks = goldens.at("Q4_K.blocks");
  const TensorView view{"q", DType::Q4_K, {2, 3, 512}, blocks.data.first(12 * 144)};
  const std::vector<float> all = floats_of(view);
  EXPECT_EQ(view.num_rows(), 6);
  for (int64_t first = 0; first <= 6; ++first) {
    for (int64_t count = 0; count <= 6 - first; ++count) {
      std::vector<float> rows(static_cast<size_t>(count) * 512);
      to_float_rows(view, first, count, rows.data());
      expect_same_floats(rows, std::span(all).subspan(static_cast<size_t>(first) * 512, rows.size()), "rows");
    }
  }
  float unused;
  EXPECT_NE(error_of([&] { to_float_rows(view, 4, 3, &unused); }), "");
  EXPECT_NE(error_of([&] { to_float_rows(view, -1, 1, &unused); }), "");
  EXPECT_NE(error_of([&] { to_float_rows(view, INT64_MAX, 1, &unused); }), "");
}

TEST(ToFloat, ThreadsAndUnalignedDataChangeNothing) {
  std::vector<uint8_t> bytes(1 + 34 * 8192);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 2654435761u >> 13);
  const TensorView view{"q", DType::Q8_0, {256, 1024}, std::as_bytes(std::span(bytes)).subspan(1)};
  const std::vector<float> first = floats_of(view);
  const int threads = num_threads();
  for (const int count : {1, 2, 3}) {
    set_num_threads(count);
    expect_same_floats(floats_of(view), first, "threads");
  }
  set_num_threads(threads);
}

TEST(ToFloat, ErrorsNameTheTensorAndItsType) {
  const std::vector<std::byte> bytes(98);
  float out[256];
  const TensorView unknown{"blk.0", DType::IQ3_XXS, {1, 256}, bytes};
  EXPECT_NE(error_of([&] { to_float(unknown, out); }).find("'blk.0' is stored as IQ3_XXS"), std::string::npos);
  EXPECT_NE(error_of([&] { to_float({"t", DType::F32, {25}, bytes}, out); }).find("[25]"), std::string::npos);
  EXPECT_NE(error_of([&] { to_float({"t", DType::F32, {INT64_MAX, 4}, bytes}, out); }), "");
  EXPECT_NE(error_of([&] { to_float({"t", DType::F32, {-1}, bytes}, out); }), "");
}

TEST(ToFloat, EmptyAndScalarShapes) {
  const float value = 2.5f;
  const auto bytes = std::as_bytes(std::span(&value, 1));
  EXPECT_EQ(floats_of({"s", DType::F32, {}, bytes}), std::vector<float>{2.5f});
  EXPECT_TRUE(floats_of({"e", DType::F32, {0, 7}, {}}).empty());
  EXPECT_TRUE(floats_of({"e", DType::Q4_0, {7, 0}, {}}).empty());
}

TEST(CheckedByteSize, RefusesOverflowAndPartBlocks) {
  const auto size = [](DType dtype, std::vector<int64_t> shape) { return checked_byte_size(dtype, shape); };
  EXPECT_EQ(size(DType::F32, {3, 5}), 60u);
  EXPECT_EQ(size(DType::Q4_1, {64}), 40u);
  EXPECT_EQ(size(DType::F4, {3}), std::nullopt);
  EXPECT_EQ(size(DType::Q4_1, {33}), std::nullopt);
  EXPECT_EQ(size(DType::F32, {int64_t{1} << 62}), std::nullopt);
  EXPECT_EQ(size(DType::U8, {int64_t{1} << 32, int64_t{1} << 32}), std::nullopt);
  EXPECT_EQ(size(DType::U8, {-1, -1}), std::nullopt);
}

}  // namespace
}  // namespace hone
