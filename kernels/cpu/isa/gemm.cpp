// Products with a packed right operand, and the packing.
#include "kernels/cpu/isa/functions.h"
#include "kernels/cpu/isa/gemm_tile.h"
#include "kernels/cpu/isa/scratch.h"

namespace hone::kernels::HONE_ISA {
namespace {

template <int ROWS>
void finish(const Gemm& g, int64_t row, int64_t column, f32v (&acc)[ROWS][2]) {
  const int64_t left = g.n - column;
  for (int r = 0; r < ROWS; ++r) {
    for (int half = 0; half < 2; ++half) {
      const int64_t n = left - half * kLanes;
      if (n <= 0) break;
      f32v v = acc[r][half];
      const int64_t j = column + half * kLanes, at = (row + r) * g.ldc + j;
      if (g.bias) v += load_part<Type::f32>(g.bias, j, n);
      if (g.residual) v += load_part<Type::f32>(g.residual, at, n);
      if (g.c_type == Type::bf16)
        store_part<Type::bf16>(g.c, at, n, v);
      else
        store_part<Type::f32>(g.c, at, n, v);
    }
  }
}

#if defined(__AVX512BF16__)
constexpr bool kWidens = false;
#else
constexpr bool kWidens = true;
#endif

/// The units of A rows [begin, end) as pairs of floats, odd elements first, in A's layout.
const float* widen_rows(const Gemm& g, int64_t begin, int64_t end) {
  const int64_t span = (end - begin - 1) * g.a_row + (g.k - 1) * g.a_k + 1;
  float* out = reinterpret_cast<float*>(scratch<1>(8 * round_up(span, kLanes)));
  const uint32_t* from = static_cast<const uint32_t*>(g.a) + begin * g.a_row;
  const i32v low = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
  for (int64_t i = 0; i < span; i += kLanes) {
    u32v pairs;
    if (i + kLanes <= span)
      pairs = *reinterpret_cast<const u32v_u*>(from + i);
    else
      std::memcpy(&pairs, from + i, static_cast<size_t>(4 * (span - i)));
    const u32v odd = pairs & 0xFFFF0000u, even = pairs << 16;
    store(out + 2 * i, as_float(__builtin_shuffle(odd, even, (u32v)low)));
    store(out + 2 * i + kLanes, as_float(__builtin_shuffle(odd, even, (u32v)(low + 8))));
  }
  return out;
}

template <Type type, int ROWS, bool FETCH>
void multiply_tile(const Gemm& g, const float* wide, int64_t row, int64_t row_begin, const uint32_t* panel,
                   f32v (&acc)[ROWS][2]) {
  if constexpr (kWidens && type == Type::bf16) {
    const float* a = wide + 2 * (row - row_begin) * g.a_row;
    if (g.a_k == 1)
      widened_tile<ROWS, 1, FETCH>(a, g.a_row, panel, g.k, acc);
    else
      widened_tile<ROWS, kPanel, FETCH>(a, g.a_row, panel, g.k, acc);
  } else {
    tile<type, ROWS, FETCH>(static_cast<const uint32_t*>(g.a) + row * g.a_row, g.a_row, g.a_k, panel, g.k, acc);
  }
}

template <Type type>
void gemm_typed(const Gemm& g, int64_t row_begin, int64_t row_end, int64_t panel_begin, int64_t panel_end) {
  const uint32_t* b = static_cast<const uint32_t*>(g.b);
  const float* wide = kWidens && type == Type::bf16 ? widen_rows(g, row_begin, row_end) : nullptr;
  for (int64_t p = panel_begin; p < panel_end; ++p) {
    const uint32_t* panel = b + p * g.k * kPanel;
    for_row_tiles(row_begin, row_end, [&](int64_t row, auto rows) {
      constexpr int kRows = decltype(rows)::value;
      f32v acc[kRows][2];
      for (int r = 0; r < kRows; ++r)
        for (int half = 0; half < 2; ++half) {
          const int64_t j = p * kPanel + half * kLanes;
          acc[r][half] = g.accumulate && j < g.n ? load_part<Type::f32>(g.c, (row + r) * g.ldc + j, g.n - j) : f32v{};
        }
      if (row == row_begin && p + 1 < panel_end)
        multiply_tile<type, kRows, true>(g, wide, row, row_begin, panel, acc);
      else
        multiply_tile<type, kRows, false>(g, wide, row, row_begin, panel, acc);
      finish<kRows>(g, row, p * kPanel, acc);
    });
  }
}

}  // namespace

void gemm(const Gemm& g, int64_t row_begin, int64_t row_end, int64_t panel_begin, int64_t panel_end) {
  if (g.type == Type::bf16)
    gemm_typed<Type::bf16>(g, row_begin, row_end, panel_begin, panel_end);
  else
    gemm_typed<Type::f32>(g, row_begin, row_end, panel_begin, panel_end);
}

void pack_rows(Type type, const float* w, int64_t count, int64_t k, void* out, int64_t first) {
  const int64_t k_units = units(type, k);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t column = first + i;
    uint32_t* lane = static_cast<uint32_t*>(out) + (column / kPanel) * k_units * kPanel + column % kPanel;
    const float* row = w + i * k;
    if (type == Type::bf16) {
      for (int64_t u = 0; u < k_units; ++u) {
        const uint32_t even = to_bf16(row[2 * u]);
        const uint32_t odd = 2 * u + 1 < k ? to_bf16(row[2 * u + 1]) : 0;
        lane[u * kPanel] = even | odd << 16;
      }
    } else {
      for (int64_t u = 0; u < k_units; ++u) std::memcpy(&lane[u * kPanel], &row[u], 4);
    }
  }
}

