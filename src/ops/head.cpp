#include "ops/head.h"

#include <cmath>

#include "base/threads.h"
#include "ops/gemm.h"

namespace hone {
namespace {

using kernels::kPanel;
using kernels::kVocabChunk;
using torch::autograd::Node;
using torch::autograd::variable_list;

constexpr int64_t kMostRows = 96;       // rows whose logits of one chunk are held at a time
constexpr int64_t kGradColumns = 4096;  // vocabulary columns whose gradient is held at a time

/// Rows of a tile: at most kMostRows, and so that the threads have equally many.
int64_t rows_of_a_tile(int64_t n) {
  const int64_t needed = std::max<int64_t>(1, (n + kMostRows - 1) / kMostRows);
  const int64_t tiles = kernels::round_up(needed, num_threads());
  return std::max<int64_t>(1, (n + tiles - 1) / tiles);
}

/// Logits of rows [row, row + rows) and columns [column, column + columns) into out [rows, columns].
void logits_tile(const Tensor& h, const Matrix& w, int64_t row, int64_t rows, int64_t column, int64_t columns,
                 float* out) {
  const int64_t k = kernels::units(w.type, w.cols);
  const auto* a = static_cast<const uint32_t*>(h.const_data_ptr()) + row * k;
  const auto* b =
      reinterpret_cast<const uint32_t*>(w.packed.data()) + column * k;  // whole panels: 32 columns x k units
  kernels::PanelQueue panels(columns);
  kernels::table().gemm({w.type, a, k, b, rows, columns, k, out, columns, Type::f32, nullptr, nullptr, false}, 0, rows,
                        panels);
}

struct HeadGrad final : Node {
  Tensor h;
  Matrix w;
  std::vector<int32_t> targets;
  float temperature = 1.f;
  std::vector<float> lse, entropy;

