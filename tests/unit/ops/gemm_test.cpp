#include "ops/gemm.h"

#include "base/threads.h"
#include "unit/ops/ops_test_util.h"

namespace hone {
namespace {

using namespace hone::testing;

class GemmTest : public ::testing::TestWithParam<Type> {};
INSTANTIATE_TEST_SUITE_P(Types, GemmTest, ::testing::Values(Type::bf16, Type::f32),
                         [](const auto& info) { return info.param == Type::bf16 ? "bf16" : "f32"; });

// bf16 inputs are exact in double; an fp32 chain of k terms is off by at most k * eps of the sum of magnitudes.
TEST_P(GemmTest, MatchesDoublePrecision) {
  at::manual_seed(1);
  for (const auto& [m, n, k] :
       {std::tuple<int64_t, int64_t, int64_t>{1, 32, 64}, {7, 50, 36}, {33, 96, 130}, {130, 17, 8}}) {
    TestMatrix w(n, k, GetParam());
    const Tensor x = cast(at::randn({m, k}), GetParam());
    Tensor y = at::empty({m, n});
    multiply(x.const_data_ptr(), m, w.matrix, floats(y), Type::f32);
    const Tensor exact = x.to(at::kDouble).matmul(w.values.to(at::kDouble).t());
    const Tensor bound = x.to(at::kDouble).abs().matmul(w.values.to(at::kDouble).abs().t()) * (1.2e-7 * k) + 1e-12;
    EXPECT_TRUE(((y.to(at::kDouble) - exact).abs() <= bound).all().item<bool>()) << m << "x" << n << "x" << k;
  }
}

TEST_P(GemmTest, ARowHasTheSameBitsInEveryBatchAndThreadCount) {
  at::manual_seed(2);
  TestMatrix w(200, 96, GetParam());
  const Tensor x = cast(at::randn({130, 96}), GetParam());
  Tensor all = at::empty({130, 200});
  multiply(x.const_data_ptr(), 130, w.matrix, floats(all), Type::f32);
  for (int threads : {1, 2, 5}) {
    set_num_threads(threads);
    for (int64_t m = 1; m <= 130; ++m) {
      Tensor part = at::empty({m, 200});
      const Tensor rows = x.slice(0, 130 - m).contiguous();
      multiply(rows.const_data_ptr(), m, w.matrix, floats(part), Type::f32);
      ASSERT_TRUE(same_bits(part, all.slice(0, 130 - m))) << "m = " << m << ", threads = " << threads;
    }
  }
  set_num_threads(2);
}

// The instruction for pairs of bf16 and the multiply-adds that take its place are interchangeable, so a run may move
// from one CPU to another.
TEST_P(GemmTest, EveryInstructionSetWithMultiplyAddGivesTheSameBits) {
  at::manual_seed(9);
  const int64_t m = 29, n = 75, k = 146;
  TestMatrix w(n, k, GetParam());
  // Magnitudes over the whole range, so that products vanish, underflow and cancel.
  const Tensor x = cast(at::randn({m, k}) * at::exp2(at::randint(-120, 60, {m, k})), GetParam());
  std::vector<Tensor> results;
  for (const char* isa : {"avx512bf16", "avx512", "avx2"}) {
    const kernels::Table* table = kernels::table_of(isa);
    if (table == nullptr) continue;
    Tensor& y = results.emplace_back(at::empty({m, n}));
    const int64_t units = kernels::units(GetParam(), k);
    const kernels::Gemm g{GetParam(),
                          x.const_data_ptr(),
                          units,
                          w.matrix.packed.data(),
                          m,
                          n,
                          units,
                          floats(y),
                          n,
                          Type::f32,
                          nullptr,
                          nullptr,
                          false};
    parallel_for(1, 1, [&](int64_t, int64_t) {
      const int64_t panels = (n + kernels::kPanel - 1) / kernels::kPanel;
      table->gemm(g, 0, 22, 0, panels);  // many rows and few go through different loops
      table->gemm(g, 22, m, 0, panels);
    });
    EXPECT_TRUE(same_bits(y, results.front())) << isa;
  }
  if (results.size() < 2) GTEST_SKIP() << "this CPU has only one of the instruction sets";
}

TEST_P(GemmTest, TransposedAndOuterProductsMatchTorch) {
  at::manual_seed(3);
  for (const auto& [m, n, k] : {std::tuple<int64_t, int64_t, int64_t>{5, 34, 64}, {64, 96, 32}, {129, 40, 50}}) {
    TestMatrix w(n, k, GetParam());
    const Tensor x = cast(at::randn({m, k}), GetParam()), dy = cast(at::randn({m, n}), GetParam());
    Tensor dx = at::empty({m, k});
    multiply_transposed(dy.const_data_ptr(), m, w.matrix, floats(dx), Type::f32);
    EXPECT_LT(difference(dx, dy.to(at::kFloat).matmul(w.values)), 1e-5);
    Tensor dw = at::ones({n, k});
    accumulate_outer(GetParam(), dy.const_data_ptr(), n, n, x.const_data_ptr(), k, m, floats(dw));
    EXPECT_LT(difference(dw, dy.to(at::kFloat).t().matmul(x.to(at::kFloat)) + 1), 1e-5);
    Tensor sums = at::zeros({n});
    accumulate_columns(GetParam(), dy.const_data_ptr(), m, n, floats(sums));
    EXPECT_LT(difference(sums, dy.to(at::kFloat).sum(0)), 1e-5);
  }
}

TEST(PackedMatrix, RowsComeBackAsTheyWereRounded) {
  at::manual_seed(4);
  for (Type type : {Type::bf16, Type::f32}) {
    TestMatrix w(45, 38, type);
    Tensor row = at::empty({38});
    for (int64_t i = 0; i < 45; ++i) {
      kernels::table().unpack_row(type, w.matrix.packed.data(), i, 38, floats(row));
      ASSERT_TRUE(row.equal(w.values[i]));
    }
  }
}

}  // namespace
}  // namespace hone
