// How a training stage is cut so that its peak memory stays within `memory_budget_gb`. Nothing here changes a gradient.
#pragma once

#include <string>

#include "hone/recipe.h"
#include "model/config.h"
#include "ops/weights.h"
#include "rollout/engine.h"

namespace hone {

/// What a stage asks of the plan beside its model.
struct MemoryNeeds {
  int64_t longest_sequence = 0;  // tokens of one sequence at most: it must fit into a micro-batch
  bool reference_model = false;  // a frozen second copy of the weights
  bool rollouts = false;         // keys and values of the engine, alive while no activations are
};

struct MemoryPlan {
  int64_t max_tokens = 1536;                           // packed tokens of a micro-batch
  int64_t recomputed_blocks = 0;                       // of the decoder: only their input is kept for the backward pass
  double state_gb = 0;                                 // weights, gradients, moments, compute copies
  double activations_gb = 0;                           // of a full micro-batch
  double kv_memory_gb = EngineOptions{}.kv_memory_gb;  // the engine's pages at most
};

/// The largest micro-batch that fits, with as few recomputed blocks as possible. Error(recipe) for a budget that the
/// training state or the longest sequence alone exceeds. Without a budget: the recipe's numbers, or the defaults.
MemoryPlan plan_memory(const Recipe& recipe, const BatchConfig& batch, const ModelConfig& model, Type type,
                       const MemoryNeeds& needs);

/// What the budget leaves for the engine's keys and values beside `state_bytes` of weights and training state; without
/// a budget the engine's default.
double kv_memory_gb(const Recipe& recipe, double state_bytes);

/// One line for a person.
std::string describe(const MemoryPlan& plan, const ModelConfig& model);

/// Bytes of fp32 weights, gradients and two moments, and the compute copy.
double training_state_bytes(const ModelConfig& model, Type type);
/// Bytes that one packed token keeps until the backward pass.
double activation_bytes_per_token(const ModelConfig& model, Type type, int64_t recomputed_blocks);

}  // namespace hone