  variable_list apply(variable_list&& grads) override {
    const int64_t n = h.size(0), vocab = w.rows, width = kernels::element_size(w.type), tile_rows = rows_of_a_tile(n);
    const auto gradient = [&](const Tensor& g) { return g.defined() ? g.contiguous() : at::zeros({n}, at::kFloat); };
    const Tensor g_logp = gradient(grads[0]), g_entropy = gradient(grads[1]);
    const Tensor d_logits = empty({n * std::min(vocab, kGradColumns)}, w.type);
    const Tensor dh = at::zeros({n, w.cols}, at::kFloat);
    for (int64_t column = 0; column < vocab; column += kGradColumns) {
      const int64_t columns = std::min(kGradColumns, vocab - column);
      char* out = static_cast<char*>(d_logits.mutable_data_ptr());
      parallel_for((n + tile_rows - 1) / tile_rows, 1, [&](int64_t begin, int64_t end) {
        const Tensor tile = at::empty({tile_rows, kVocabChunk}, at::kFloat);
        for (int64_t row = begin * tile_rows; row < std::min(n, end * tile_rows); row += tile_rows) {
          const int64_t rows = std::min(tile_rows, n - row);
          for (int64_t c = 0; c < columns; c += kVocabChunk) {
            const int64_t count = std::min(kVocabChunk, columns - c);
            logits_tile(h, w, row, rows, column + c, count, floats(tile));
            for (int64_t r = 0; r < rows; ++r) {
              const size_t i = static_cast<size_t>(row + r);
              kernels::table().chunk_grad(w.type, floats(tile) + r * count, count, 1.f / temperature, lse[i],
                                          entropy[i], floats(g_logp)[i], floats(g_entropy)[i], targets[i] - column - c,
                                          out + ((row + r) * columns + c) * width);
            }
          }
        }
      });
      // These columns of the head as a matrix of their own: the packed panels are contiguous.
      const int64_t k = kernels::units(w.type, w.cols);
      const Tensor transposed = at::empty({kernels::packed_units(w.type, w.cols, columns)}, at::kInt);
      const char* slice = w.packed.data() + 4 * column * k;
      parallel_for((w.cols + kPanel - 1) / kPanel, 1, [&](int64_t begin, int64_t end) {
        kernels::table().pack_transposed(w.type, slice, columns, w.cols, transposed.mutable_data_ptr(), begin, end);
      });
      const int64_t column_units = kernels::units(w.type, columns);
      run_gemm({w.type, out, column_units, transposed.const_data_ptr(), n, w.cols, column_units, floats(dh), w.cols,
                Type::f32, nullptr, nullptr, true});
      if (w.grad != nullptr)
        accumulate_outer(w.type, out, columns, columns, h.const_data_ptr(), w.cols, n, w.grad + column * w.cols);
    }
    return {cast(dh, w.type)};
  }
  void release_variables() override { h = Tensor(); }
};

}  // namespace

RowStats row_stats(const float* logits, int64_t vocab, float scale) {
  RowStats stats;
  stats.chunks.reserve(static_cast<size_t>((vocab + kVocabChunk - 1) / kVocabChunk));
  for (int64_t c = 0; c < vocab; c += kVocabChunk) {
    stats.chunks.push_back(kernels::table().chunk_stats(logits + c, std::min(kVocabChunk, vocab - c), scale, false));
    stats.row = kernels::table().join_stats(stats.row, stats.chunks.back());
  }
  return stats;
}

float log_sum_exp(const kernels::LogitStats& stats) {
  return stats.max + static_cast<float>(std::log(static_cast<double>(stats.sum)));
}

float entropy_of(const kernels::LogitStats& stats) {
  return static_cast<float>(std::log(static_cast<double>(stats.sum))) - stats.weighted / stats.sum;
}

Tensor head_logits(const Tensor& h, const Matrix& w) {
  Tensor out = at::empty({h.size(0), w.rows}, at::kFloat);
  multiply(h.const_data_ptr(), h.size(0), w, out.mutable_data_ptr(), Type::f32);
  return out;
}

HeadOutput head_logprobs(const Tensor& h, const Matrix& w, const std::vector<int32_t>& targets, float temperature) {
  const int64_t n = h.size(0), vocab = w.rows;
  HONE_CHECK(h.dim() == 2 && h.size(1) == w.cols && type_of(h) == w.type && h.is_contiguous(), ErrorKind::shape,
             "head_logprobs: expected a contiguous [N, {}] input of the head's type", w.cols);
  HONE_ASSERT(static_cast<int64_t>(targets.size()) == n);
  HONE_CHECK(temperature > 0.f, ErrorKind::usage, "a log-prob needs a temperature above 0, got {}", temperature);
  for (const int32_t t : targets)
    HONE_CHECK(t >= 0 && t < vocab, ErrorKind::data, "target {} is outside the vocabulary of {}", t, vocab);
  HeadOutput result{at::empty({n}, at::kFloat), at::empty({n}, at::kFloat), at::empty({n}, at::kBool)};
  std::vector<float> lse(targets.size()), entropy(targets.size());
  const Tensor input = h.detach();
  const float scale = 1.f / temperature;
  const int64_t tile_rows = rows_of_a_tile(n);
  parallel_for((n + tile_rows - 1) / tile_rows, 1, [&](int64_t begin, int64_t end) {
    const Tensor tile = at::empty({tile_rows, kVocabChunk}, at::kFloat);
    for (int64_t row = begin * tile_rows; row < std::min(n, end * tile_rows); row += tile_rows) {
      const int64_t rows = std::min(tile_rows, n - row);
      kernels::LogitStats stats[kMostRows];
      float target_logit[kMostRows] = {};
      for (int64_t c = 0; c < vocab; c += kVocabChunk) {
        const int64_t count = std::min(kVocabChunk, vocab - c);
        logits_tile(input, w, row, rows, c, count, floats(tile));
        for (int64_t r = 0; r < rows; ++r) {
          const float* logits = floats(tile) + r * count;
          const int64_t target = targets[static_cast<size_t>(row + r)] - c;
          if (target >= 0 && target < count) target_logit[r] = logits[target] * scale;
          stats[r] = kernels::table().join_stats(stats[r], kernels::table().chunk_stats(logits, count, scale, true));
        }
      }
      for (int64_t r = 0; r < rows; ++r) {
        const size_t i = static_cast<size_t>(row + r);
        lse[i] = log_sum_exp(stats[r]);
        entropy[i] = entropy_of(stats[r]);
        floats(result.logp)[i] = target_logit[r] - lse[i];
        floats(result.entropy)[i] = entropy[i];
        result.correct.mutable_data_ptr<bool>()[i] = target_logit[r] >= stats[r].max;
      }
    }
  });
  if (!needs_graph(h)) return result;
  auto node = std::make_unique<HeadGrad>();
  node->h = input, node->w = w, node->targets = targets, node->temperature = temperature;
  node->lse = std::move(lse), node->entropy = std::move(entropy);
  std::shared_ptr<HeadGrad> shared(node.release(), torch::autograd::deleteNode);
  shared->set_next_edges(torch::autograd::collect_next_edges(h));
  torch::autograd::create_gradient_edge(result.logp, shared);
  torch::autograd::create_gradient_edge(result.entropy, shared);
  return result;
}

Tensor logprobs_reference(const Tensor& logits, const Tensor& targets, double temperature) {
  return (logits / temperature).log_softmax(-1).gather(-1, targets.unsqueeze(-1)).squeeze(-1);
}

}  // namespace hone
