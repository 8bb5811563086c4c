#include "ops/linear.h"

#include "base/threads.h"
#include "ops/gemm.h"

namespace hone {
namespace {

using torch::autograd::Node;
using torch::autograd::variable_list;

constexpr int64_t kRowGrain = 32;  // rows of a row-wise kernel per piece of work

void check_matrix(const char* op, const Tensor& x, int64_t columns) {
  HONE_CHECK(x.dim() == 2 && x.size(1) == columns && x.is_contiguous(), ErrorKind::shape,
             "{}: expected a contiguous [T, {}] input, got {}", op, columns, fmt::join(x.sizes(), " x "));
}

void check_residual(const char* op, const Tensor& residual, int64_t rows, int64_t columns) {
  if (!residual.defined()) return;
  HONE_CHECK(residual.dim() == 2 && residual.size(0) == rows && residual.size(1) == columns &&
                 residual.scalar_type() == at::kFloat && residual.is_contiguous(),
             ErrorKind::shape, "{}: expected a contiguous fp32 [{}, {}] residual", op, rows, columns);
}

/// RMSNorm outside autograd; rstd [T] where asked for.
Tensor rms_norm(const Tensor& x, const Norm& norm, Type out, Tensor* rstd = nullptr) {
  const int64_t rows = x.size(0), n = norm.size;
  Tensor y = empty({rows, n}, out);
  if (rstd != nullptr) *rstd = at::empty({rows}, at::kFloat);
  parallel_for(rows, kRowGrain, [&](int64_t begin, int64_t end) {
    kernels::table().rms_norm(out, floats(x) + begin * n, norm.weight, norm.offset, norm.eps, end - begin, n,
                              static_cast<char*>(y.mutable_data_ptr()) + begin * n * kernels::element_size(out),
                              rstd != nullptr ? floats(*rstd) + begin : nullptr);
  });
  return y;
}

/// Gradient of RMSNorm. The weight's gradient is summed over fixed pieces of rows, then over the pieces in order, so it
/// is the same for every thread count.
void norm_grad(const Tensor& x, const Norm& norm, const Tensor& rstd, const Tensor& dy, const Tensor& dx) {
  const int64_t rows = x.size(0), n = norm.size, pieces = (rows + kRowGrain - 1) / kRowGrain;
  const Type type = type_of(dy);
  const Tensor partial = at::zeros({pieces, n}, at::kFloat);
  parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const int64_t row = p * kRowGrain, count = std::min(kRowGrain, rows - row);
      const char* grad = static_cast<const char*>(dy.const_data_ptr()) + row * n * kernels::element_size(type);
      kernels::table().rms_norm_grad(type, floats(x) + row * n, norm.weight, norm.offset, floats(rstd) + row, grad,
                                     count, n, floats(dx) + row * n, false, floats(partial) + p * n);
    }
  });
  if (norm.grad == nullptr) return;
  const float* sums = floats(partial);
  for (int64_t p = 0; p < pieces; ++p, sums += n)
    for (int64_t j = 0; j < n; ++j) norm.grad[j] += sums[j];
}

/// dW and d_bias from the layer's input and output gradient, both of w.type.
void weight_grad(const Matrix& w, const Tensor& dy, const Tensor& input) {
  if (w.grad == nullptr) return;
  accumulate_outer(w.type, dy.const_data_ptr(), w.rows, w.rows, input.const_data_ptr(), w.cols, dy.size(0), w.grad);
  if (w.bias_grad != nullptr) accumulate_columns(w.type, dy.const_data_ptr(), dy.size(0), w.rows, w.bias_grad);
}

Tensor input_grad(const Matrix& w, const Tensor& dy, Type type) {
  Tensor dx = empty({dy.size(0), w.cols}, type);
  multiply_transposed(dy.const_data_ptr(), dy.size(0), w, dx.mutable_data_ptr(), type);
  return dx;
}

Tensor glu(const Tensor& gate_up, Glu act) {
  const int64_t rows = gate_up.size(0), n = gate_up.size(1) / 2;
  const Type type = type_of(gate_up);
  const int64_t width = kernels::element_size(type);
  Tensor y = empty({rows, n}, type);
  parallel_for(rows, kRowGrain, [&](int64_t begin, int64_t end) {
    kernels::table().glu(type, act == Glu::gelu,
                         static_cast<const char*>(gate_up.const_data_ptr()) + begin * 2 * n * width, end - begin, n,
                         static_cast<char*>(y.mutable_data_ptr()) + begin * n * width);
  });
  return y;
}

Tensor glu_grad(const Tensor& gate_up, Glu act, const Tensor& dy) {
  const int64_t rows = gate_up.size(0), n = gate_up.size(1) / 2;
  const Type type = type_of(gate_up);
  const int64_t width = kernels::element_size(type);
  Tensor out = at::empty_like(gate_up);
  parallel_for(rows, kRowGrain, [&](int64_t begin, int64_t end) {
    kernels::table().glu_grad(type, act == Glu::gelu,
                              static_cast<const char*>(gate_up.const_data_ptr()) + begin * 2 * n * width,
                              static_cast<const char*>(dy.const_data_ptr()) + begin * n * width, end - begin, n,
                              static_cast<char*>(out.mutable_data_ptr()) + begin * 2 * n * width);
  });
  return out;
}

struct NormGrad final : Node {
  Tensor x, rstd;
  Norm norm;
  variable_list apply(variable_list&& grads) override {
    Tensor dx = at::empty_like(x);
    norm_grad(x, norm, rstd, grads[0].contiguous(), dx);
    return {dx};
  }
  void release_variables() override { x = rstd = Tensor(); }
};

