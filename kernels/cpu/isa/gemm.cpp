// Products with a packed right operand, and the packing.
#include "kernels/cpu/isa/functions.h"
#include "kernels/cpu/isa/gemm_tile.h"
#include "kernels/cpu/isa/scratch.h"

namespace hone::kernels::HONE_ISA {
namespace {

/// Rows [begin, end) of the left operand as the loops read them, from `begin` on.
struct Left {
  const uint32_t* data;
  int64_t row;  // words from row to row
};

template <Type type>
Left left_rows(const Gemm& g, int64_t begin, int64_t end) {
  const uint32_t* from = static_cast<const uint32_t*>(g.a) + begin * g.lda;
  if constexpr (kSpread<type> == 1) {
    return {from, g.lda};
  } else {
    const int64_t row = 2 * g.k;
    uint32_t* out = reinterpret_cast<uint32_t*>(scratch<0>(4 * row * (end - begin)));
    for (int64_t r = 0; r < end - begin; ++r) widen_units(from + r * g.lda, g.k, out + r * row);
    return {out, row};
  }
}

/// The tile's start: C where the chains go on from it, else 0.
template <int ROWS, int VECTORS>
inline void start(const Gemm& g, int64_t row, int64_t column, f32v (&acc)[ROWS][VECTORS]) {
  for (int r = 0; r < ROWS; ++r)
    for (int v = 0; v < VECTORS; ++v) {
      const int64_t j = column + v * kLanes;
      acc[r][v] = g.accumulate && j < g.n ? load_part<Type::f32>(g.c, (row + r) * g.ldc + j, g.n - j) : f32v{};
    }
}

template <Type type, int ROWS, int VECTORS>
inline void finish_as(const Gemm& g, int64_t row, int64_t column, const f32v (&acc)[ROWS][VECTORS]) {
  for (int r = 0; r < ROWS; ++r) {
    for (int v = 0; v < VECTORS; ++v) {
      const int64_t j = column + v * kLanes, n = g.n - j, at = (row + r) * g.ldc + j;
      if (n <= 0) break;
      f32v sum = acc[r][v];
      if (g.bias) sum += load_part<Type::f32>(g.bias, j, n);
      if (g.residual) sum += load_part<Type::f32>(g.residual, at, n);
      store_part<type>(g.c, at, n, sum);
    }
  }
}

template <int ROWS, int VECTORS>
inline void finish(const Gemm& g, int64_t row, int64_t column, const f32v (&acc)[ROWS][VECTORS]) {
  if (g.c_type == Type::bf16)
    finish_as<Type::bf16>(g, row, column, acc);
  else
    finish_as<Type::f32>(g, row, column, acc);
}

// Few rows: panel by panel in high tiles, so that B, which bounds the time, is read once and in one stream.
constexpr int kFewRows = 12;

template <Type type>
void multiply_few_rows(const Gemm& g, const Left& left, int64_t row_begin, int64_t row_end, int64_t panel_begin,
                       int64_t panel_end) {
  for (int64_t p = panel_begin; p < panel_end; ++p) {
    const uint32_t* panel = static_cast<const uint32_t*>(g.b) + p * g.k * kPanel;
    const uint32_t* next = p + 1 < panel_end ? panel + g.k * kPanel : nullptr;
    for_row_tiles<kFewRows>(row_begin, row_end, [&](int64_t row, auto rows) {
      f32v acc[decltype(rows)::value][kPanelVectors];
      start(g, row, p * kPanel, acc);
      packed_tile<type>(left.data + (row - row_begin) * left.row, left.row, panel, 0, g.k, acc, next);
      finish(g, row, p * kPanel, acc);
    });
  }
}

// Many rows: two panels at a time (or the last one alone), widened once for all rows where they must be, along pieces
// of k that stay in the second-level cache. Between the pieces the chains wait in memory.
constexpr int64_t kPieceUnits = 1024;

template <Type type, int VECTORS>
void multiply_panels(const Gemm& g, const Left& left, int64_t row_begin, int64_t row_end, int64_t p, bool last) {
  constexpr int64_t spread = kSpread<type>, kPanels = VECTORS / kPanelVectors, width = kPanels * kPanel;
  const int64_t pieces = (g.k + kPieceUnits - 1) / kPieceUnits, piece = (g.k + pieces - 1) / pieces;
  const int64_t tiles = (row_end - row_begin + kTileRows - 1) / kTileRows;
  const uint32_t* b = static_cast<const uint32_t*>(g.b) + p * g.k * kPanel;
  Carver carver(scratch<1>((spread == 1 ? 0 : Carver::bytes<uint32_t>(spread * piece * width)) +
                           (pieces == 1 ? 0 : Carver::bytes<float>((row_end - row_begin) * width))));
  uint32_t* wide = spread == 1 ? nullptr : carver.take<uint32_t>(spread * piece * width);
  float* waiting = pieces == 1 ? nullptr : carver.take<float>((row_end - row_begin) * width);
  for (int64_t from = 0; from < g.k; from += piece) {
    const int64_t count = g.k - from < piece ? g.k - from : piece;
    // What the next step reads first: the next piece of the first panel, or the next panels.
    Ahead ahead{b + (from + count) * kPanel, 0};
    if (from + count == g.k && !last) ahead = {b + kPanels * g.k * kPanel, (2 * kPanels * piece + tiles - 1) / tiles};
    for_row_tiles(row_begin, row_end, [&](int64_t row, auto rows) {
      f32v acc[decltype(rows)::value][VECTORS];
      const int64_t place = (row - row_begin) * width;
      if (from == 0)
        start(g, row, p * kPanel, acc);
      else
        for (int64_t r = 0; r < decltype(rows)::value; ++r)
          for (int64_t v = 0; v < VECTORS; ++v) acc[r][v] = load(waiting + place + r * width + v * kLanes);
      const uint32_t* a = left.data + (row - row_begin) * left.row + spread * from;
      if constexpr (spread == 2) {
        if (row == row_begin)
          widen_and_multiply(a, left.row, b + from * kPanel, g.k * kPanel, count, wide, acc);
        else
          tile<Type::f32>(a, left.row, wide, 2 * count * kPanel, 2 * count, acc, ahead);
      } else {
        tile<type>(a, left.row, b + from * kPanel, g.k * kPanel, count, acc, ahead);
      }
      ahead.at += ahead.lines * kLanes;
      if (from + count == g.k)
        finish(g, row, p * kPanel, acc);
      else
        for (int64_t r = 0; r < decltype(rows)::value; ++r)
          for (int64_t v = 0; v < VECTORS; ++v) store(waiting + place + r * width + v * kLanes, acc[r][v]);
    });
  }
}

/// The sums of rows [row, row + rows) of one panel go on from C.
void start_block(const Gemm& g, int64_t row, int64_t rows, int64_t column, BlockSums& sums) {
  for (int64_t r = 0; r < rows; ++r) {
    f32v acc[1][kPanelVectors];
    start(g, row + r, column, acc);
    store(&sums[r][0], acc[0][0]);
    store(&sums[r][kLanes], acc[0][1]);
  }
}

/// Rows [row, row + rows) of one panel out of their sums.
template <Type type>
void finish_block(const Gemm& g, int64_t row, int64_t rows, int64_t column, const BlockSums& sums) {
  for (int64_t r = 0; r < rows; ++r) {
    const f32v acc[1][kPanelVectors] = {{load(&sums[r][0]), load(&sums[r][kLanes])}};
    finish_as<type>(g, row + r, column, acc);
  }
}

// Pieces of k so short that a panel's piece stays in the first-level cache while all rows pass it. Between the pieces
// the sums wait in memory.
constexpr int64_t kTilePieceUnits = 144;

/// The left operand's rows as whole tiles read them: rows behind the last one must be readable.
Left whole_tile_rows(const Gemm& g, int64_t row_begin, int64_t row_end) {
  const int64_t rows = row_end - row_begin, padded = round_up(rows, kTileHeight);
  const uint32_t* from = static_cast<const uint32_t*>(g.a) + row_begin * g.lda;
  if (padded == rows) return {from, g.lda};
  const int64_t row = round_up(g.k, kTileHeight);
  uint32_t* copy = reinterpret_cast<uint32_t*>(scratch<0>(4 * padded * row));
  for (int64_t r = 0; r < rows; ++r) std::memcpy(copy + r * row, from + r * g.lda, static_cast<size_t>(4 * g.k));
  std::memset(copy + rows * row, 0, static_cast<size_t>(4 * (padded - rows) * row));
  return {copy, row};
}

void gemm_in_matrix_tiles(const Gemm& g, int64_t row_begin, int64_t row_end, int64_t panel_begin, int64_t panel_end) {
  const int64_t rows = row_end - row_begin, blocks = (rows + kBlockRows - 1) / kBlockRows;
  const int64_t pieces = (g.k + kTilePieceUnits - 1) / kTilePieceUnits;
  const int64_t piece = round_up((g.k + pieces - 1) / pieces, kTileHeight);
  const bool plain = g.c_type == Type::f32 && g.bias == nullptr && g.residual == nullptr;  // sums are the result
  const Left left = whole_tile_rows(g, row_begin, row_end);
  BlockSums* waiting = reinterpret_cast<BlockSums*>(scratch<1>(blocks * static_cast<int64_t>(sizeof(BlockSums))));
  const TileScope tiles;
  for (int64_t p = panel_begin; p < panel_end; ++p) {
    const uint32_t* panel = static_cast<const uint32_t*>(g.b) + p * g.k * kPanel;
    for (int64_t from = 0; from < g.k; from += piece) {
      const int64_t count = g.k - from < piece ? g.k - from : piece;
      const bool last = from + count == g.k;
      Ahead ahead{panel + (from + count) * kPanel, 0};  // what comes next, of this panel or the one behind it
      if (!last || p + 1 < panel_end) ahead.lines = (kPanelVectors * piece + blocks - 1) / blocks;
      for (int64_t block = 0; block < blocks; ++block, ahead.at += ahead.lines * kLanes) {
        const int64_t row = block * kBlockRows, height = rows - row < kBlockRows ? rows - row : kBlockRows;
        BlockSums& apart = waiting[pieces == 1 ? 0 : block];
        const bool in_place = plain && height % kTileHeight == 0 && (p + 1) * kPanel <= g.n;
        const SumsAt sums =
            in_place ? SumsAt{static_cast<float*>(g.c) + (row_begin + row) * g.ldc + p * kPanel, g.ldc} : SumsAt{apart};
        if (from == 0 && g.accumulate && !in_place) start_block(g, row_begin + row, height, p * kPanel, apart);
        multiply_block(left.data + row * left.row + from, left.row, height, panel + from * kPanel, count, sums,
                       from == 0 && !g.accumulate, ahead);
        if (!last || in_place) continue;
        if (g.c_type == Type::bf16)
          finish_block<Type::bf16>(g, row_begin + row, height, p * kPanel, apart);
        else
          finish_block<Type::f32>(g, row_begin + row, height, p * kPanel, apart);
      }
    }
  }
}

template <Type type>
void gemm_typed(const Gemm& g, int64_t row_begin, int64_t row_end, int64_t panel_begin, int64_t panel_end) {
  if constexpr (kMatrixTiles && type == Type::bf16)
    return gemm_in_matrix_tiles(g, row_begin, row_end, panel_begin, panel_end);
  const Left left = left_rows<type>(g, row_begin, row_end);
  if (row_end - row_begin <= kFewRows)
    return multiply_few_rows<type>(g, left, row_begin, row_end, panel_begin, panel_end);
  int64_t p = panel_begin;
  for (; p + 2 <= panel_end; p += 2)
    multiply_panels<type, kPairVectors>(g, left, row_begin, row_end, p, p + 4 > panel_end);
  if (p < panel_end) multiply_panels<type, kPanelVectors>(g, left, row_begin, row_end, p, true);
}

/// Transposes 16 x 16 units.
void transpose_units(u32v (&x)[kLanes]) {
  const i32v lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (int s = 1; s < kLanes; s *= 2) {
    const i32v upper = (lane & s) != 0;  // lanes that belong to the other vector of the pair
    const u32v low = (u32v)(upper ? lane - s + 16 : lane), high = (u32v)(upper ? lane + 16 : lane + s);
    for (int i = 0; i < kLanes; ++i) {
      if (i & s) continue;
      const u32v a = x[i], c = x[i + s];
      x[i] = __builtin_shuffle(a, c, low);
      x[i + s] = __builtin_shuffle(a, c, high);
    }
  }
}

/// Units of rows 2u and 2u + 1 (bf16) or of row u (f32), columns [column, column + 16); absent elements are 0.
template <Type type>
u32v column_units(const void* x, int64_t m, int64_t ldx, int64_t u, int64_t column, int64_t columns) {
  if constexpr (type == Type::f32) {
    return u < m ? as_bits(load_part<Type::f32>(x, u * ldx + column, columns)) : u32v{};
  } else {
    const auto row = [&](int64_t r) {
      return r < m ? as_bits(load_part<Type::bf16>(x, r * ldx + column, columns)) : u32v{};
    };
    return row(2 * u) >> 16 | row(2 * u + 1);
  }
}

template <Type type>
void transpose_typed(const void* x, int64_t m, int64_t ldx, uint32_t* out, int64_t begin, int64_t end) {
  const int64_t m_units = units(type, m);
  for (int64_t c = begin; c < end; c += kLanes) {
    const int64_t columns = end - c < kLanes ? end - c : kLanes;
    for (int64_t u = 0; u < m_units; u += kLanes) {
      const int64_t count = m_units - u < kLanes ? m_units - u : kLanes;
      u32v block[kLanes];
      for (int64_t i = 0; i < kLanes; ++i) block[i] = column_units<type>(x, m, ldx, u + i, c, columns);
      transpose_units(block);
      for (int64_t i = 0; i < columns; ++i) {
        if (count == kLanes)
          store_units(out + (c + i) * m_units + u, block[i]);
        else
          std::memcpy(out + (c + i) * m_units + u, &block[i], static_cast<size_t>(4 * count));
      }
    }
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

void transpose(Type type, const void* x, int64_t m, int64_t ldx, void* out, int64_t begin, int64_t end) {
  uint32_t* rows = static_cast<uint32_t*>(out);
  if (type == Type::bf16)
    transpose_typed<Type::bf16>(x, m, ldx, rows, begin, end);
  else
    transpose_typed<Type::f32>(x, m, ldx, rows, begin, end);
}

}  // namespace hone::kernels::HONE_ISA
