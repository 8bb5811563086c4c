// Vectors of 16 floats on every instruction set, through GCC's vector extension: the same lanes, the same order of
// operations and, where FMA exists, the same bits on AVX-512 and AVX2. Contraction is off in the build, so fused
// multiply-adds happen exactly where fma() is written.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "kernels/cpu/kernels.h"

namespace hone::kernels::HONE_ISA {
namespace {

typedef float f32v __attribute__((vector_size(64), may_alias));
typedef int32_t i32v __attribute__((vector_size(64), may_alias));
typedef uint32_t u32v __attribute__((vector_size(64), may_alias));
typedef uint16_t u16v __attribute__((vector_size(32), may_alias));
typedef float f32v_u __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t u32v_u __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint16_t u16v_u __attribute__((vector_size(32), aligned(2), may_alias));

constexpr int64_t kLanes = 16;

inline f32v splat(float x) { return f32v{x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
inline f32v load(const float* p) { return *reinterpret_cast<const f32v_u*>(p); }
inline void store(float* p, f32v v) { *reinterpret_cast<f32v_u*>(p) = v; }
inline u32v load_units(const uint32_t* p) { return *reinterpret_cast<const u32v_u*>(p); }
inline void store_units(uint32_t* p, u32v v) { *reinterpret_cast<u32v_u*>(p) = v; }
inline f32v as_float(u32v v) { return reinterpret_cast<f32v&>(v); }
inline u32v as_bits(f32v v) { return reinterpret_cast<u32v&>(v); }
inline f32v select(i32v mask, f32v yes, f32v no) { return mask ? yes : no; }

inline float fma1(float a, float b, float c) {
#if defined(__FMA__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

inline f32v fma(f32v a, f32v b, f32v c) {
#if defined(__AVX512F__)
  return (f32v)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  f32v out;
  const __m256 *pa = reinterpret_cast<const __m256*>(&a), *pb = reinterpret_cast<const __m256*>(&b);
  const __m256* pc = reinterpret_cast<const __m256*>(&c);
  reinterpret_cast<__m256*>(&out)[0] = _mm256_fmadd_ps(pa[0], pb[0], pc[0]);
  reinterpret_cast<__m256*>(&out)[1] = _mm256_fmadd_ps(pa[1], pb[1], pc[1]);
  return out;
#else
  return a * b + c;
#endif
}

inline f32v max(f32v a, f32v b) { return a > b ? a : b; }
inline f32v min(f32v a, f32v b) { return a < b ? a : b; }

// Horizontal reductions pair lane i with lane i + 8, then i + 4, i + 2 and i + 1.
typedef float f32v8 __attribute__((vector_size(32)));
typedef float f32v4 __attribute__((vector_size(16)));
template <class Join>
inline float reduce(f32v v, const Join& join) {
  const f32v8 eight = join(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7),
                           __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15));
  const f32v4 four =
      join(__builtin_shufflevector(eight, eight, 0, 1, 2, 3), __builtin_shufflevector(eight, eight, 4, 5, 6, 7));
  const f32v4 two = join(four, __builtin_shufflevector(four, four, 2, 3, 2, 3));
  return join(two, __builtin_shufflevector(two, two, 1, 1, 1, 1))[0];
}
inline float sum(f32v v) {
  return reduce(v, [](auto a, auto b) { return a + b; });
}
inline float max(f32v v) {
  return reduce(v, [](auto a, auto b) -> decltype(a) { return a > b ? a : b; });
}

/// Loads n <= 16 values and fills the other lanes.
inline f32v load_tail(const float* p, int64_t n, float fill) {
  alignas(64) float x[16];
  for (int i = 0; i < 16; ++i) x[i] = i < n ? p[i] : fill;
  return *reinterpret_cast<f32v*>(x);
}

// bf16 <-> fp32: round to nearest even; NaN stays NaN.
/// The rounded values in the upper halves of their lanes.
inline u32v round_to_bf16(f32v v) {
  const u32v bits = as_bits(v);
  return (v != v) ? bits | 0x400000u : bits + 0x7FFFu + ((bits >> 16) & 1u);
}
inline u32v bf16_bits(f32v v) { return round_to_bf16(v) >> 16; }
inline void store_bf16(uint16_t* p, f32v v) {
#if defined(__AVX512F__)
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16((__m512i)bf16_bits(v)));
#else
  *reinterpret_cast<u16v_u*>(p) = __builtin_convertvector(bf16_bits(v), u16v);
#endif
}
inline f32v load_bf16(const uint16_t* p) {
#if defined(__AVX512F__)
  const __m256i h = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return (f32v)_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16);
#else
  const u16v h = *reinterpret_cast<const u16v_u*>(p);
  return as_float(__builtin_convertvector(h, u32v) << 16);
#endif
}
inline uint16_t to_bf16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  if (x != x) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}
inline float from_bf16(uint16_t h) {
  const uint32_t bits = static_cast<uint32_t>(h) << 16;
  float x;
  std::memcpy(&x, &bits, 4);
  return x;
}