struct NormLinearGrad final : Node {
  Tensor x, rstd;
  Norm norm;
  Matrix w;
  variable_list apply(variable_list&& grads) override {
    const Tensor dy = cast(grads[0], w.type);
    weight_grad(w, dy, rms_norm(x, norm, w.type));
    const Tensor dh = input_grad(w, dy, w.type);
    Tensor dx = at::empty_like(x);
    norm_grad(x, norm, rstd, dh, dx);
    return {dx};
  }
  void release_variables() override { x = rstd = Tensor(); }
};

struct LinearGrad final : Node {
  Tensor x;
  Matrix w;
  variable_list apply(variable_list&& grads) override {
    const Tensor dy = cast(grads[0], w.type);
    weight_grad(w, dy, x);
    return {input_grad(w, dy, w.type), grads[0]};
  }
  void release_variables() override { x = Tensor(); }
};

struct GluLinearGrad final : Node {
  Tensor gate_up;
  Glu act;
  Matrix w;
  variable_list apply(variable_list&& grads) override {
    const Tensor dy = cast(grads[0], w.type);
    weight_grad(w, dy, glu(gate_up, act));
    return {glu_grad(gate_up, act, input_grad(w, dy, w.type)), grads[0]};
  }
  void release_variables() override { gate_up = Tensor(); }
};

struct AddNormGrad final : Node {
  Tensor x, rstd;
  Norm norm;
  variable_list apply(variable_list&& grads) override {
    Tensor dx = at::empty_like(x);
    norm_grad(x, norm, rstd, grads[0].contiguous(), dx);
    return {grads[0], dx};
  }
  void release_variables() override { x = rstd = Tensor(); }
};

Tensor forward(const Tensor& h, const Matrix& w, Type out, const Tensor& residual) {
  Tensor y = empty({h.size(0), w.rows}, out);
  multiply(h.const_data_ptr(), h.size(0), w, y.mutable_data_ptr(), out,
           residual.defined() ? floats(residual) : nullptr);
  return y;
}

}  // namespace

Tensor norm_rows(const Tensor& x, const Norm& norm, Type out) {
  check_matrix("norm_rows", x, norm.size);
  const bool graph = needs_graph(x);
  Tensor rstd;
  Tensor y = rms_norm(x.detach(), norm, out, graph ? &rstd : nullptr);
  if (!graph) return y;
  auto node = std::make_unique<NormGrad>();
  node->x = x.detach(), node->rstd = rstd, node->norm = norm;
  return record(std::move(y), std::move(node), x);
}

Tensor norm_linear(const Tensor& x, const Norm& norm, const Matrix& w, Type out) {
  check_matrix("norm_linear", x, w.cols);
  const bool graph = needs_graph(x);
  Tensor rstd;
  const Tensor h = rms_norm(x.detach(), norm, w.type, graph ? &rstd : nullptr);
  Tensor y = forward(h, w, out, {});
  if (!graph) return y;
  auto node = std::make_unique<NormLinearGrad>();
  node->x = x.detach(), node->rstd = rstd, node->norm = norm, node->w = w;
  return record(std::move(y), std::move(node), x);
}

Tensor linear(const Tensor& x, const Matrix& w, const Tensor& residual) {
  check_matrix("linear", x, w.cols);
  check_residual("linear", residual, x.size(0), w.rows);
  Tensor y = forward(x, w, Type::f32, residual);
  if (!needs_graph(x, residual)) return y;
  auto node = std::make_unique<LinearGrad>();
  node->x = x.detach(), node->w = w;
  return record(std::move(y), std::move(node), x, residual);
}

Tensor glu_linear(const Tensor& gate_up, Glu act, const Matrix& w, const Tensor& residual) {
  check_matrix("glu_linear", gate_up, 2 * w.cols);
  check_residual("glu_linear", residual, gate_up.size(0), w.rows);
  Tensor y = forward(glu(gate_up, act), w, Type::f32, residual);
  if (!needs_graph(gate_up, residual)) return y;
  auto node = std::make_unique<GluLinearGrad>();
  node->gate_up = gate_up.detach(), node->act = act, node->w = w;
  return record(std::move(y), std::move(node), gate_up, residual);
}

Tensor add_norm(const Tensor& residual, const Tensor& x, const Norm& norm) {
  check_matrix("add_norm", x, norm.size);
  check_residual("add_norm", residual, x.size(0), norm.size);
  const bool graph = needs_graph(residual, x);
  Tensor rstd;
  Tensor y = rms_norm(x.detach(), norm, Type::f32, graph ? &rstd : nullptr);
  float* out = floats(y);
  const float* add = floats(residual);
  parallel_for(y.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] += add[i];
  });
  if (!graph) return y;
  auto node = std::make_unique<AddNormGrad>();
  node->x = x.detach(), node->rstd = rstd, node->norm = norm;
  return record(std::move(y), std::move(node), residual, x);
}

Tensor rms_norm_reference(const Tensor& x, const Tensor& weight, double offset, double eps) {
  return x * at::rsqrt(x.square().mean(-1, true) + eps) * (weight + offset);
}

Tensor glu_reference(const Tensor& gate_up, Glu act) {
  const auto parts = gate_up.chunk(2, -1);
  return (act == Glu::gelu ? at::gelu(parts[0], "tanh") : at::silu(parts[0])) * parts[1];
}

}  // namespace hone
