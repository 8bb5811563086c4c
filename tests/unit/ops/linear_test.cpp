#include "ops/linear.h"

#include "base/threads.h"
#include "ops/embedding.h"
#include "unit/ops/ops_test_util.h"

namespace hone {
namespace {

using namespace hone::testing;

/// Gradient of sum(y * probe) with respect to each of `inputs`.
std::vector<Tensor> gradients(const Tensor& y, const Tensor& probe, const std::vector<Tensor>& inputs) {
  return torch::autograd::grad({(y * probe).sum()}, inputs);
}

class LinearTest : public ::testing::TestWithParam<std::tuple<float, bool>> {};
INSTANTIATE_TEST_SUITE_P(Variants, LinearTest, ::testing::Combine(::testing::Values(0.f, 1.f), ::testing::Bool()));

TEST_P(LinearTest, NormLinearMatchesTheReferenceAndItsGradients) {
  const auto [offset, with_bias] = GetParam();
  at::manual_seed(5);
  TestMatrix w(50, 40, Type::f32);
  TestNorm norm(40, offset);
  Tensor bias = at::randn({50}), bias_grad = at::zeros({50});
  if (with_bias) w.matrix.bias = floats(bias), w.matrix.bias_grad = floats(bias_grad);
  const Tensor x = at::randn({67, 40}).requires_grad_(true), probe = at::randn({67, 50});
  const Tensor y = norm_linear(x, norm.norm, w.matrix, Type::f32);

  const Tensor x2 = x.detach().clone().requires_grad_(true), w2 = w.values.clone().requires_grad_(true);
  const Tensor n2 = norm.values.clone().requires_grad_(true), b2 = bias.clone().requires_grad_(true);
  Tensor expected = rms_norm_reference(x2, n2, offset, 1e-5).matmul(w2.t());
  if (with_bias) expected = expected + b2;
  EXPECT_LT(difference(y, expected), 1e-5);
  const Tensor dx = gradients(y, probe, {x})[0];
  std::vector<Tensor> wanted = {x2, w2, n2};
  if (with_bias) wanted.push_back(b2);
  const std::vector<Tensor> reference = gradients(expected, probe, wanted);
  EXPECT_LT(difference(dx, reference[0]), 2e-5);
  EXPECT_LT(difference(w.grad, reference[1]), 2e-5);
  EXPECT_LT(difference(norm.grad, reference[2]), 2e-5);
  if (with_bias) {
    EXPECT_LT(difference(bias_grad, reference[3]), 2e-5);
  }
}

TEST(GluLinear, MatchesTheReferenceAndItsGradients) {
  at::manual_seed(6);
  for (Glu act : {Glu::silu, Glu::gelu}) {
    TestMatrix w(30, 44, Type::f32);
    const Tensor gate_up = (at::randn({37, 88}) * 2).requires_grad_(true),
                 residual = at::randn({37, 30}).requires_grad_(true);
    const Tensor probe = at::randn({37, 30});
    const Tensor y = glu_linear(gate_up, act, w.matrix, residual);
    const Tensor g2 = gate_up.detach().clone().requires_grad_(true), w2 = w.values.clone().requires_grad_(true);
    const Tensor expected = glu_reference(g2, act).matmul(w2.t()) + residual.detach();
    EXPECT_LT(difference(y, expected), 1e-5);
    const auto mine = gradients(y, probe, {gate_up, residual});
    const auto reference = gradients(expected, probe, {g2, w2});
    EXPECT_LT(difference(mine[0], reference[0]), 2e-5);
    EXPECT_TRUE(mine[1].equal(probe));
    EXPECT_LT(difference(w.grad, reference[1]), 2e-5);
  }
}

TEST(AddNorm, MatchesTheReferenceAndItsGradients) {
  at::manual_seed(7);
  TestNorm norm(24, 1.f);
  const Tensor r = at::randn({9, 24}).requires_grad_(true), x = at::randn({9, 24}).requires_grad_(true),
               probe = at::randn({9, 24});
  const Tensor y = add_norm(r, x, norm.norm);
  const Tensor x2 = x.detach().clone().requires_grad_(true), n2 = norm.values.clone().requires_grad_(true);
  const Tensor expected = r.detach() + rms_norm_reference(x2, n2, 1.0, 1e-5);
  EXPECT_LT(difference(y, expected), 1e-5);
  const auto mine = gradients(y, probe, {r, x});
  const auto reference = gradients(expected, probe, {x2, n2});
  EXPECT_TRUE(mine[0].equal(probe));
  EXPECT_LT(difference(mine[1], reference[0]), 2e-5);
  EXPECT_LT(difference(norm.grad, reference[1]), 2e-5);
}

TEST(Embedding, GradientsOfRepeatedTokensAdd) {
  at::manual_seed(8);
  TestMatrix w(20, 16, Type::f32);
  const Tensor anchor = at::zeros({1}).requires_grad_(true);
  const std::vector<int32_t> ids = {3, 7, 3, 3, 19, 0};
  const Tensor x = embed(ids, w.matrix, 2.f, anchor), probe = at::randn({6, 16});
  const Tensor picked = take_rows(x, {0, 0, 5, 2});
  EXPECT_TRUE(picked[1].equal(w.values[3] * 2));
  torch::autograd::backward({(picked * probe.slice(0, 0, 4)).sum()});
  Tensor expected = at::zeros({20, 16});
  expected[3] += 2 * (probe[0] + probe[1] + probe[3]);
  expected[0] += 2 * probe[2];
  EXPECT_LT(difference(w.grad, expected), 1e-6);
  EXPECT_THROW(embed({20}, w.matrix, 1.f, anchor), Error);
  EXPECT_THROW(embed({-1}, w.matrix, 1.f, anchor), Error);
}

// The bf16 path rounds operands to 8 bits of mantissa: relative errors of a few 2^-8 of the norm are expected, not
// more.
TEST(Bf16Linear, GradientsStayNearTheFp32Reference) {
  at::manual_seed(9);
  TestMatrix w(64, 48, Type::bf16);
  TestNorm norm(48);
  const Tensor x = at::randn({33, 48}).requires_grad_(true), probe = at::randn({33, 64});
  const Tensor y = norm_linear(x, norm.norm, w.matrix, Type::f32);
  const Tensor x2 = x.detach().clone().requires_grad_(true), w2 = w.values.clone().requires_grad_(true);
  const Tensor expected = rms_norm_reference(x2, norm.values, 0.0, 1e-5).matmul(w2.t());
  const auto relative = [](const Tensor& a, const Tensor& b) { return ((a - b).norm() / b.norm()).item<double>(); };
  EXPECT_LT(relative(y.detach(), expected.detach()), 0.01);
  const Tensor dx = gradients(y, probe, {x})[0];
  const auto reference = gradients(expected, probe, {x2, w2});
  EXPECT_LT(relative(dx, reference[0]), 0.01);
  EXPECT_LT(relative(w.grad, reference[1]), 0.01);
}

TEST(Gradients, AreTheSameForEveryThreadCount) {
  std::vector<Tensor> results;
  for (int threads : {1, 2, 3}) {
    set_num_threads(threads);
    at::manual_seed(10);
    TestMatrix w(70, 64, Type::bf16);
    TestNorm norm(64);
    const Tensor x = at::randn({100, 64}).requires_grad_(true);
    const Tensor dx = gradients(norm_linear(x, norm.norm, w.matrix, Type::f32), at::randn({100, 70}), {x})[0];
    results.push_back(at::cat({dx.flatten(), w.grad.flatten(), norm.grad}));
  }
  set_num_threads(2);
  EXPECT_TRUE(same_bits(results[0], results[1]));
  EXPECT_TRUE(same_bits(results[0], results[2]));
}

}  // namespace
}  // namespace hone
