// Operations on rows: RMSNorm, rotary embedding with the KV write, gated activations, casts.
#include "kernels/cpu/isa/functions.h"
#include "kernels/cpu/isa/vec.h"

namespace hone::kernels::HONE_ISA {
namespace {

/// 1 / sqrt(mean(x^2) + eps) (Zhang and Sennrich 2019), 16 lanes in ascending order.
float reciprocal_rms(const float* x, int64_t n, float eps) {
  f32v total{};
  for (int64_t j = 0; j < n; j += kLanes) {
    const f32v v = load_part<Type::f32>(x, j, n - j);
    total = fma(v, v, total);
  }
  return 1.f / __builtin_sqrtf(sum(total) / static_cast<float>(n) + eps);
}

template <Type type>
void rms_norm_typed(const float* x, const float* w, float offset, float eps, int64_t rows, int64_t n, void* y,
                    float* rstd) {
  for (int64_t r = 0; r < rows; ++r) {
    const float scale = reciprocal_rms(x + r * n, n, eps);
    if (rstd) rstd[r] = scale;
    for (int64_t j = 0; j < n; j += kLanes) {
      const f32v v = load_part<Type::f32>(x, r * n + j, n - j) * scale;
      store_part<type>(y, r * n + j, n - j, v * (load_part<Type::f32>(w, j, n - j) + offset));
    }
  }
}

template <Type type>
void rms_norm_grad_typed(const float* x, const float* w, float offset, const float* rstd, const void* dy, int64_t rows,
                         int64_t n, float* dx, bool accumulate, float* dw) {
  for (int64_t r = 0; r < rows; ++r) {
    const float scale = rstd[r];
    f32v dot{};
    for (int64_t j = 0; j < n; j += kLanes) {
      const f32v xhat = load_part<Type::f32>(x, r * n + j, n - j) * scale;
      const f32v g = load_part<type>(dy, r * n + j, n - j);
      const f32v wj = load_part<Type::f32>(w, j, n - j) + offset;
      dot = fma(g * wj, xhat, dot);
      store_part<Type::f32>(dw, j, n - j, fma(g, xhat, load_part<Type::f32>(dw, j, n - j)));
    }
    const float mean = sum(dot) / static_cast<float>(n);
    for (int64_t j = 0; j < n; j += kLanes) {
      const f32v xhat = load_part<Type::f32>(x, r * n + j, n - j) * scale;
      const f32v g = load_part<type>(dy, r * n + j, n - j) * (load_part<Type::f32>(w, j, n - j) + offset);
      f32v out = (g - xhat * mean) * scale;
      if (accumulate) out += load_part<Type::f32>(dx, r * n + j, n - j);
      store_part<Type::f32>(dx, r * n + j, n - j, out);
    }
  }
}

/// One head rotated by halves (the layout of transformers): out = (a cos - b sin, b cos + a sin), after an optional
/// norm.
void rotate_head(const float* x, const float* cos, const float* sin, const float* norm, float offset, float eps,
                 int64_t d, float* out) {
  const float scale = norm ? reciprocal_rms(x, d, eps) : 1.f;
  const int64_t half = d / 2;
  const auto element = [&](int64_t j, int64_t n) {
    const f32v v = load_part<Type::f32>(x, j, n);
    return norm ? v * scale * (load_part<Type::f32>(norm, j, n) + offset) : v;
  };
  for (int64_t i = 0; i < half; i += kLanes) {
    const int64_t n = half - i;
    const f32v a = element(i, n), b = element(i + half, n);
    const f32v c = load_part<Type::f32>(cos, i, n), s = load_part<Type::f32>(sin, i, n);
    store_part<Type::f32>(out, i, n, fma(a, c, -(b * s)));
    store_part<Type::f32>(out, i + half, n, fma(b, c, a * s));
  }
}

constexpr int64_t kMostHeadDim = 1024;

/// One head of `type`.
template <Type type>
void store_head(const float* head, int64_t d, void* out) {
  for (int64_t j = 0; j < d; j += kLanes) store_part<type>(out, j, d - j, load_part<Type::f32>(head, j, d - j));
}

template <Type type>
void rope_store_typed(const KvLayout& kv, int64_t heads, const float* qkv, const float* cos, const float* sin,
                      const float* q_norm, const float* k_norm, float norm_offset, float norm_eps, void* q,
                      char* k_block, char* v_block, int64_t slot) {
  const int64_t d = kv.head_dim, k_units = units(type, d), slot_units = units(type, kKvBlock);
  float rotated[kMostHeadDim];
  for (int64_t h = 0; h < heads; ++h) {
    rotate_head(qkv + h * d, cos, sin, q_norm, norm_offset, norm_eps, d, rotated);
    store_head<type>(rotated, d, static_cast<char*>(q) + h * d * element_size(type));
  }
  // A key goes down a column of its panel, a value along a row of its panels: every other bf16 of it, whose neighbours
  // belong to another row of the batch and perhaps another thread.
  alignas(64) char head[4 * kMostHeadDim];
  for (int64_t h = 0; h < kv.kv_heads; ++h) {
    rotate_head(qkv + (heads + h) * d, cos, sin, k_norm, norm_offset, norm_eps, d, rotated);
    store_head<type>(rotated, d, head);
    uint32_t* keys =
        reinterpret_cast<uint32_t*>(k_block) + h * kv.k_units() + slot / kPanel * k_units * kPanel + slot % kPanel;
    for (int64_t u = 0; u < k_units; ++u) std::memcpy(&keys[u * kPanel], head + 4 * u, 4);

    store_head<type>(qkv + (heads + kv.kv_heads + h) * d, d, head);
    uint32_t* values = reinterpret_cast<uint32_t*>(v_block) + h * kv.v_units();
    for (int64_t first = 0; first < d; first += kPanel, values += slot_units * kPanel) {
      const int64_t count = d - first < kPanel ? d - first : kPanel;
      if constexpr (type == Type::bf16) {
        char* to = reinterpret_cast<char*>(values + slot / 2 * kPanel) + slot % 2 * 2;
        for (int64_t j = 0; j < count; ++j) std::memcpy(to + 4 * j, head + 2 * (first + j), 2);
      } else {
        std::memcpy(values + slot * kPanel, head + 4 * first, static_cast<size_t>(4 * count));
      }
    }
  }
}

/// Gradient of rotate_head: d_x from d_out; the norm weight's gradient accumulates.
void rotate_head_grad(const float* x, const float* cos, const float* sin, const float* norm, float offset, float eps,
                      int64_t d, const float* d_out, float* d_x, float* d_norm) {
  const int64_t half = d / 2;
  for (int64_t i = 0; i < half; ++i) {  // the transposed rotation
    const float a = d_out[i], b = d_out[i + half];
    d_x[i] = fma1(a, cos[i], b * sin[i]);
    d_x[i + half] = fma1(b, cos[i], -(a * sin[i]));
  }
  if (!norm) return;
  const float scale = reciprocal_rms(x, d, eps);
  float dot = 0.f;
  for (int64_t j = 0; j < d; ++j) {
    const float xhat = x[j] * scale;
    dot += d_x[j] * (norm[j] + offset) * xhat;
    d_norm[j] += d_x[j] * xhat;
  }
  const float mean = dot / static_cast<float>(d);
  for (int64_t j = 0; j < d; ++j) d_x[j] = (d_x[j] * (norm[j] + offset) - x[j] * scale * mean) * scale;
}

constexpr float kGeluA = 0.7978845608f, kGeluB = 0.044715f;  // tanh form of GELU (Hendrycks and Gimpel 2016)

f32v sigmoid(f32v x) { return 1.f / (exp(-x) + 1.f); }

template <Type type, bool gelu>
void glu_typed(const void* gate_up, int64_t rows, int64_t n, void* y) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t j = 0; j < n; j += kLanes) {
      const f32v g = load_part<type>(gate_up, r * 2 * n + j, n - j);
      const f32v u = load_part<type>(gate_up, r * 2 * n + n + j, n - j);
      f32v act;
      if constexpr (gelu)
        act = g * 0.5f * (tanh((g + g * g * g * kGeluB) * kGeluA) + 1.f);
      else
        act = g * sigmoid(g);
      store_part<type>(y, r * n + j, n - j, act * u);
    }
}

