#include "ops/gemm.h"

#include <algorithm>

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

// Long reductions are cut into pieces that fit the cache where there are many rows, and run through where there are
// few.
TEST_P(GemmTest, ALongRowHasTheSameBitsInEveryBatch) {
  at::manual_seed(12);
  const int64_t n = 75, k = 4230;
  TestMatrix w(n, k, GetParam());
  const Tensor x = cast(at::randn({40, k}), GetParam());
  Tensor all = at::empty({40, n}), part = at::empty({40, n});
  multiply(x.const_data_ptr(), 40, w.matrix, floats(all), Type::f32);
  for (int64_t m : {1, 5, 12, 13, 17, 39}) {
    multiply(x.const_data_ptr(), m, w.matrix, floats(part), Type::f32);
    EXPECT_TRUE(same_bits(part.slice(0, 0, m).contiguous(), all.slice(0, 0, m).contiguous())) << "m = " << m;
  }
}

TEST(PanelQueue, HandsOutEveryPanelOnceAndEndsWithSinglesForAllThreads) {
  for (int64_t panels = 0; panels < 70; ++panels)
    for (const int64_t threads : {1, 2, 3, 16}) {
      kernels::PanelQueue queue(panels * kernels::kPanel - (panels > 0 ? 5 : 0), threads);
      std::vector<int64_t> taken;  // panels of each turn
      int64_t expected = 0;
      for (int64_t p;
           (p = taken.size() % 2 == 0 ? queue.take_ahead() : queue.take()) >= 0 || (p = queue.take()) >= 0;) {
        ASSERT_EQ(p, expected) << panels << " panels, " << threads << " threads";
        taken.push_back(queue.taken(p));
        expected += taken.back();
      }
      ASSERT_EQ(expected, panels);
      EXPECT_TRUE(std::is_sorted(taken.rbegin(), taken.rend()));
      const int64_t singles = std::count(taken.begin(), taken.end(), 1);
      EXPECT_GE(singles, threads == 1 ? panels % 2 : std::min(panels, threads)) << panels << ", " << threads;
      EXPECT_EQ(queue.take(), -1);
      EXPECT_EQ(queue.take_ahead(), -1);
    }
}

/// C of one table, its rows in two calls that are cut at `cut`.
Tensor product_of(const kernels::Table& table, Type type, const Tensor& x, const Matrix& w, int64_t cut,
                  const Tensor& start) {
  const int64_t m = x.size(0), units = kernels::units(type, x.size(1));
  const Tensor y = start.clone();
  const kernels::Gemm g{type,   x.const_data_ptr(), units,   w.packed.data(), m,   w.rows, units, floats(y),
                        w.rows, Type::f32,          nullptr, nullptr,         true};
  parallel_for(1, 1, [&](int64_t, int64_t) {
    kernels::PanelQueue above(w.rows), below(w.rows);
    table.gemm(g, 0, cut, above);
    table.gemm(g, cut, m, below);
  });
  return y;
}

// The instruction for pairs of bf16 and the multiply-adds that take its place are interchangeable, so a run may move
// from one CPU to another. Each element is one chain: of bf16 the odd element of a pair before the even one.
TEST_P(GemmTest, EveryInstructionSetWithMultiplyAddChainsInTheSameOrder) {
  at::manual_seed(9);
  for (const int64_t k : {0, 2, 146, 4702}) {  // the last in more than one piece
    const int64_t m = 29, n = 75;
    TestMatrix w(n, k, GetParam());
    // Magnitudes over the whole range, so that products vanish, underflow and cancel.
    const Tensor x = cast(at::randn({m, k}) * at::exp2(at::randint(-120, 60, {m, k})), GetParam());
    const Tensor wide = cast(x, Type::f32), start = at::randn({m, n}), chained = start.clone();
    const int64_t swap = GetParam() == Type::bf16 ? 1 : 0;
    parallel_for(1, 1, [&](int64_t, int64_t) {
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j)
          for (int64_t c = 0; c < k; ++c)
            floats(chained)[i * n + j] = std::fma(floats(wide)[i * k + (c ^ swap)],
                                                  floats(w.values)[j * k + (c ^ swap)], floats(chained)[i * n + j]);
    });
    for (const char* isa : {"avx512bf16", "avx512", "avx2"}) {
      const kernels::Table* table = kernels::table_of(isa);
      if (table == nullptr) continue;
      for (const int64_t cut : {0, 7, 22})  // many rows and few go through different loops
        EXPECT_TRUE(same_bits(product_of(*table, GetParam(), x, w.matrix, cut, start), chained)) << isa << ", k " << k;
    }
  }
}

