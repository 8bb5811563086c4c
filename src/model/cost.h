// What a model's forward pass costs at least, for benchmarks: the products' floating-point operations (a multiply-add
// is two; norms, rotations and softmaxes are left out) and the bytes that must come from memory.
#pragma once

#include "model/config.h"
#include "ops/weights.h"

namespace hone {

struct ModelCost {
  double block_flops = 0;      // of all blocks' matrices, per row
  double head_flops = 0;       // of the vocabulary head, per row whose logits are wanted
  double attention_flops = 0;  // per pair of a query row and a key that it sees, all layers
  double weight_bytes = 0;     // of the compute copy: one pass reads each once
  double kv_bytes = 0;         // keys and values of one position, all layers
  double parameters = 0;
};

ModelCost model_cost(const ModelConfig& config, Type type);

}  // namespace hone