template <Type type, bool gelu>
void glu_grad_typed(const void* gate_up, const void* dy, int64_t rows, int64_t n, void* out) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t j = 0; j < n; j += kLanes) {
      const f32v g = load_part<type>(gate_up, r * 2 * n + j, n - j);
      const f32v u = load_part<type>(gate_up, r * 2 * n + n + j, n - j);
      const f32v d = load_part<type>(dy, r * n + j, n - j);
      f32v act, slope;
      if constexpr (gelu) {
        const f32v t = tanh((g + g * g * g * kGeluB) * kGeluA);
        act = g * 0.5f * (t + 1.f);
        slope = 0.5f * (t + 1.f) + 0.5f * g * (1.f - t * t) * kGeluA * (1.f + 3.f * kGeluB * g * g);
      } else {
        const f32v s = sigmoid(g);
        act = g * s;
        slope = s * (1.f + g * (1.f - s));
      }
      store_part<type>(out, r * 2 * n + j, n - j, d * u * slope);
      store_part<type>(out, r * 2 * n + n + j, n - j, d * act);
    }
}

}  // namespace

void rms_norm(Type type, const float* x, const float* w, float offset, float eps, int64_t rows, int64_t n, void* y,
              float* rstd) {
  if (type == Type::bf16)
    rms_norm_typed<Type::bf16>(x, w, offset, eps, rows, n, y, rstd);
  else
    rms_norm_typed<Type::f32>(x, w, offset, eps, rows, n, y, rstd);
}

