#include "stage/memory_plan.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "model/parameters.h"

namespace hone {
namespace {

constexpr double kProcessBytes = 0.45e9;    // libraries, tables, working memory of products; measured
constexpr int64_t kFullSpeedTokens = 1024;  // from about here a larger micro-batch is hardly faster
constexpr int64_t kMostTokens = 8192;

}  // namespace

double training_state_bytes(const ModelConfig& model, Type type) {
  const double n = static_cast<double>(total_count(list_parameters(model)));
  return n * (16 + static_cast<double>(kernels::element_size(type)));
}

double activation_bytes_per_token(const ModelConfig& c, Type type, int64_t recomputed_blocks) {
  const double e = static_cast<double>(kernels::element_size(type));
  const double q = static_cast<double>(c.heads * c.head_dim), kv = static_cast<double>(c.kv_heads * c.head_dim);
  const double hidden = static_cast<double>(c.hidden), ffn = static_cast<double>(c.ffn);
  // Inputs of the two norms, q, attention output, keys and values in pages (a short sequence fills half of its last
  // one), gate and up; one block's worth of temporaries on top.
  const double kept = 8 * hidden + 2 * e * q + 4 * e * kv + 2 * e * ffn + (c.qk_norm ? 4 * (q + 2 * kv) : 0);
  const double projection = 4 * (q + 2 * kv);
  const double passing = 8 * hidden + projection + std::max(3 * e * ffn, (e + 4 + 16) * q);
  const double recomputed = static_cast<double>(recomputed_blocks), layers = static_cast<double>(c.layers);
  return 4 * hidden * recomputed + kept * (layers - recomputed) + (recomputed_blocks > 0 ? kept : 0) + passing +
         3 * 4 * hidden;
}

double kv_memory_gb(const Recipe& recipe, double state_bytes) {
  if (recipe.memory_budget_gb <= 0) return EngineOptions{}.kv_memory_gb;
  return std::max(0.0, recipe.memory_budget_gb - 1e-9 * (state_bytes + kProcessBytes));
}

MemoryPlan plan_memory(const Recipe& recipe, const BatchConfig& batch, const ModelConfig& model, Type type,
                       const MemoryNeeds& needs) {
  MemoryPlan plan;
  double state = training_state_bytes(model, type);
  if (needs.reference_model)
    state += static_cast<double>(total_count(list_parameters(model)) * kernels::element_size(type));
  plan.state_gb = 1e-9 * state;
  if (batch.max_tokens_per_micro_batch > 0) plan.max_tokens = batch.max_tokens_per_micro_batch;
  if (batch.gradient_checkpointing == "on") plan.recomputed_blocks = model.layers;

  if (recipe.memory_budget_gb > 0) {
    const double left = recipe.memory_budget_gb * 1e9 - state - kProcessBytes;
    const auto fitting = [&](int64_t recomputed) {
      return static_cast<int64_t>(std::max(left, 0.0) / activation_bytes_per_token(model, type, recomputed));
    };
    const int64_t asked = batch.max_tokens_per_micro_batch;
    const int64_t wanted = std::max(asked > 0 ? asked : kFullSpeedTokens, needs.longest_sequence);
    if (batch.gradient_checkpointing == "auto")
      while (plan.recomputed_blocks < model.layers && fitting(plan.recomputed_blocks) < wanted)
        ++plan.recomputed_blocks;
    const int64_t most = fitting(plan.recomputed_blocks), least = std::max<int64_t>(64, needs.longest_sequence);
    HONE_CHECK(most >= least, ErrorKind::recipe,
               "memory_budget_gb {}: a micro-batch of {} tokens (the longest sequence) needs {:.2f} GB: {:.2f} GB of "
               "training state, {:.2f} GB for the process and its activations; raise the budget or shorten sequences",
               recipe.memory_budget_gb, least,
               1e-9 * (state + kProcessBytes +
                       static_cast<double>(least) * activation_bytes_per_token(model, type, plan.recomputed_blocks)),
               plan.state_gb, 1e-9 * kProcessBytes);
    if (asked > most)
      log_warn("max_tokens_per_micro_batch {} needs more than memory_budget_gb {}; {} tokens are taken", asked,
               recipe.memory_budget_gb, most);
    plan.max_tokens = std::min(most, asked > 0 ? asked : kMostTokens);
    if (needs.rollouts) plan.kv_memory_gb = kv_memory_gb(recipe, state);
  }
  plan.activations_gb =
      1e-9 * static_cast<double>(plan.max_tokens) * activation_bytes_per_token(model, type, plan.recomputed_blocks);
  return plan;
}

std::string describe(const MemoryPlan& plan, const ModelConfig& model) {
  const std::string recomputed =
      plan.recomputed_blocks == 0 ? ""
                                  : fmt::format(", {} of {} blocks recomputed", plan.recomputed_blocks, model.layers);
  return fmt::format("memory: {:.2f} GB weights, gradients and moments + {:.2f} GB activations of {} tokens{}",
                     plan.state_gb, plan.activations_gb, plan.max_tokens, recomputed);
}

}  // namespace hone
