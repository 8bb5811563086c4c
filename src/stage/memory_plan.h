// How a training stage is cut so that its peak memory stays within `memory_budget_gb`. Nothing here changes a gradient.
#pragma once

#include <string>

#include "hone/recipe.h"
#include "model/config.h"
#include "ops/weights.h"

namespace hone {

/// What a stage asks of the plan beside its model.
struct MemoryNeeds {
  int64_t longest_sequence = 0;  // tokens of one sequence at most: it must fit into a micro-batch
  bool reference_model = false;  // a frozen second copy of the weights
  bool rollouts = false;         // keys and values of the engine, alive while no activations are
};

struct MemoryPlan {
  int64_t max_tokens = 1536;      // packed tokens of a micro-batch
  int64_t recomputed_blocks = 0;  // of the decoder: only their input is kept for the backward pass
  double kv_memory_gb = 4;        // the engine's pages at most
  double state_gb = 0;            // weights, gradients, moments, compute copies
  double activations_gb = 0;      // of a full micro-batch
};

/// The largest micro-batch that fits, with as few recomputed blocks as possible. Error(recipe) for a budget that the
/// training state or the longest sequence alone exceeds. Without a budget: the recipe's numbers, or the defaults.
MemoryPlan plan_memory(const Recipe& recipe, const BatchConfig& batch, const ModelConfig& model, Type type,
                       const MemoryNeeds& needs);

/// One line for a person.
std::string describe(const MemoryPlan& plan, const ModelConfig& model);

/// Bytes of fp32 weights, gradients and two moments, and the compute copy.
double training_state_bytes(const ModelConfig& model, Type type);
/// Bytes that one packed token keeps until the backward pass.
double activation_bytes_per_token(const ModelConfig& model, Type type, int64_t recomputed_blocks);

}  // namespace hone