// The definition of TDPBF16PS, element by element: of every 32 elements along k the even and the odd ones are chained
// apart, and their sum is added.
TEST(MatrixTiles, SumInTheInstructionsOrder) {
  const kernels::Table* plain = kernels::table_of("amx_plain");
  if (plain == nullptr) GTEST_SKIP() << "needs AVX-512";
  at::manual_seed(10);
  for (const auto& [m, n, k] :
       {std::tuple<int64_t, int64_t, int64_t>{37, 75, 146}, {1, 32, 64}, {64, 64, 32}, {70, 40, 730}, {40, 70, 3330}}) {
    TestMatrix w(n, k, Type::bf16);
    const Tensor x = cast(at::randn({m, k}), Type::bf16), wide = cast(x, Type::f32), start = at::randn({m, n});
    const Tensor y = product_of(*plain, Type::bf16, x, w.matrix, m / 2, start);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        const float *a = floats(wide) + i * k, *b = floats(w.values) + j * k;
        float sum = floats(start)[i * n + j];
        for (int64_t from = 0; from < k; from += 32) {
          float even = 0, odd = 0;
          for (int64_t u = from; u < std::min(k, from + 32); u += 2) {
            even = std::fma(a[u], b[u], even);
            odd = std::fma(a[u + 1], b[u + 1], odd);
          }
          sum += even + odd;
        }
        ASSERT_EQ(floats(y)[i * n + j], sum) << i << ", " << j;
      }
  }
}

TEST(MatrixTiles, TheInstructionAgreesWithItsPlainForm) {
  const kernels::Table *amx = kernels::table_of("amx"), *plain = kernels::table_of("amx_plain");
  if (amx == nullptr) GTEST_SKIP() << "this CPU has no AMX";
  at::manual_seed(11);
  for (const auto& [m, n, k] : {std::tuple<int64_t, int64_t, int64_t>{37, 75, 146},
                                {1, 32, 64},
                                {96, 96, 576},
                                {70, 40, 730},
                                {40, 70, 3330}}) {
    TestMatrix w(n, k, Type::bf16);
    const Tensor x = cast(at::randn({m, k}), Type::bf16), start = at::randn({m, n});
    const Tensor y = product_of(*amx, Type::bf16, x, w.matrix, m / 2, start);
    EXPECT_LT(difference(y, product_of(*plain, Type::bf16, x, w.matrix, m / 2, start)), 1e-6);
    for (int64_t cut = 0; cut <= m; cut += 5)
      EXPECT_TRUE(same_bits(y, product_of(*amx, Type::bf16, x, w.matrix, cut, start))) << "cut at " << cut;
  }
}

TEST_P(GemmTest, TransposedAndOuterProductsMatchTorch) {
  at::manual_seed(3);
  for (const auto& [m, n, k] :
       {std::tuple<int64_t, int64_t, int64_t>{5, 34, 64}, {64, 96, 32}, {129, 40, 50}, {38, 130, 98}}) {
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

// Whole blocks and the rest are transposed by different loops.
TEST(PackedMatrix, TransposesOnEveryInstructionSet) {
  at::manual_seed(5);
  for (const char* isa : {"amx", "amx_plain", "avx512bf16", "avx512", "avx2", "portable"}) {
    const kernels::Table* table = kernels::table_of(isa);
    if (table == nullptr) continue;
    for (Type type : {Type::bf16, Type::f32})
      for (const auto& [n, k] : {std::pair<int64_t, int64_t>{64, 96}, {130, 98}, {45, 66}, {31, 32}}) {
        TestMatrix w(n, k, type);
        std::vector<uint32_t> packed(static_cast<size_t>(kernels::packed_units(type, k, n)), 0xFFFFFFFFu);
        table->pack_transposed(type, w.matrix.packed.data(), n, k, packed.data(), 0, (k + 31) / 32);
        Tensor column = at::empty({n});
        for (int64_t j = 0; j < k; ++j) {
          table->unpack_row(type, packed.data(), j, n, floats(column));
          ASSERT_TRUE(column.equal(w.values.select(1, j).contiguous())) << isa << ", " << n << " x " << k << ", " << j;
        }
        if (type == Type::bf16 && n % 2 == 1) {
          const uint32_t* last = packed.data() + (kernels::units(type, n) - 1) * kernels::kPanel;
          for (int64_t c = 0; c < kernels::kPanel; ++c) EXPECT_EQ(last[c] >> 16, 0u) << "behind an odd last row";
        }
      }
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
