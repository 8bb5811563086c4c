// Every weight of a model as one flat fp32 array, cut into the tensors that Hugging Face files hold. The optimiser, the
// gradient norm and checkpoints see the flat array; layers see fused matrices that are consecutive tensors of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"

namespace hone {

/// One tensor as a Hugging Face file names it.
struct Parameter {
  std::string name;            // e.g. model.layers.0.self_attn.q_proj.weight
  std::vector<int64_t> shape;  // [n] or [rows, cols]
  int64_t offset = 0;          // into the flat array
  int64_t count = 0;
  bool decay = false;  // weight decay applies (matrices only)
};

/// All tensors of a model in layout order: vectors (norms and biases) first, then matrices; q, k, v and gate, up of a
/// layer stand next to each other, so that a fused matrix is one slice.
std::vector<Parameter> list_parameters(const ModelConfig& config);

/// Sum of the counts.
int64_t total_count(const std::vector<Parameter>& parameters);
/// Count of the vectors at the front.
int64_t vector_count(const std::vector<Parameter>& parameters);

}  // namespace hone
