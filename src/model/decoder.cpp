#include "model/decoder.h"

#include <torch/csrc/autograd/autograd.h>

namespace hone {
namespace {

struct CheckpointGrad final : torch::autograd::Node {
  Tensor x;
  std::function<Tensor(const Tensor&)> block;

  torch::autograd::variable_list apply(torch::autograd::variable_list&& grads) override {
    const at::AutoGradMode with_graph(true);
    const Tensor input = x.detach().requires_grad_(true);
    torch::autograd::backward({block(input)}, {grads[0]});
    return {input.grad()};
  }
  void release_variables() override { x = Tensor(); }
};

/// Sublayer output joined with the residual stream, through the family's post norm where it has one.
template <class Sublayer>
Tensor add_sublayer(const Tensor& x, const Norm& post_norm, const Sublayer& sublayer) {
  return post_norm ? add_norm(x, sublayer(Tensor()), post_norm) : sublayer(x);
}

}  // namespace

Tensor decoder_block(const Layer& layer, Glu act, const RopeTable& rope, const Tensor& x,
                     const std::shared_ptr<const RowPlan>& plan, const KvStore& store) {
  const Tensor qkv = norm_linear(x, layer.attn_norm, layer.qkv, Type::f32);
  const Tensor attended = attention(qkv, layer.attn, rope, plan, store);
  const Tensor mid = add_sublayer(x, layer.post_attn_norm,
                                  [&](const Tensor& residual) { return linear(attended, layer.o, residual); });
  const Tensor gate_up = norm_linear(mid, layer.mlp_norm, layer.gate_up, layer.gate_up.type);
  return add_sublayer(mid, layer.post_mlp_norm,
                      [&](const Tensor& residual) { return glu_linear(gate_up, act, layer.down, residual); });
}

Tensor checkpointed(const Tensor& x, std::function<Tensor(const Tensor&)> block) {
  if (!needs_graph(x)) return block(x);
  Tensor y;
  {
    const at::NoGradGuard no_graph;
    y = block(x.detach());
  }
  auto node = std::make_unique<CheckpointGrad>();
  node->x = x.detach(), node->block = std::move(block);
  return record(std::move(y), std::move(node), x);
}

}  // namespace hone
