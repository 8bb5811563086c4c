#include "ops/embedding.h"

#include "base/threads.h"

namespace hone {
namespace {

using torch::autograd::Node;
using torch::autograd::variable_list;

/// target[index[i]] += scale * rows[i], in order of i for every target; threads take columns.
void scatter_add(const std::vector<int32_t>& index, const Tensor& rows, float scale, float* target) {
  const int64_t columns = rows.size(1);
  const float* from = floats(rows);
  parallel_for(columns, 64, [&](int64_t begin, int64_t end) {
    for (size_t i = 0; i < index.size(); ++i) {
      float* to = target + index[i] * columns;
      const float* row = from + static_cast<int64_t>(i) * columns;
      for (int64_t j = begin; j < end; ++j) to[j] += scale * row[j];
    }
  });
}

struct EmbedGrad final : Node {
  std::vector<int32_t> ids;
  Matrix w;
  float scale = 1.f;
  variable_list apply(variable_list&& grads) override {
    if (w.grad != nullptr) scatter_add(ids, grads[0].contiguous(), scale, w.grad);
    return {Tensor()};
  }
};

struct TakeRowsGrad final : Node {
  std::vector<int32_t> rows;
  int64_t height = 0;
  variable_list apply(variable_list&& grads) override {
    const Tensor dx = at::zeros({height, grads[0].size(1)}, at::kFloat);
    scatter_add(rows, grads[0].contiguous(), 1.f, floats(dx));
    return {dx};
  }
};

}  // namespace

Tensor embed(const std::vector<int32_t>& ids, const Matrix& w, float scale, const Tensor& anchor) {
  for (const int32_t id : ids)
    HONE_CHECK(id >= 0 && id < w.rows, ErrorKind::data, "token id {} is outside the vocabulary of {}", id, w.rows);
  Tensor x = at::empty({static_cast<int64_t>(ids.size()), w.cols}, at::kFloat);
  parallel_for(x.size(0), 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* row = floats(x) + i * w.cols;
      kernels::table().unpack_row(w.type, w.packed.data(), ids[static_cast<size_t>(i)], w.cols, row);
      if (scale != 1.f)
        for (int64_t j = 0; j < w.cols; ++j) row[j] *= scale;
    }
  });
  if (!needs_graph(anchor)) return x;
  auto node = std::make_unique<EmbedGrad>();
  node->ids = ids, node->w = w, node->scale = scale;
  return record(std::move(x), std::move(node), anchor);
}

Tensor take_rows(const Tensor& x, const std::vector<int32_t>& rows) {
  const int64_t columns = x.size(1);
  Tensor out = at::empty({static_cast<int64_t>(rows.size()), columns}, at::kFloat);
  for (size_t i = 0; i < rows.size(); ++i) {
    HONE_ASSERT(rows[i] >= 0 && rows[i] < x.size(0));
    std::copy_n(floats(x) + rows[i] * columns, columns, floats(out) + static_cast<int64_t>(i) * columns);
  }
  if (!needs_graph(x)) return out;
  auto node = std::make_unique<TakeRowsGrad>();
  node->rows = rows, node->height = x.size(0);
  return record(std::move(out), std::move(node), x);
}

}  // namespace hone
