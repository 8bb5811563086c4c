// AdamW and the gradient norm over flat arrays: memory-bound, one pass.
#include "kernels/cpu/isa/functions.h"
#include "kernels/cpu/isa/vec.h"

namespace hone::kernels::HONE_ISA {
namespace {

f32v square_root(f32v v) {
#if defined(__AVX512F__)
  return (f32v)_mm512_sqrt_ps((__m512)v);
#else
  for (int i = 0; i < kLanes; ++i) v[i] = __builtin_sqrtf(v[i]);
  return v;
#endif
}

}  // namespace

void adamw(const AdamW& o, const float* grad, int64_t n, float* weight, float* m, float* v) {
  const float step = o.learning_rate / o.bias_correction1;
  for (int64_t j = 0; j < n; j += kLanes) {
    const f32v g = load_part<Type::f32>(grad, j, n - j) * o.grad_scale;
    f32v mj = load_part<Type::f32>(m, j, n - j), vj = load_part<Type::f32>(v, j, n - j);
    f32v w = load_part<Type::f32>(weight, j, n - j);
    w = w * (1.f - o.learning_rate * o.weight_decay);
    mj = fma(g - mj, splat(1.f - o.beta1), mj);
    vj = fma(g * g, splat(1.f - o.beta2), vj * o.beta2);
    w = w - step * mj / (square_root(vj) / o.bias_correction2_sqrt + o.epsilon);
    store_part<Type::f32>(weight, j, n - j, w);
    store_part<Type::f32>(m, j, n - j, mj);
    store_part<Type::f32>(v, j, n - j, vj);
  }
}

double sum_squares(const float* x, int64_t n) {
  double lanes[kLanes] = {};
  for (int64_t j = 0; j < n; j += kLanes) {
    const f32v v = load_part<Type::f32>(x, j, n - j);
    for (int64_t i = 0; i < kLanes; ++i) lanes[i] += static_cast<double>(v[i]) * static_cast<double>(v[i]);
  }
  double total = 0;
  for (double lane : lanes) total += lane;
  return total;
}

}  // namespace hone::kernels::HONE_ISA
