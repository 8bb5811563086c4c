// Products with a packed right operand, and the packing.
#include <utility>

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
    for (int v = 0; v < VECTORS; ++v) acc[r][v] = f32v{};
  if (!g.accumulate) return;
  for (int r = 0; r < ROWS; ++r)
    for (int v = 0; v < VECTORS; ++v) {
      const int64_t j = column + v * kLanes;
      if (j < g.n) acc[r][v] = load_part<Type::f32>(g.c, (row + r) * g.ldc + j, g.n - j);
    }
}

/// WHOLE: all columns of the tile exist.
template <Type type, bool WHOLE, int ROWS, int VECTORS>
inline void store_tile(const Gemm& g, int64_t row, int64_t column, const f32v (&acc)[ROWS][VECTORS]) {
  const auto finished = [&](int r, int v, int64_t n) {
    const int64_t j = column + v * kLanes;
    f32v value = acc[r][v];
    if (g.bias) value += load_part<Type::f32>(g.bias, j, n);
    if (g.residual) value += load_part<Type::f32>(g.residual, (row + r) * g.ldc + j, n);
    return value;
  };
  for (int r = 0; r < ROWS; ++r) {
    const int64_t at = (row + r) * g.ldc + column;
    if constexpr (WHOLE) {
      for (int v = 0; v < VECTORS; v += 2)
        store_pair<type>(g.c, at + v * kLanes, finished(r, v, kLanes), finished(r, v + 1, kLanes));
    } else {
      for (int v = 0; v < VECTORS && column + v * kLanes < g.n; ++v) {
        const int64_t n = g.n - column - v * kLanes;
        store_part<type>(g.c, at + v * kLanes, n, finished(r, v, n));
      }
    }
  }
}

template <Type type, int ROWS, int VECTORS>
inline void finish_as(const Gemm& g, int64_t row, int64_t column, const f32v (&acc)[ROWS][VECTORS]) {
  if (column + VECTORS * kLanes <= g.n)
    store_tile<type, true>(g, row, column, acc);
  else
    store_tile<type, false>(g, row, column, acc);
}

template <int ROWS, int VECTORS>
inline void finish(const Gemm& g, int64_t row, int64_t column, const f32v (&acc)[ROWS][VECTORS]) {
  if (g.c_type == Type::bf16)
    finish_as<Type::bf16>(g, row, column, acc);
  else
    finish_as<Type::f32>(g, row, column, acc);
}

/// The length of equal pieces of k that are no longer than `longest`, in units.
int64_t piece_length(int64_t k, int64_t longest) {
  const int64_t pieces = k <= longest ? 1 : (k + longest - 1) / longest;
  return (k + pieces - 1) / pieces;
}

// Few rows: panel by panel in high tiles, so that B, which bounds the time, is read once and in one stream.
constexpr int kFewRows = 12;

template <Type type>
void multiply_few_rows(const Gemm& g, const Left& left, int64_t row_begin, int64_t row_end, int64_t first,
                       PanelQueue& queue) {
  const uint32_t* b = static_cast<const uint32_t*>(g.b);
  for (int64_t panel = first, next; panel >= 0; panel = next < 0 ? queue.take() : next) {
    next = queue.take_ahead();
    const int64_t end = panel + queue.taken(panel);
    for (int64_t p = panel; p < end; ++p) {
      const int64_t after = p + 1 < end ? p + 1 : next;
      Prefetch ahead(after < 0 ? nullptr : b + after * g.k * kPanel, kPanelVectors * g.k, ahead_steps(g.k));
      for_row_tiles<kFewRows>(row_begin, row_end, [&](int64_t row, auto rows) {
        f32v acc[decltype(rows)::value][kPanelVectors];
        start(g, row, p * kPanel, acc);
        packed_tile<type>(left.data + (row - row_begin) * left.row, left.row, b + p * g.k * kPanel, 0, g.k, acc, ahead);
        finish(g, row, p * kPanel, acc);
      });
    }
  }
}

// Many rows: two panels at a time (or the last one alone) along pieces of k whose floats stay in the second-level
// cache, together with those of the piece that comes next. Between the pieces the chains wait in memory.
constexpr int64_t kPieceUnits = 768;

/// What is multiplied at a time: panels [panel, panel + panels), units [from, from + count) along k.
struct Piece {
  int64_t panel, panels, from, count;
};

