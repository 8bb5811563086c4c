// Softmax statistics over the vocabulary in chunks, their gradient, and the quantile search of the sampler.
#include "kernels/cpu/isa/functions.h"
#include "kernels/cpu/isa/vec.h"

namespace hone::kernels::HONE_ISA {
namespace {

/// Logits divided by the temperature; absent lanes are -inf.
f32v scaled(const float* logits, int64_t j, int64_t n, float scale) {
  return load_part<Type::f32>(logits, j, n - j, -__builtin_inff()) * scale;
}

}  // namespace

LogitStats chunk_stats(const float* logits, int64_t n, float scale, bool entropy) {
  f32v top = splat(-__builtin_inff());
  for (int64_t j = 0; j < n; j += kLanes) top = max(top, scaled(logits, j, n, scale));
  LogitStats out;
  out.max = max(top);
  if (out.max == -__builtin_inff()) return out;
  f32v total{}, weighted{};
  for (int64_t j = 0; j < n; j += kLanes) {
    const f32v centred = scaled(logits, j, n, scale) - out.max;
    const f32v e = exp(centred);
    total += e;
    if (entropy) weighted = fma(e, max(splat(-200.f), centred), weighted);
  }
  out.sum = sum(total);
  out.weighted = sum(weighted);
  return out;
}

LogitStats join_stats(LogitStats a, LogitStats b) {
  if (b.max == -__builtin_inff()) return a;
  if (a.max == -__builtin_inff()) return b;
  const float top = a.max > b.max ? a.max : b.max;
  const float fa = exp1(a.max - top), fb = exp1(b.max - top);
  const float shift_a = a.max - top > -200.f ? a.max - top : -200.f,
              shift_b = b.max - top > -200.f ? b.max - top : -200.f;
  return {top, fma1(a.sum, fa, b.sum * fb), fa * (a.weighted + a.sum * shift_a) + fb * (b.weighted + b.sum * shift_b)};
}

void chunk_grad(Type type, const float* logits, int64_t n, float scale, float lse, float entropy, float g_logp,
                float g_entropy, int64_t target, void* out) {
  for (int64_t j = 0; j < n; j += kLanes) {
    const f32v x = scaled(logits, j, n, scale);
    const f32v logp = x - lse, p = exp(logp);
    f32v d = -(p * g_logp);
    if (g_entropy != 0.f) d = select(p > splat(0.f), d - p * (logp + entropy) * g_entropy, d);
    if (target >= j && target < j + kLanes) d[target - j] += g_logp;
    d = d * scale;
    if (type == Type::bf16)
      store_part<Type::bf16>(out, j, n - j, d);
    else
      store_part<Type::f32>(out, j, n - j, d);
  }
}

int64_t find_quantile(const float* logits, int64_t n, float scale, float top, double target, double* base) {
  double mass = *base;
  for (int64_t j = 0; j < n; j += kLanes) {
    const f32v e = exp(scaled(logits, j, n, scale) - top);
    for (int64_t i = 0; i < kLanes && j + i < n; ++i) {
      mass += static_cast<double>(e[i]);
      if (mass > target && e[i] > 0.f) return j + i;
    }
  }
  *base = mass;
  return -1;
}

}  // namespace hone::kernels::HONE_ISA
