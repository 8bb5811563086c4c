#include "ops/weights.h"

#include "base/check.h"
#include "base/threads.h"

namespace hone {

Matrix::Matrix(int64_t r, int64_t c, Type t) : rows(r), cols(c), type(t), packed(4 * kernels::packed_units(t, r, c)) {
  HONE_CHECK(t == Type::f32 || c % 2 == 0, ErrorKind::shape,
             "a bf16 matrix needs an even number of columns, got {}; use dtype fp32", c);
}

void Matrix::pack(const float* values, int64_t first, int64_t count) {
  HONE_ASSERT(first >= 0 && first + count <= rows);
  // Neighbouring rows share cache lines of a panel, so threads take whole panels.
  const int64_t panel_begin = first / kernels::kPanel;
  const int64_t panel_end = (first + count + kernels::kPanel - 1) / kernels::kPanel;
  parallel_for(panel_end - panel_begin, 4, [&](int64_t begin, int64_t end) {
    const int64_t from = std::max(first, (panel_begin + begin) * kernels::kPanel);
    const int64_t to = std::min(first + count, (panel_begin + end) * kernels::kPanel);
    kernels::table().pack_rows(type, values + (from - first) * cols, to - from, cols, packed.data(), from);
  });
}

}  // namespace hone
