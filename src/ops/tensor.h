// Bridges between ATen tensors and the kernels.
#pragma once

#include <memory>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/ranges.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include "base/check.h"
#include "ops/weights.h"

namespace hone {

using at::Tensor;

inline at::ScalarType scalar_type(Type type) { return type == Type::bf16 ? at::kBFloat16 : at::kFloat; }
inline Type type_of(const Tensor& t) {
  HONE_CHECK(t.scalar_type() == at::kBFloat16 || t.scalar_type() == at::kFloat, ErrorKind::shape,
             "expected a bf16 or fp32 tensor, got {}", at::toString(t.scalar_type()));
  return t.scalar_type() == at::kBFloat16 ? Type::bf16 : Type::f32;
}
inline Tensor empty(at::IntArrayRef sizes, Type type) { return at::empty(sizes, scalar_type(type)); }
inline float* floats(const Tensor& t) { return t.mutable_data_ptr<float>(); }

/// The tensor in `type`, contiguous; rounded in parallel where it has to be converted.
Tensor cast(const Tensor& t, Type type);

/// True when the result of an op on these inputs has to remember how it was made.
template <class... Inputs>
bool needs_graph(const Inputs&... inputs) {
  return at::GradMode::is_enabled() && torch::autograd::any_variable_requires_grad({inputs...});
}

/// Makes `node` the producer of `out`, with `inputs` as what it propagates to (undefined inputs are skipped).
template <class NodeType, class... Inputs>
Tensor record(Tensor out, std::unique_ptr<NodeType> node, const Inputs&... inputs) {
  std::shared_ptr<NodeType> shared(node.release(), torch::autograd::deleteNode);
  shared->set_next_edges(torch::autograd::collect_next_edges(inputs...));
  torch::autograd::create_gradient_edge(out, shared);
  return out;
}

}  // namespace hone
