#include "format/half.h"

#include "base/threads.h"
#include "support.h"

namespace hone {
namespace {

TEST(Half, EveryCodeWidensToTheValueOfItsFields) {
  for (uint32_t code = 0; code < 65536; ++code) {
    const int exponent = code >> 10 & 31, mantissa = code & 1023;
    if (exponent == 31) continue;
    const double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    ASSERT_EQ(half_to_float(static_cast<uint16_t>(code)), (code & 0x8000 ? -1 : 1) * magnitude) << code;
  }
  EXPECT_EQ(half_to_float(0x7C00), INFINITY);
  EXPECT_EQ(half_to_float(0xFC00), -INFINITY);
  EXPECT_TRUE(std::signbit(half_to_float(0x8000)));
}

TEST(Half, EveryCodeSurvivesARoundTrip) {
  for (uint32_t code = 0; code < 65536; ++code) {
    const uint16_t half = static_cast<uint16_t>(code);
    const bool half_nan = (code & 0x7FFF) > 0x7C00, bf16_nan = (code & 0x7FFF) > 0x7F80;
    ASSERT_EQ(float_to_half(half_to_float(half)), half_nan ? half | 0x0200 : half) << "NaNs become quiet";
    ASSERT_EQ(float_to_bf16(bf16_to_float(half)), bf16_nan ? half | 0x0040 : half);
  }
}

TEST(Half, RoundsAsNumpyAndGgufDo) {
  const SafetensorsFile goldens(golden("narrow.safetensors"));
  const auto values = values_of<float>(goldens.at("half.f32"));
  const auto f16 = values_of<uint16_t>(goldens.at("half.f16")), bf16 = values_of<uint16_t>(goldens.at("half.bf16"));
  ASSERT_GT(values.size(), 20000u);
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) {
      ASSERT_TRUE(std::isnan(half_to_float(float_to_half(values[i]))));
      ASSERT_TRUE(std::isnan(bf16_to_float(float_to_bf16(values[i]))));
    } else {
      ASSERT_EQ(float_to_half(values[i]), f16[i]) << std::hexfloat << values[i];
      ASSERT_EQ(float_to_bf16(values[i]), bf16[i]) << std::hexfloat << values[i];
    }
  }
}

TEST(Half, DoesNotDependOnFlushToZero) {
  parallel_for(1, 1, [](int64_t, int64_t) {  // the compute threads flush denormals
    EXPECT_EQ(std::bit_cast<uint32_t>(half_to_float(0x0001)), std::bit_cast<uint32_t>(0x1p-24f));
    EXPECT_EQ(float_to_half(0x1p-24f), 0x0001);
    EXPECT_EQ(std::bit_cast<uint32_t>(bf16_to_float(0x0001)), 0x00010000u);
    EXPECT_EQ(float_to_bf16(std::bit_cast<float>(0x00018000u)), 0x0002);
  });
}

static_assert(float_to_half(65519.0f) == 0x7BFF && float_to_half(65520.0f) == 0x7C00);
static_assert(float_to_bf16(3.4028235e38f) == 0x7F80, "the largest float rounds up to infinity");

}  // namespace
}  // namespace hone