/// The pieces of the panels that a queue hands out, a piece without panels being none.
class Pieces {
 public:
  Pieces(int64_t k, PanelQueue& queue) : k_(k), length_(piece_length(k, kPieceUnits)), queue_(queue) {}
  int64_t length() const { return length_; }
  Piece of(int64_t panel) const { return panel < 0 ? Piece{} : Piece{panel, queue_.taken(panel), 0, length_}; }
  Piece take() { return of(queue_.take()); }
  /// The one behind `p`, as far as it can be taken before `p` is finished.
  Piece after(const Piece& p) {
    const int64_t from = p.from + p.count;
    if (from < k_) return {p.panel, p.panels, from, k_ - from < length_ ? k_ - from : length_};
    return of(queue_.take_ahead());
  }

 private:
  int64_t k_, length_;
  PanelQueue& queue_;
};

/// All rows times one piece, whose right operand is `b` (with `b_panel` words from panel to panel).
template <Type type, int VECTORS, class AHEAD>
void multiply_piece(const Gemm& g, const Left& left, int64_t row_begin, int64_t row_end, const Piece& piece,
                    const uint32_t* b, int64_t b_panel, float* waiting, AHEAD& ahead) {
  constexpr int64_t spread = kSpread<type>, width = VECTORS * kLanes;
  constexpr Type operand = spread == 2 ? Type::f32 : type;
  const int64_t column = piece.panel * kPanel;
  const bool first = piece.from == 0, last = piece.from + piece.count == g.k;
  for_row_tiles(row_begin, row_end, [&](int64_t row, auto rows) {
    constexpr int ROWS = decltype(rows)::value;
    f32v acc[ROWS][VECTORS];
    float* place = waiting + (row - row_begin) * width;
    if (first)
      start(g, row, column, acc);
    else
      load_sums(place, width, acc);
    if ((first && g.accumulate) || (last && g.residual)) {  // what the next tile starts from or ends with
      const float* c = g.residual ? g.residual : static_cast<const float*>(g.c);
      for (int r = 0; r < ROWS; ++r)
        for (int v = 0; v < VECTORS; ++v) __builtin_prefetch(c + (row + ROWS + r) * g.ldc + column + v * kLanes);
    }
    const uint32_t* a = left.data + (row - row_begin) * left.row + spread * piece.from;
    tile<operand>(a, left.row, b, b_panel, spread * piece.count, acc, ahead);
    if (last)
      finish(g, row, column, acc);
    else
      store_sums(acc, place, width);
  });
}

template <Type type>
void multiply_many_rows(const Gemm& g, const Left& left, int64_t row_begin, int64_t row_end, int64_t first,
                        PanelQueue& queue) {
  constexpr int64_t spread = kSpread<type>;
  Pieces pieces(g.k, queue);
  const int64_t rows = row_end - row_begin, length = pieces.length(),
                wide_units = spread == 2 ? 4 * length * kPanel : 0;
  const int64_t steps = (rows + kTileRows - 1) / kTileRows * ahead_steps(spread * length);
  Carver carver(scratch<1>(2 * Carver::bytes<uint32_t>(wide_units) +
                           Carver::bytes<float>(length == g.k ? 0 : rows * 2 * kPanel)));
  uint32_t *wide = carver.take<uint32_t>(wide_units), *next_wide = carver.take<uint32_t>(wide_units);
  float* waiting = carver.take<float>(0);
  const auto operand = [&](const Piece& p) {
    return static_cast<const uint32_t*>(g.b) + (p.panel * g.k + p.from) * kPanel;
  };
  const auto multiply = [&](const Piece& p, const uint32_t* b, int64_t b_panel, auto& ahead) {
    if (p.panels == 2)
      multiply_piece<type, kPairVectors>(g, left, row_begin, row_end, p, b, b_panel, waiting, ahead);
    else
      multiply_piece<type, kPanelVectors>(g, left, row_begin, row_end, p, b, b_panel, waiting, ahead);
  };
  Piece piece = pieces.of(first);
  if constexpr (spread == 2) {
    const auto widening = [&](const Piece& p, uint32_t* to) {
      return Widening(operand(p), g.k * kPanel, p.panels, p.count, to, steps);
    };
    widening(piece, wide).finish();
    while (piece.panels > 0) {
      Piece next = pieces.after(piece);
      Widening ahead = widening(next, next_wide);
      multiply(piece, wide, 2 * piece.count * kPanel, ahead);
      if (next.panels == 0) next = pieces.take(), ahead = widening(next, next_wide);
      ahead.finish();
      piece = next;
      std::swap(wide, next_wide);
    }
  } else {
    while (piece.panels > 0) {
      const Piece next = pieces.after(piece);
      Prefetch ahead(operand(next), kPanelVectors * next.panels * next.count, steps);
      multiply(piece, operand(piece), g.k * kPanel, ahead);
      piece = next.panels == 0 ? pieces.take() : next;
    }
  }
}