void rms_norm_grad(Type type, const float* x, const float* w, float offset, const float* rstd, const void* dy,
                   int64_t rows, int64_t n, float* dx, bool accumulate, float* dw) {
  if (type == Type::bf16)
    rms_norm_grad_typed<Type::bf16>(x, w, offset, rstd, dy, rows, n, dx, accumulate, dw);
  else
    rms_norm_grad_typed<Type::f32>(x, w, offset, rstd, dy, rows, n, dx, accumulate, dw);
}

void rope_store(const KvLayout& kv, int64_t heads, const float* qkv, const float* cos, const float* sin,
                const float* q_norm, const float* k_norm, float norm_offset, float norm_eps, void* q, char* k_block,
                char* v_block, int64_t slot) {
  const auto run = kv.type == Type::bf16 ? rope_store_typed<Type::bf16> : rope_store_typed<Type::f32>;
  run(kv, heads, qkv, cos, sin, q_norm, k_norm, norm_offset, norm_eps, q, k_block, v_block, slot);
}

void rope_grad(int64_t heads, int64_t kv_heads, int64_t head_dim, const float* qkv, const float* cos, const float* sin,
               const float* q_norm, const float* k_norm, float norm_offset, float norm_eps, const float* d_q,
               const float* d_k, const float* d_v, float* d_qkv, float* d_q_norm, float* d_k_norm) {
  const int64_t d = head_dim;
  for (int64_t h = 0; h < heads; ++h)
    rotate_head_grad(qkv + h * d, cos, sin, q_norm, norm_offset, norm_eps, d, d_q + h * d, d_qkv + h * d, d_q_norm);
  for (int64_t h = 0; h < kv_heads; ++h) {
    const int64_t at = (heads + h) * d;
    rotate_head_grad(qkv + at, cos, sin, k_norm, norm_offset, norm_eps, d, d_k + h * d, d_qkv + at, d_k_norm);
  }
  std::memcpy(d_qkv + (heads + kv_heads) * d, d_v, static_cast<size_t>(kv_heads * d) * sizeof(float));
}

void glu(Type type, bool gelu, const void* gate_up, int64_t rows, int64_t n, void* y) {
  if (type == Type::bf16)
    (gelu ? glu_typed<Type::bf16, true> : glu_typed<Type::bf16, false>)(gate_up, rows, n, y);
  else
    (gelu ? glu_typed<Type::f32, true> : glu_typed<Type::f32, false>)(gate_up, rows, n, y);
}

void glu_grad(Type type, bool gelu, const void* gate_up, const void* dy, int64_t rows, int64_t n, void* d_gate_up) {
  if (type == Type::bf16)
    (gelu ? glu_grad_typed<Type::bf16, true> : glu_grad_typed<Type::bf16, false>)(gate_up, dy, rows, n, d_gate_up);
  else
    (gelu ? glu_grad_typed<Type::f32, true> : glu_grad_typed<Type::f32, false>)(gate_up, dy, rows, n, d_gate_up);
}

void dot_rows(Type type, const void* a, const void* b, int64_t rows, int64_t n, float* out) {
  for (int64_t r = 0; r < rows; ++r) {
    f32v total{};
    for (int64_t j = 0; j < n; j += kLanes) {
      const int64_t at = r * n + j;
      const bool bf16 = type == Type::bf16;
      const f32v x = bf16 ? load_part<Type::bf16>(a, at, n - j) : load_part<Type::f32>(a, at, n - j);
      const f32v y = bf16 ? load_part<Type::bf16>(b, at, n - j) : load_part<Type::f32>(b, at, n - j);
      total = fma(x, y, total);
    }
    out[r] = sum(total);
  }
}

void cast(const float* from, int64_t n, Type type, void* to) {
  for (int64_t j = 0; j < n; j += kLanes) {
    const f32v v = load_part<Type::f32>(from, j, n - j);
    if (type == Type::bf16)
      store_part<Type::bf16>(to, j, n - j, v);
    else
      store_part<Type::f32>(to, j, n - j, v);
  }
}

void widen(Type type, const void* from, int64_t n, float* to) {
  for (int64_t j = 0; j < n; j += kLanes) {
    const f32v v = type == Type::bf16 ? load_part<Type::bf16>(from, j, n - j) : load_part<Type::f32>(from, j, n - j);
    store_part<Type::f32>(to, j, n - j, v);
  }
}

}  // namespace hone::kernels::HONE_ISA
