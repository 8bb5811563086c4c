// The kernels of one instruction set; see kernels/cpu/kernels.h for what each does.
#pragma once

#include "kernels/cpu/kernels.h"

namespace hone::kernels::HONE_ISA {

void gemm(const Gemm&, int64_t row_begin, int64_t row_end, PanelQueue&);
void pack_rows(Type, const float* w, int64_t count, int64_t k, void* out, int64_t first);
void pack_transposed(Type, const void* packed, int64_t n, int64_t k, void* out, int64_t begin, int64_t end);
void unpack_row(Type, const void* packed, int64_t row, int64_t k, float* out);
void pack_columns(Type, const void* x, int64_t m, int64_t n, int64_t ldx, void* out, int64_t begin, int64_t end);
void transpose(Type, const void* x, int64_t m, int64_t n, int64_t ldx, void* out, int64_t begin, int64_t end);

void rms_norm(Type, const float* x, const float* w, float offset, float eps, int64_t rows, int64_t n, void* y,
              float* rstd);
void rms_norm_grad(Type, const float* x, const float* w, float offset, const float* rstd, const void* dy, int64_t rows,
                   int64_t n, float* dx, bool accumulate, float* dw);
void rope_store(const KvLayout&, int64_t heads, const float* qkv, const float* cos, const float* sin,
                const float* q_norm, const float* k_norm, float norm_offset, float norm_eps, void* q, char* k_block,
                char* v_block, int64_t slot);
void rope_grad(int64_t heads, int64_t kv_heads, int64_t head_dim, const float* qkv, const float* cos, const float* sin,
               const float* q_norm, const float* k_norm, float norm_offset, float norm_eps, const float* d_q,
               const float* d_k, const float* d_v, float* d_qkv, float* d_q_norm, float* d_k_norm);
void attention(const Attention&, int64_t row_begin, int64_t row_end, int64_t kv_head);
void attention_grad(const AttentionGrad&, int64_t row_begin, int64_t row_end, int64_t head);
void glu(Type, bool gelu, const void* gate_up, int64_t rows, int64_t n, void* y);
void glu_grad(Type, bool gelu, const void* gate_up, const void* dy, int64_t rows, int64_t n, void* d_gate_up);

LogitStats chunk_stats(const float* logits, int64_t n, float scale, bool entropy);
LogitStats join_stats(LogitStats running, LogitStats chunk);
void chunk_grad(Type, const float* logits, int64_t n, float scale, float lse, float entropy, float g_logp,
                float g_entropy, int64_t target, void* out);
int64_t find_quantile(const float* logits, int64_t n, float scale, float max, double target, double* base);

void dot_rows(Type, const void* a, const void* b, int64_t rows, int64_t n, float* out);
void cast(const float* from, int64_t n, Type type, void* to);
void widen(Type type, const void* from, int64_t n, float* to);

double spin_products(Type, int64_t rounds, float* sink);
uint32_t read_memory(const void* data, int64_t bytes);

}  // namespace hone::kernels::HONE_ISA