/// The sums of rows [row, row + rows) of one panel go on from C.
void start_block(const Gemm& g, int64_t row, int64_t rows, int64_t column, BlockSums& sums) {
  for (int64_t r = 0; r < rows; ++r) {
    f32v acc[1][kPanelVectors];
    start(g, row + r, column, acc);
    store_sums(acc, &sums[r][0], kPanel);
  }
}

/// Rows [row, row + rows) of one panel out of their sums.
template <Type type>
void finish_block(const Gemm& g, int64_t row, int64_t rows, int64_t column, const BlockSums& sums) {
  const Gemm mine = g;  // for all the compiler knows, stores change g: it would be read again for every value
  for_row_tiles<4>(0, rows, [&](int64_t r, auto height) {
    f32v acc[decltype(height)::value][kPanelVectors];
    load_sums(&sums[r][0], kPanel, acc);
    finish_as<type>(mine, row + r, column, acc);
  });
}

/// Rows [row, row + rows) of one panel of C, and of the residual, into the first-level cache: what is written is read
/// first, and would be waited for. Always inlined, since GCC drops calls of functions that only prefetch.
[[gnu::always_inline]] inline void fetch_block(const Gemm& g, int64_t row, int64_t rows, int64_t column) {
  const int64_t size = element_size(g.c_type), line = kLanes * static_cast<int64_t>(sizeof(float));
  const int64_t width = (g.n - column < kPanel ? g.n - column : kPanel) * size;
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t at = (row + r) * g.ldc + column;
    for (int64_t byte = 0; byte < width; byte += line) {
      __builtin_prefetch(static_cast<const char*>(g.c) + at * size + byte, 1);
      if (g.residual && g.residual != g.c) __builtin_prefetch(reinterpret_cast<const char*>(g.residual + at) + byte);
    }
  }
}

// In matrix tiles, a block of rows passes all panels in hand before the next block does. Pieces of k are so long that
// the block's part stays in the first-level cache meanwhile.
constexpr int64_t kBlockUnits = 320;

/// A left operand as matrix tiles read it; `block` is the distance from 32 rows to the next 32.
struct TiledLeft {
  LeftBlock first;
  int64_t block;
  /// The 32 rows of block `index` from unit `from` along k on, which is a multiple of 16.
  LeftBlock part(int64_t index, int64_t from) const {
    return {first.data + index * block + from / kTileHeight * first.step, first.row, first.step};
  }
};

/// Rows [row_begin, row_end), with something readable behind the last one up to a whole tile.
TiledLeft tiled_rows(const Gemm& g, int64_t row_begin, int64_t row_end) {
  const int64_t rows = row_end - row_begin, padded = round_up(rows, kTileHeight), row = round_up(g.k, kTileHeight);
  const uint32_t* a = static_cast<const uint32_t*>(g.a);
  if (g.a_transposed) return {{a + row_begin * row, kTileHeight, kBlockRows * kTileHeight}, kBlockRows * row};
  const uint32_t* from = a + row_begin * g.lda;
  if (padded == rows) return {{from, g.lda}, kBlockRows * g.lda};
  uint32_t* copy = reinterpret_cast<uint32_t*>(scratch<0>(4 * padded * row));
  for (int64_t r = 0; r < rows; ++r) std::memcpy(copy + r * row, from + r * g.lda, static_cast<size_t>(4 * g.k));
  std::memset(copy + rows * row, 0, static_cast<size_t>(4 * (padded - rows) * row));
  return {{copy, row}, kBlockRows * row};
}

