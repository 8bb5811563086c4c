// fp32 <-> bf16 and fp16 on bit patterns, rounding to nearest even. No arithmetic on fp32 denormals, so results do not
// depend on the flush-to-zero mode of the compute threads.
#pragma once

#include <bit>
#include <cstdint>

namespace hone {

/// Exact; a NaN keeps its sign and payload.
constexpr float bf16_to_float(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

/// Nearest even; overflow gives infinity, a NaN stays a (quiet) NaN with its sign and leading payload bits.
constexpr uint16_t float_to_bf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<uint16_t>(bits >> 16 | 0x40u);
  return static_cast<uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

/// Exact, subnormals included; a NaN keeps its sign and payload.
constexpr float half_to_float(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t magnitude = static_cast<uint32_t>(bits & 0x7FFFu) << 13;
  uint32_t wide = magnitude + (112u << 23);          // exponent bias 15 -> 127
  if (magnitude >= 0x0F800000u) wide += 112u << 23;  // infinity or NaN: all exponent bits
  if (magnitude < 0x00800000u) {
    // A subnormal is m * 2^-24: put m below 0.5's exponent and subtract 0.5, which is exact and needs no fp32 denormal.
    wide = std::bit_cast<uint32_t>(std::bit_cast<float>((bits & 0x03FFu) | 0x3F000000u) - 0.5f);
  }
  return std::bit_cast<float>(sign | wide);
}

/// Nearest even; beyond 65504 + half a step gives infinity, a NaN stays a quiet NaN with its leading payload bits.
constexpr uint16_t float_to_half(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = bits >> 16 & 0x8000u;
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return static_cast<uint16_t>(sign | 0x7E00u | (magnitude >> 13 & 0x3FFu));
  if (magnitude >= 0x477FF000u) return static_cast<uint16_t>(sign | 0x7C00u);
  if (magnitude >= 0x38800000u) {  // 2^-14: normal in fp16; the carry of the rounding may walk into the exponent
    return static_cast<uint16_t>(sign | (magnitude - (112u << 23) + 0x0FFFu + (magnitude >> 13 & 1u)) >> 13);
  }
  if (magnitude < 0x33000000u) return static_cast<uint16_t>(sign);  // below 2^-25
  const uint32_t shift = 126u - (magnitude >> 23);                  // 14 .. 24
  const uint32_t significand = (magnitude & 0x7FFFFFu) | 0x800000u;
  const uint32_t half_step = 1u << (shift - 1), kept = significand >> shift;
  const uint32_t rest = significand & ((1u << shift) - 1);
  const bool up = rest > half_step || (rest == half_step && (kept & 1u) != 0);
  return static_cast<uint16_t>(sign | (kept + (up ? 1u : 0u)));
}

}  // namespace hone
