#include "kernels/cpu/isa/functions.h"

#define HONE_STRINGIFY_(x) #x
#define HONE_STRINGIFY(x) HONE_STRINGIFY_(x)

namespace hone::kernels::HONE_ISA {

extern const Table kTable;
const Table kTable = {
    .isa = HONE_STRINGIFY(HONE_ISA),
    .gemm = gemm,
    .pack_rows = pack_rows,
    .pack_transposed = pack_transposed,
    .unpack_row = unpack_row,
    .pack_columns = pack_columns,
    .transpose = transpose,
    .rms_norm = rms_norm,
    .rms_norm_grad = rms_norm_grad,
    .rope_store = rope_store,
    .attention = attention,
    .attention_grad = attention_grad,
    .rope_grad = rope_grad,
    .glu = glu,
    .glu_grad = glu_grad,
    .chunk_stats = chunk_stats,
    .join_stats = join_stats,
    .chunk_grad = chunk_grad,
    .find_quantile = find_quantile,
    .dot_rows = dot_rows,
    .cast = cast,
    .widen = widen,
    .spin_products = spin_products,
    .read_memory = read_memory,
};

}  // namespace hone::kernels::HONE_ISA