/// All rows times panels [p, p + count). `after` is the panel that comes next, or -1.
void multiply_panels(const Gemm& g, const TiledLeft& left, int64_t row_begin, int64_t row_end, int64_t p, int64_t count,
                     int64_t after, BlockSums* waiting) {
  const int64_t rows = row_end - row_begin, blocks = (rows + kBlockRows - 1) / kBlockRows;
  const int64_t piece = g.k == 0 ? kTileHeight : round_up(piece_length(g.k, kBlockUnits), kTileHeight);
  const bool plain = g.c_type == Type::f32 && g.bias == nullptr && g.residual == nullptr;  // sums are the result
  const uint32_t* panels = static_cast<const uint32_t*>(g.b) + p * g.k * kPanel;
  for (int64_t from = 0; from < g.k || from == 0; from += piece) {
    const int64_t length = g.k - from < piece ? g.k - from : piece;
    const bool last = from + length == g.k;
    const uint32_t* next = panels + (from + length) * kPanel;
    if (last) next = after < 0 ? nullptr : static_cast<const uint32_t*>(g.b) + after * g.k * kPanel;
    Prefetch ahead(next, count, g.k * kPanel, kPanelVectors * piece, count * blocks * ahead_steps(length));
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t row = block * kBlockRows, height = rows - row < kBlockRows ? rows - row : kBlockRows;
      for (int64_t i = 0; i < count; ++i) {
        const int64_t column = (p + i) * kPanel;
        BlockSums& apart = waiting[piece >= g.k ? 0 : count * block + i];
        const bool in_place = plain && height % kTileHeight == 0 && column + kPanel <= g.n;
        const SumsAt sums =
            in_place ? SumsAt{static_cast<float*>(g.c) + (row_begin + row) * g.ldc + column, g.ldc} : SumsAt{apart};
        if (last || in_place) fetch_block(g, row_begin + row, height, column);
        if (from == 0 && g.accumulate && !in_place) start_block(g, row_begin + row, height, column, apart);
        multiply_block(left.part(block, from), height, panels + (i * g.k + from) * kPanel, length, sums,
                       from == 0 && !g.accumulate, ahead);
        if (!last || in_place) continue;
        if (g.c_type == Type::bf16)
          finish_block<Type::bf16>(g, row_begin + row, height, column, apart);
        else
          finish_block<Type::f32>(g, row_begin + row, height, column, apart);
      }
    }
  }
}

void gemm_in_matrix_tiles(const Gemm& g, int64_t row_begin, int64_t row_end, int64_t first, PanelQueue& queue) {
  const int64_t blocks = (row_end - row_begin + kBlockRows - 1) / kBlockRows;
  const TiledLeft left = tiled_rows(g, row_begin, row_end);
  // Neighbouring pairs of panels go together, so that many blocks come into the first-level cache half as often.
  const int64_t most = g.k <= kBlockUnits && blocks > 2 ? 4 : 2;
  BlockSums* waiting =
      reinterpret_cast<BlockSums*>(scratch<1>(most * blocks * static_cast<int64_t>(sizeof(BlockSums))));
  const TileScope tiles;
  for (int64_t panel = first, next; panel >= 0; panel = next < 0 ? queue.take() : next) {
    int64_t count = queue.taken(panel);
    next = queue.take_ahead();
    for (; next == panel + count && count + queue.taken(next) <= most; next = queue.take_ahead())
      count += queue.taken(next);
    multiply_panels(g, left, row_begin, row_end, panel, count, next, waiting);
  }
}

