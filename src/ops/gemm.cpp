#include "ops/gemm.h"

#include <atomic>
#include <deque>

#include "base/threads.h"

namespace hone {
namespace {

using kernels::kPanel;
using kernels::round_up;
using kernels::units;

constexpr int64_t kRowGrain = 96;  // a multiple of every height of the kernels' tiles

int64_t panels(int64_t n) { return round_up(n, kPanel) / kPanel; }

/// Uninitialised working memory of `units` 32-bit units.
Tensor scratch(int64_t units) { return at::empty({units}, at::kInt); }

}  // namespace

Tensor cast(const Tensor& t, Type type) {
  const Tensor source = t.contiguous();
  if (type_of(source) == type) return source;
  if (type == Type::f32) {
    Tensor out = empty(source.sizes(), type);
    parallel_for(source.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
      kernels::table().widen(Type::bf16, static_cast<const uint16_t*>(source.const_data_ptr()) + begin, end - begin,
                             floats(out) + begin);
    });
    return out;
  }
  Tensor out = empty(source.sizes(), type);
  parallel_for(source.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
    kernels::table().cast(source.const_data_ptr<float>() + begin, end - begin, type,
                          static_cast<uint16_t*>(out.mutable_data_ptr()) + begin);
  });
  return out;
}

void run_gemm(const kernels::Gemm& g) {
  if (g.m == 0 || g.n == 0) return;
  // A block of rows (1 MB where it is widened) stays in the second-level cache while panels stream past it.
  const int64_t cache_rows =
      std::max<int64_t>(kRowGrain, (int64_t{128} << 10) / std::max<int64_t>(1, g.k) / kRowGrain * kRowGrain);
  const int64_t wanted = (g.m + cache_rows - 1) / cache_rows;
  const int64_t block_rows = round_up((g.m + wanted - 1) / wanted, kRowGrain);
  const int64_t blocks = (g.m + block_rows - 1) / block_rows;
  // Blocks that do not go round evenly are shared by the threads.
  const int64_t shared = blocks % num_threads(), sharing = shared == 0 ? 1 : (num_threads() + shared - 1) / shared;
  std::deque<kernels::PanelQueue> queues;
  for (int64_t block = 0; block < blocks; ++block) queues.emplace_back(g.n, block < blocks - shared ? 1 : sharing);
  std::atomic<int64_t> next{0};
  const auto help = [&](int64_t block) {
    const int64_t row = block * block_rows;
    kernels::table().gemm(g, row, std::min(g.m, row + block_rows), queues[static_cast<size_t>(block)]);
  };
  // Each thread takes blocks of its own and then helps with what the others have not finished.
  const int64_t workers = std::min<int64_t>(num_threads(), blocks * panels(g.n));
  parallel_for(workers, 1, [&](int64_t, int64_t) {
    for (int64_t block; (block = next.fetch_add(1)) < blocks;) help(block);
    for (int64_t block = 0; block < blocks; ++block) help(block);
  });
}

void multiply(const void* x, int64_t m, const Matrix& w, void* y, Type y_type, const float* residual) {
  const int64_t k = units(w.type, w.cols);
  run_gemm({w.type, x, k, w.packed.data(), m, w.rows, k, y, w.rows, y_type, w.bias, residual, false});
}

void multiply_transposed(const void* dy, int64_t m, const Matrix& w, void* dx, Type dx_type) {
  // The transposed operand is rebuilt for each use: a few per cent of the product's time against a second copy of W.
  const int64_t k = units(w.type, w.rows);
  const Tensor transposed = scratch(kernels::packed_units(w.type, w.cols, w.rows));
  void* packed = transposed.mutable_data_ptr();
  parallel_for(panels(w.cols), 1, [&](int64_t begin, int64_t end) {
    kernels::table().pack_transposed(w.type, w.packed.data(), w.rows, w.cols, packed, begin, end);
  });
  run_gemm({w.type, dy, k, packed, m, w.cols, k, dx, w.cols, dx_type, nullptr, nullptr, false});
}

void accumulate_outer(Type type, const void* dy, int64_t ldy, int64_t n, const void* x, int64_t k, int64_t m,
                      float* dw) {
  // Both operands are reordered so that the reduction over rows of the batch runs through consecutive memory.
  constexpr int64_t kRows = 64;
  const int64_t m_units = units(type, m);
  const Tensor memory = scratch(kernels::left_units(type, n, m) + kernels::packed_units(type, k, m));
  int32_t* left = memory.mutable_data_ptr<int32_t>();
  int32_t* right = left + kernels::left_units(type, n, m);
  parallel_for((m + kRows - 1) / kRows, 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin * kRows; row < std::min(m, end * kRows); row += kRows) {
      const int64_t row_end = std::min(m, row + kRows);
      kernels::table().transpose(type, dy, m, n, ldy, left, row, row_end);
      kernels::table().pack_columns(type, x, m, k, k, right, row, row_end);
    }
  });
  run_gemm({type, left, m_units, right, n, k, m_units, dw, k, Type::f32, nullptr, nullptr, true, true});
}

void accumulate_columns(Type type, const void* dy, int64_t m, int64_t n, float* sums) {
  constexpr int64_t kColumns = 64;
  parallel_for((n + kColumns - 1) / kColumns, 1, [&](int64_t begin, int64_t end) {
    float row[kColumns];
    for (int64_t c = begin * kColumns; c < std::min(n, end * kColumns); c += kColumns) {
      const int64_t count = std::min(kColumns, n - c);
      for (int64_t r = 0; r < m; ++r) {
        const char* at = static_cast<const char*>(dy) + (r * n + c) * kernels::element_size(type);
        kernels::table().widen(type, at, count, row);
        for (int64_t j = 0; j < count; ++j) sums[c + j] += row[j];
      }
    }
  });
}

}  // namespace hone