/// acc + a.odd * b.odd, then + a.even * b.even: the order of VDPBF16PS, so that every FMA machine gives its bits.
inline f32v dot2(f32v acc, u32v a, u32v b) {
#if defined(__AVX512BF16__)
  return (f32v)_mm512_dpbf16_ps((__m512)acc, (__m512bh)a, (__m512bh)b);
#else
  acc = fma(as_float(a & 0xFFFF0000u), as_float(b & 0xFFFF0000u), acc);
  return fma(as_float(a << 16), as_float(b << 16), acc);
#endif
}

template <Type type>
inline f32v load_as(const void* p, int64_t i) {
  if constexpr (type == Type::bf16)
    return load_bf16(static_cast<const uint16_t*>(p) + i);
  else
    return load(static_cast<const float*>(p) + i);
}
template <Type type>
inline void store_as(void* p, int64_t i, f32v v) {
  if constexpr (type == Type::bf16)
    store_bf16(static_cast<uint16_t*>(p) + i, v);
  else
    store(static_cast<float*>(p) + i, v);
}
/// 32 values that stand together.
template <Type type>
inline void store_pair(void* p, int64_t i, f32v low, f32v high) {
#if defined(__AVX512BW__)
  if constexpr (type == Type::bf16) {
    typedef uint16_t u16v32 __attribute__((vector_size(64), may_alias));
    typedef uint16_t u16v32_u __attribute__((vector_size(64), aligned(2), may_alias));
    const u16v32 upper = {1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
                          33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63};
    *reinterpret_cast<u16v32_u*>(static_cast<uint16_t*>(p) + i) =
        __builtin_shuffle((u16v32)round_to_bf16(low), (u16v32)round_to_bf16(high), upper);
    return;
  }
#endif
  store_as<type>(p, i, low);
  store_as<type>(p, i + kLanes, high);
}
template <Type type>
inline float load1(const void* p, int64_t i) {
  if constexpr (type == Type::bf16)
    return from_bf16(static_cast<const uint16_t*>(p)[i]);
  else
    return static_cast<const float*>(p)[i];
}
template <Type type>
inline void store1(void* p, int64_t i, float v) {
  if constexpr (type == Type::bf16)
    static_cast<uint16_t*>(p)[i] = to_bf16(v);
  else
    static_cast<float*>(p)[i] = v;
}

/// Loads and stores of n <= 16 elements; absent lanes read as `fill`.
template <Type type>
inline f32v load_part(const void* p, int64_t i, int64_t n, float fill = 0.f) {
  if (n >= kLanes) return load_as<type>(p, i);
  alignas(64) float x[16];
  for (int64_t j = 0; j < 16; ++j) x[j] = j < n ? load1<type>(p, i + j) : fill;
  return *reinterpret_cast<f32v*>(x);
}
template <Type type>
inline void store_part(void* p, int64_t i, int64_t n, f32v v) {
  if (n >= kLanes) return store_as<type>(p, i, v);
  for (int64_t j = 0; j < n; ++j) store1<type>(p, i + j, v[j]);
}

/// exp to about 1 ulp; 0 below -87.3 (and for -inf), saturates above 88.3. One code path for every lane.
inline f32v exp(f32v x) {
  const i32v underflow = x < splat(-87.3f);
  const f32v clamped = min(splat(88.3f), max(splat(-87.3f), x));  // this argument order keeps NaN
  const f32v shift = splat(12582912.f);                           // 1.5 * 2^23: adding it rounds to the nearest integer
  const f32v n_shifted = fma(clamped, splat(1.44269504f), shift);
  const f32v n = n_shifted - shift;
  f32v r = fma(n, splat(-0.693359375f), clamped);  // ln 2 in two parts
  r = fma(n, splat(2.12194440e-4f), r);
  f32v p = splat(1.9875691500e-4f);
  p = fma(p, r, splat(1.3981999507e-3f));
  p = fma(p, r, splat(8.3334519073e-3f));
  p = fma(p, r, splat(4.1665795894e-2f));
  p = fma(p, r, splat(1.6666665459e-1f));
  p = fma(p, r, splat(5.0000001201e-1f));
  p = fma(p, r * r, r + 1.f);
  const u32v scale = (as_bits(n_shifted) + 127u) << 23;  // the low bits of n_shifted hold n
  const f32v result = p * as_float(scale);
  return select(underflow, splat(0.f), result);
}
inline float exp1(float x) { return exp(splat(x))[0]; }

/// tanh through exp, as the derivative of softcap and GELU need it.
inline f32v tanh(f32v x) {
  const f32v e = exp(max(splat(-15.f), min(splat(15.f), x)) * 2.f);
  return (e - 1.f) / (e + 1.f);
}

/// Transposes 16 x 16 units.
inline void transpose_units(u32v (&x)[kLanes]) {
  const i32v lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (int s = 1; s < kLanes; s *= 2) {
    const i32v upper = (lane & s) != 0;  // lanes that belong to the other vector of the pair
    const u32v low = (u32v)(upper ? lane - s + 16 : lane), high = (u32v)(upper ? lane + 16 : lane + s);
    for (int i = 0; i < kLanes; ++i) {
      if (i & s) continue;
      const u32v a = x[i], c = x[i + s];
      x[i] = __builtin_shuffle(a, c, low);
      x[i + s] = __builtin_shuffle(a, c, high);
    }
  }
}

}  // namespace
}  // namespace hone::kernels::HONE_ISA