template <Type type>
void gemm_typed(const Gemm& g, int64_t row_begin, int64_t row_end, PanelQueue& queue) {
  const int64_t first = row_begin < row_end ? queue.take() : -1;
  if (first < 0) return;
  if constexpr (kMatrixTiles && type == Type::bf16) return gemm_in_matrix_tiles(g, row_begin, row_end, first, queue);
  const Left left = left_rows<type>(g, row_begin, row_end);
  if (row_end - row_begin <= kFewRows)
    multiply_few_rows<type>(g, left, row_begin, row_end, first, queue);
  else
    multiply_many_rows<type>(g, left, row_begin, row_end, first, queue);
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
void pack_columns_typed(const void* x, int64_t m, int64_t n, int64_t ldx, uint32_t* out, int64_t begin, int64_t end) {
  const int64_t m_units = units(type, m);
  for (int64_t first = 0; first < n; first += kPanel)
    for (int64_t u = units(type, begin); u < units(type, end); ++u) {
      uint32_t* line = out + first * m_units + u * kPanel;
      for (int64_t c = 0; c < kPanel; c += kLanes)
        store_units(line + c, column_units<type>(x, m, ldx, u, first + c, n - first - c));
    }
}

template <Type type>
void transpose_typed(const void* x, int64_t m, int64_t n, int64_t ldx, uint32_t* out, int64_t begin, int64_t end) {
  constexpr bool tiles = kMatrixTiles && type == Type::bf16;
  const int64_t m_units = units(type, m), last = units(type, end), row = tiles ? kLanes : m_units;
  // Column by column of cache lines, so that what is read and what is written are few pages at a time.
  for (int64_t c = 0; c < n; c += kLanes) {
    const int64_t columns = n - c < kLanes ? n - c : kLanes;
    for (int64_t u = units(type, begin); u < last; u += kLanes) {
      u32v block[kLanes];
      for (int64_t i = 0; i < kLanes; ++i) block[i] = column_units<type>(x, m, ldx, u + i, c, columns);
      transpose_units(block);
      uint32_t* to = tiles ? out + c / kBlockRows * kBlockRows * round_up(m_units, kLanes) + u * kBlockRows +
                                 c % kBlockRows * kLanes
                           : out + c * m_units + u;
      const int64_t count = tiles || m_units - u >= kLanes ? kLanes : m_units - u;
      for (int64_t i = 0; i < columns; ++i, to += row) {
        if (count == kLanes)
          store_units(to, block[i]);
        else
          std::memcpy(to, &block[i], static_cast<size_t>(4 * count));
      }
    }
  }
}

/// Line u of panel p of pack_transposed, of bf16.
void transposed_line(const uint32_t* in, int64_t n, int64_t k, int64_t p, int64_t u, uint32_t* line) {
  const int64_t k_units = units(Type::bf16, k), columns = k - p * kPanel < kPanel ? k - p * kPanel : kPanel;
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
}

/// The same for 16 lines at once, whose 32 rows and 32 columns all exist: `in` is 16 lines of one panel, too.
void transposed_lines(const uint32_t* in, uint32_t* lines) {
  const i32v lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const u32v evens = (u32v)(2 * lane), odds = (u32v)(2 * lane + 1);
  u32v even[kLanes], odd[kLanes];  // columns of W
  for (int64_t i = 0; i < kLanes; ++i) {
    const u32v a = load_units(in + i * kPanel), b = load_units(in + i * kPanel + kLanes);
    const u32v x = __builtin_shuffle(a, b, evens), y = __builtin_shuffle(a, b, odds);
    even[i] = (x & 0xFFFFu) | y << 16;
    odd[i] = x >> 16 | (y & 0xFFFF0000u);
  }
  transpose_units(even);
  transpose_units(odd);
  const u32v low = (u32v)(lane / 2 + lane % 2 * 16);  // one of each in turn
  for (int64_t i = 0; i < kLanes; ++i) {
    store_units(lines + i * kPanel, __builtin_shuffle(even[i], odd[i], low));
    store_units(lines + i * kPanel + kLanes, __builtin_shuffle(even[i], odd[i], low + 8));
  }
}

}  // namespace

void gemm(const Gemm& g, int64_t row_begin, int64_t row_end, PanelQueue& queue) {
  if (g.type == Type::bf16)
    gemm_typed<Type::bf16>(g, row_begin, row_end, queue);
  else
    gemm_typed<Type::f32>(g, row_begin, row_end, queue);
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
      if (type == Type::f32) {
        const uint32_t* lane = in + (u / kPanel) * k_units * kPanel + u % kPanel;
        for (int64_t c = 0; c < kPanel; ++c) line[c] = c < columns ? lane[(p * kPanel + c) * kPanel] : 0;
      } else if (u % kLanes == 0 && 2 * (u + kLanes) <= n && columns == kPanel) {
        transposed_lines(in + (u / kLanes * k_units + p * kLanes) * kPanel, line);
        u += kLanes - 1;
      } else {
        transposed_line(in, n, k, p, u, line);
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
  if (type == Type::bf16)
    pack_columns_typed<Type::bf16>(x, m, n, ldx, static_cast<uint32_t*>(out), begin, end);
  else
    pack_columns_typed<Type::f32>(x, m, n, ldx, static_cast<uint32_t*>(out), begin, end);
}

void transpose(Type type, const void* x, int64_t m, int64_t n, int64_t ldx, void* out, int64_t begin, int64_t end) {
  uint32_t* rows = static_cast<uint32_t*>(out);
  if (type == Type::bf16)
    transpose_typed<Type::bf16>(x, m, n, ldx, rows, begin, end);
  else
    transpose_typed<Type::f32>(x, m, n, ldx, rows, begin, end);
}

}  // namespace hone::kernels::HONE_ISA
