#include "model/cost.h"

#include "model/parameters.h"

namespace hone {

ModelCost model_cost(const ModelConfig& c, Type type) {
  const double hidden = static_cast<double>(c.hidden), layers = static_cast<double>(c.layers);
  const double q = static_cast<double>(c.heads * c.head_dim), kv = static_cast<double>(c.kv_heads * c.head_dim);
  const double element = static_cast<double>(kernels::element_size(type));
  const double block = hidden * (q + 2 * kv) + q * hidden + 3 * hidden * static_cast<double>(c.ffn);
  const double head = hidden * static_cast<double>(c.vocab);
  return {.block_flops = 2 * layers * block,
          .head_flops = 2 * head,
          .attention_flops = 4 * layers * q,
          .weight_bytes = element * (layers * block + head),
          .kv_bytes = 2 * element * layers * kv,
          .parameters = static_cast<double>(total_count(list_parameters(c)))};
}

}  // namespace hone
