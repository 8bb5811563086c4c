#include "format/dequantize.h"

#include <bit>
#include <cstring>

#include "format/half.h"

// Each decode_x turns one block into floats with the operations, in fp32 and in the order, of the Python `gguf`
// package, so that results agree in every bit. Loops run over fixed counts on plain arrays for the compiler to
// vectorise.
namespace hone {
namespace {

constexpr int kQK = 32;     // elements of a small block
constexpr int kQK_K = 256;  // elements of a super-block ("K" formats)

float load_half(const uint8_t* bytes) { return half_to_float(static_cast<uint16_t>(bytes[0] | bytes[1] << 8)); }

uint32_t load_u32(const uint8_t* bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

/// 32 integers from 16 bytes: the low nibbles, then the high ones.
void unpack_nibbles(const uint8_t* __restrict packed, int32_t* __restrict q) {
  for (int i = 0; i < 16; ++i) q[i] = packed[i] & 0x0F;
  for (int i = 0; i < 16; ++i) q[16 + i] = packed[i] >> 4;
}

/// Adds bit i of `high` as the fifth bit of q[i].
void add_fifth_bits(uint32_t high, int32_t* __restrict q) {
  for (int i = 0; i < kQK; ++i) q[i] |= static_cast<int32_t>((high >> i & 1u) << 4);
}

void scale(float d, int offset, const int32_t* __restrict q, float* __restrict out) {
  for (int i = 0; i < kQK; ++i) out[i] = d * static_cast<float>(q[i] - offset);
}

void scale_and_shift(float d, float m, const int32_t* __restrict q, float* __restrict out) {
  for (int i = 0; i < kQK; ++i) out[i] = d * static_cast<float>(q[i]) + m;
}

// q4_0: d, 16 x (4 + 4 bits); value d * (q - 8)
void decode_q4_0(const uint8_t* block, float* out) {
  int32_t q[kQK];
  unpack_nibbles(block + 2, q);
  scale(load_half(block), 8, q, out);
}

// q4_1: d, m, 16 x (4 + 4 bits); value d * q + m
void decode_q4_1(const uint8_t* block, float* out) {
  int32_t q[kQK];
  unpack_nibbles(block + 4, q);
  scale_and_shift(load_half(block), load_half(block + 2), q, out);
}

// q5_0: d, 32 fifth bits, 16 x (4 + 4 bits); value d * (q - 16)
void decode_q5_0(const uint8_t* block, float* out) {
  int32_t q[kQK];
  unpack_nibbles(block + 6, q);
  add_fifth_bits(load_u32(block + 2), q);
  scale(load_half(block), 16, q, out);
}

// q5_1: d, m, 32 fifth bits, 16 x (4 + 4 bits); value d * q + m
void decode_q5_1(const uint8_t* block, float* out) {
  int32_t q[kQK];
  unpack_nibbles(block + 8, q);
  add_fifth_bits(load_u32(block + 4), q);
  scale_and_shift(load_half(block), load_half(block + 2), q, out);
}

// q8_0: d, 32 x int8; value d * q
void decode_q8_0(const uint8_t* __restrict block, float* __restrict out) {
  const float d = load_half(block);
  for (int i = 0; i < kQK; ++i) out[i] = static_cast<float>(static_cast<int8_t>(block[2 + i])) * d;
}

// q2_K: 16 x (4-bit scale, 4-bit min), 256 x 2 bits, d, dmin; value d * scale * q - dmin * min per 16 elements
void decode_q2_k(const uint8_t* __restrict block, float* __restrict out) {
  const uint8_t* scales = block;
  const uint8_t* qs = block + 16;
  const float d = load_half(block + 80), dmin = load_half(block + 82);
  for (int group = 0; group < 16; ++group) {
    const uint8_t* q = qs + (group / 8) * 32 + (group % 2) * 16;  // 32 bytes carry 128 elements, 2 bits each
    const int shift = group / 2 % 4 * 2;
    const float dl = d * static_cast<float>(scales[group] & 0x0F);
    const float ml = dmin * static_cast<float>(scales[group] >> 4);
    for (int i = 0; i < 16; ++i) out[group * 16 + i] = dl * static_cast<float>(q[i] >> shift & 3) - ml;
  }
}

// q3_K: 256 third bits, 256 x 2 bits, 16 x 6-bit scale, d; value d * (scale - 32) * (q - 4, or q if the third bit is
// set)
void decode_q3_k(const uint8_t* __restrict block, float* __restrict out) {
  const uint8_t* high = block;
  const uint8_t* qs = block + 32;
  const uint8_t* scales = block + 96;
  const float d = load_half(block + 108);
  for (int group = 0; group < 16; ++group) {
    const int low_bits = scales[group % 8] >> (group / 8 * 4) & 0x0F;
    const int high_bits = scales[8 + group % 4] >> (group / 4 * 2) & 3;
    const float dl = d * static_cast<float>((low_bits | high_bits << 4) - 32);
    const uint8_t* q = qs + (group / 8) * 32 + (group % 2) * 16;
    const uint8_t* h = high + (group % 2) * 16;
    const int shift = group / 2 % 4 * 2, high_shift = group / 2;
    for (int i = 0; i < 16; ++i) {
      const int value = (q[i] >> shift & 3) - ((h[i] >> high_shift & 1) ^ 1) * 4;
      out[group * 16 + i] = dl * static_cast<float>(value);
    }
  }
}

/// The 6-bit scale and min of 32-element group 0..7, from the 12 bytes that q4_K and q5_K pack them into.
struct ScaleMin {
  float scale, min;
};
ScaleMin unpack_scale_min(const uint8_t* s, int group) {
  if (group < 4) return {static_cast<float>(s[group] & 0x3F), static_cast<float>(s[group + 4] & 0x3F)};
  return {static_cast<float>((s[group + 4] & 0x0F) | (s[group - 4] >> 2 & 0x30)),
          static_cast<float>(s[group + 4] >> 4 | (s[group] >> 2 & 0x30))};
}

// q4_K: d, dmin, 8 x (6-bit scale, 6-bit min), 256 x 4 bits; value d * scale * q - dmin * min per 32 elements
void decode_q4_k(const uint8_t* __restrict block, float* __restrict out) {
  const float d = load_half(block), dmin = load_half(block + 2);
  const uint8_t* qs = block + 16;
  for (int group = 0; group < 8; ++group) {
    const ScaleMin s = unpack_scale_min(block + 4, group);
    const float dl = d * s.scale, ml = dmin * s.min;
    const uint8_t* q = qs + group / 2 * 32;
    const int shift = group % 2 * 4;
    for (int i = 0; i < 32; ++i) out[group * 32 + i] = dl * static_cast<float>(q[i] >> shift & 0x0F) - ml;
  }
}

// q5_K: q4_K with 256 fifth bits between scales and nibbles, bit g of byte i for element i of group g
void decode_q5_k(const uint8_t* __restrict block, float* __restrict out) {
  const float d = load_half(block), dmin = load_half(block + 2);
  const uint8_t* high = block + 16;
  const uint8_t* qs = block + 48;
  for (int group = 0; group < 8; ++group) {
    const ScaleMin s = unpack_scale_min(block + 4, group);
    const float dl = d * s.scale, ml = dmin * s.min;
    const uint8_t* q = qs + group / 2 * 32;
    const int shift = group % 2 * 4;
    for (int i = 0; i < 32; ++i) {
      const int value = (q[i] >> shift & 0x0F) | (high[i] >> group & 1) << 4;
      out[group * 32 + i] = dl * static_cast<float>(value) - ml;
    }
  }
}

// q6_K: 256 x 4 low bits, 256 x 2 high bits, 16 x int8 scale, d; value d * scale * (q - 32) per 16 elements
void decode_q6_k(const uint8_t* __restrict block, float* __restrict out) {
  const uint8_t* low = block;
  const uint8_t* high = block + 128;
  const uint8_t* scales = block + 192;
  const float d = load_half(block + 208);
  for (int group = 0; group < 16; ++group) {
    const float dl = d * static_cast<float>(static_cast<int8_t>(scales[group]));
    const uint8_t* l = low + (group / 8) * 64 + (group % 4) * 16;
    const uint8_t* h = high + (group / 8) * 32 + (group % 2) * 16;
    const int low_shift = group / 4 % 2 * 4, high_shift = group / 2 % 4 * 2;
    for (int i = 0; i < 16; ++i) {
      const int value = ((l[i] >> low_shift & 0x0F) | (h[i] >> high_shift & 3) << 4) - 32;
      out[group * 16 + i] = dl * static_cast<float>(value);
    }
  }
}

// iq4_nl and iq4_xs: the nibble is an index into sixteen fixed, unevenly spaced levels
constexpr float kIq4Levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

void scale_levels(float d, const float (&levels)[16], const uint8_t* packed, float* out) {
  for (int i = 0; i < 16; ++i) out[i] = d * levels[packed[i] & 0x0F];
  for (int i = 0; i < 16; ++i) out[16 + i] = d * levels[packed[i] >> 4];
}

void decode_iq4_nl(const uint8_t* block, float* out) { scale_levels(load_half(block), kIq4Levels, block + 2, out); }

// iq4_xs: d, 8 x 2 high scale bits, 8 x 4 low scale bits, 256 x 4 bits; d * (scale - 32) per 32 elements
void decode_iq4_xs(const uint8_t* block, float* out) {
  const float d = load_half(block);
  const int high = block[2] | block[3] << 8;
  for (int group = 0; group < 8; ++group) {
    const int bits = (block[4 + group / 2] >> (group % 2 * 4) & 0x0F) | (high >> (2 * group) & 3) << 4;
    scale_levels(d * static_cast<float>(bits - 32), kIq4Levels, block + 8 + group * 16, out + group * 32);
  }
}

// mxfp4: a power of two, 32 x e2m1 (levels doubled here, so the exponent byte stands for 2^(e - 128))
constexpr float kE2m1Doubled[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

void decode_mxfp4(const uint8_t* block, float* out) {
  const uint32_t e = block[0];
  const float d = std::bit_cast<float>(e < 2 ? 0x00200000u << e : (e - 1) << 23);
  scale_levels(d, kE2m1Doubled, block + 1, out);
}

template <int elements, int bytes, void (*decode)(const uint8_t*, float*)>
void decode_blocks(const uint8_t* blocks, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) decode(blocks + i * bytes, out + i * elements);
}

}  // namespace

BlockDecoder block_decoder(DType dtype) {
  // clang-format off
  switch (dtype) {
    case DType::Q4_0:   return decode_blocks<kQK, 18, decode_q4_0>;
    case DType::Q4_1:   return decode_blocks<kQK, 20, decode_q4_1>;
    case DType::Q5_0:   return decode_blocks<kQK, 22, decode_q5_0>;
    case DType::Q5_1:   return decode_blocks<kQK, 24, decode_q5_1>;
    case DType::Q8_0:   return decode_blocks<kQK, 34, decode_q8_0>;
    case DType::Q2_K:   return decode_blocks<kQK_K, 84, decode_q2_k>;
    case DType::Q3_K:   return decode_blocks<kQK_K, 110, decode_q3_k>;
    case DType::Q4_K:   return decode_blocks<kQK_K, 144, decode_q4_k>;
    case DType::Q5_K:   return decode_blocks<kQK_K, 176, decode_q5_k>;
    case DType::Q6_K:   return decode_blocks<kQK_K, 210, decode_q6_k>;
    case DType::IQ4_NL: return decode_blocks<kQK, 18, decode_iq4_nl>;
    case DType::IQ4_XS: return decode_blocks<kQK_K, 136, decode_iq4_xs>;
    case DType::MXFP4:  return decode_blocks<kQK, 17, decode_mxfp4>;
    default:            return nullptr;
  }
  // clang-format on
}

}  // namespace hone