void pack_transposed(Type type, const void* packed, int64_t n, int64_t k, void* out, int64_t begin, int64_t end) {
  const int64_t k_units = units(type, k), n_units = units(type, n);
  const uint32_t* in = static_cast<const uint32_t*>(packed);
  for (int64_t p = begin; p < end; ++p) {
    uint32_t* panel = static_cast<uint32_t*>(out) + p * n_units * kPanel;
    const int64_t columns = k - p * kPanel < kPanel ? k - p * kPanel : kPanel;
    for (int64_t u = 0; u < n_units; ++u) {
      uint32_t* line = panel + u * kPanel;
      if (type == Type::bf16) {
        const int64_t row = 2 * u;  // rows `row` and `row + 1` of W stand in neighbouring lanes of one panel
        const uint32_t* lane = in + (row / kPanel) * k_units * kPanel + row % kPanel;
        for (int64_t c = 0; c < kPanel; c += 2) {
          uint32_t x = 0, y = 0;
          if (c < columns) {
            const uint32_t* at = lane + (p * kPanel + c) / 2 * kPanel;
            x = at[0];
            y = row + 1 < n ? at[1] : 0;
          }
          line[c] = (x & 0xFFFFu) | y << 16;
          line[c + 1] = x >> 16 | (y & 0xFFFF0000u);
        }
      } else {
        const uint32_t* lane = in + (u / kPanel) * k_units * kPanel + u % kPanel;
        for (int64_t c = 0; c < kPanel; ++c) line[c] = c < columns ? lane[(p * kPanel + c) * kPanel] : 0;
      }
    }
  }
}

void unpack_row(Type type, const void* packed, int64_t row, int64_t k, float* out) {
  const int64_t k_units = units(type, k);
  const uint32_t* lane = static_cast<const uint32_t*>(packed) + (row / kPanel) * k_units * kPanel + row % kPanel;
  if (type == Type::bf16) {
    for (int64_t j = 0; j < k; ++j) {
      const uint32_t pair = lane[j / 2 * kPanel];
      out[j] = from_bf16(static_cast<uint16_t>(j % 2 ? pair >> 16 : pair));
    }
  } else {
    for (int64_t j = 0; j < k; ++j) std::memcpy(&out[j], &lane[j * kPanel], 4);
  }
}

void pack_columns(Type type, const void* x, int64_t m, int64_t n, int64_t ldx, void* out, int64_t begin, int64_t end) {
  const int64_t m_units = units(type, m);
  for (int64_t p = begin; p < end; ++p) {
    uint32_t* panel = static_cast<uint32_t*>(out) + p * m_units * kPanel;
    const int64_t first = p * kPanel, columns = n - first < kPanel ? n - first : kPanel;
    for (int64_t u = 0; u < m_units; ++u) {
      uint32_t* line = panel + u * kPanel;
      if (type == Type::bf16) {
        const uint16_t* even = static_cast<const uint16_t*>(x) + 2 * u * ldx + first;
        const uint16_t* odd = 2 * u + 1 < m ? even + ldx : nullptr;
        if (columns == kPanel && odd) {
          for (int64_t c = 0; c < kPanel; ++c)
            line[c] = static_cast<uint32_t>(even[c]) | static_cast<uint32_t>(odd[c]) << 16;
        } else {
          for (int64_t c = 0; c < kPanel; ++c)
            line[c] = c < columns ? even[c] | static_cast<uint32_t>(odd ? odd[c] : 0) << 16 : 0;
        }
      } else {
        const float* row = static_cast<const float*>(x) + u * ldx + first;
        for (int64_t c = 0; c < kPanel; ++c) {
          const float value = c < columns ? row[c] : 0.f;
          std::memcpy(&line[c], &value, 4);
        }
      }
    }
  }
}

}  // namespace hone::kernels::HONE_ISA
