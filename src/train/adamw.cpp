#include "train/adamw.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "base/threads.h"

namespace hone {
namespace {

/// Elements that a thread takes at a time: the four arrays' pieces together (1 MB) fit a core's cache share.
constexpr int64_t kPiece = 1 << 16;

/// The scalars of one update, rounded to fp32 where torch.optim.AdamW (foreach=False) hands them to fp32 kernels.
struct Coefficients {
  float grad_scale, decay, one_minus_beta1, beta2, one_minus_beta2, bias_correction2_sqrt, eps, minus_step_size;
};

Coefficients coefficients(int64_t step, const AdamWOptions& o, double grad_scale) {
  const double t = static_cast<double>(step);
  const double bias_correction1 = 1 - std::pow(o.beta1, t), bias_correction2 = 1 - std::pow(o.beta2, t);
  return {.grad_scale = static_cast<float>(grad_scale),
          .decay = static_cast<float>(1 - o.lr * o.weight_decay),
          .one_minus_beta1 = static_cast<float>(1 - o.beta1),
          .beta2 = static_cast<float>(o.beta2),
          .one_minus_beta2 = static_cast<float>(1 - o.beta2),
          .bias_correction2_sqrt = static_cast<float>(std::sqrt(bias_correction2)),
          .eps = static_cast<float>(o.eps),
          .minus_step_size = static_cast<float>(-o.lr / bias_correction1)};
}

/// a + weight (b - a), from the nearer end as torch.lerp does: with weight 1 (beta1 = 0) a large old moment must not
/// round a small gradient away.
inline float lerp(float a, float b, float weight) {
  return weight < 0.5f ? a + weight * (b - a) : b - (b - a) * (1.f - weight);
}

/// The order of operations is PyTorch's. Elements are independent, so vector width and threads cannot change a bit.
void update(float* __restrict weights, const float* __restrict grads, float* __restrict m, float* __restrict v,
            int64_t count, const Coefficients c) {
  for (int64_t i = 0; i < count; ++i) {
    const float g = grads[i] * c.grad_scale;
    const float m_i = lerp(m[i], g, c.one_minus_beta1);
    const float v_i = v[i] * c.beta2 + c.one_minus_beta2 * g * g;
    const float denominator = std::sqrt(v_i) / c.bias_correction2_sqrt + c.eps;
    weights[i] = weights[i] * c.decay + c.minus_step_size * m_i / denominator;
    m[i] = m_i;
    v[i] = v_i;
  }
}

void check_options(int64_t step, const AdamWOptions& o, double grad_scale) {
  HONE_CHECK(step >= 1, ErrorKind::usage, "adamw: step counts from 1, got {}", step);
  HONE_CHECK(std::isfinite(o.lr) && o.lr >= 0, ErrorKind::usage, "adamw: lr must be finite and >= 0, got {}", o.lr);
  HONE_CHECK(o.beta1 >= 0 && o.beta1 < 1 && o.beta2 >= 0 && o.beta2 < 1, ErrorKind::usage,
             "adamw: betas must be in [0, 1), got {} and {}", o.beta1, o.beta2);
  HONE_CHECK(static_cast<float>(o.eps) > 0 && std::isfinite(o.eps), ErrorKind::usage,
             "adamw: eps must be a positive fp32 number, got {}", o.eps);
  HONE_CHECK(std::isfinite(o.weight_decay) && o.weight_decay >= 0, ErrorKind::usage,
             "adamw: weight_decay must be finite and >= 0, got {}", o.weight_decay);
  HONE_CHECK(std::isfinite(grad_scale) && grad_scale >= 0, ErrorKind::usage,
             "adamw: grad_scale must be finite and >= 0, got {}", grad_scale);
}

/// Sum of squares with a fixed tree: eight lanes, added at the end.
double squared_norm_of_piece(const float* values, int64_t count) {
  constexpr int kLanes = 8;
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const double x = values[i + lane];
      lanes[lane] += x * x;
    }
  }
  for (; i < count; ++i) lanes[i % kLanes] += static_cast<double>(values[i]) * values[i];
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

}  // namespace

void adamw_step(std::span<float> weights, std::span<const float> grads, std::span<float> m, std::span<float> v,
                int64_t step, const AdamWOptions& options, double grad_scale) {
  HONE_CHECK(grads.size() == weights.size() && m.size() == weights.size() && v.size() == weights.size(),
             ErrorKind::shape, "adamw: {} weights but {} gradients and {}, {} moments", weights.size(), grads.size(),
             m.size(), v.size());
  check_options(step, options, grad_scale);
  const Coefficients c = coefficients(step, options, grad_scale);
  parallel_for(static_cast<int64_t>(weights.size()), kPiece, [&](int64_t begin, int64_t end) {
    update(weights.data() + begin, grads.data() + begin, m.data() + begin, v.data() + begin, end - begin, c);
  });
}

double squared_norm(std::span<const float> values) {
  const int64_t count = static_cast<int64_t>(values.size());
  std::vector<double> pieces(static_cast<size_t>((count + kPiece - 1) / kPiece));
  parallel_for(static_cast<int64_t>(pieces.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      pieces[static_cast<size_t>(p)] =
          squared_norm_of_piece(values.data() + p * kPiece, std::min(kPiece, count - p * kPiece));
    }
  });
  double sum = 0;
  for (const double piece : pieces) sum += piece;
  return sum;
}

double grad_norm(std::span<const float> values) { return std::sqrt(squared_norm(values)); }

double clip_factor(double norm, double max_norm) {
  HONE_CHECK(std::isfinite(norm) && norm >= 0, ErrorKind::internal,
             "the gradient norm is {}: a loss or gradient is not finite; nothing was updated", norm);
  HONE_CHECK(std::isfinite(max_norm) && max_norm >= 0, ErrorKind::usage,
             "max_grad_norm must be finite and >= 0, got {}", max_norm);
  return max_norm == 0 ? 1.0 : std::min(1.0, max_norm / (norm + 1e-6));
}

}  // namespace hone
