#include "stage/stage_state.h"

#include <sys/resource.h>

#include "base/check.h"
#include "base/log.h"
#include "report/sample_writer.h"

namespace hone {

std::optional<Checkpoint> resume_stage(const StageContext& context, Trainer& trainer, const std::string& data) {
  const std::filesystem::path folder = context.stage_dir / "checkpoints";
  if (context.comm.is_main()) remove_stale_saves(folder);
  context.comm.barrier();
  std::optional<Checkpoint> checkpoint = load_latest(folder);
  const int64_t step = checkpoint ? checkpoint->step() : -1;
  if (context.metrics) {
    context.metrics->resume(context.name, step);
    drop_samples_after(context.run_dir, context.name, step);
  }
  if (!checkpoint) return std::nullopt;
  HONE_CHECK(checkpoint->state().at("data") == data, ErrorKind::recipe,
             "stage '{}': its data changed since step {}; restart the stage with --restart-from {}", context.name, step,
             context.name);
  trainer.load(*checkpoint, checkpoint->state().at("updates").get<int64_t>());
  if (context.console) context.console->note(fmt::format("stage {}: continuing after step {}", context.name, step));
  return checkpoint;
}

void save_stage(const StageContext& context, const Trainer& trainer, int64_t step, nlohmann::json state, int64_t keep,
                std::span<const float> reference) {
  if (context.console) context.console->pause_phase("saving", 0, 0);
  state["step"] = step;
  state["updates"] = trainer.updates();
  std::vector<CheckpointTensor> tensors;
  if (context.comm.is_main()) {
    tensors = trainer.tensors();
    if (!reference.empty()) tensors.push_back({"reference", {static_cast<int64_t>(reference.size())}, reference});
  }
  save_checkpoint(context.stage_dir / "checkpoints", step, tensors, state, context.comm, {.save_total_limit = keep});
}

double peak_rss_gb() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024e-9;
}

double training_state_bytes(const ModelConfig& model, Type type) {
  const double n = static_cast<double>(total_count(list_parameters(model)));
  return n *
         (16 + static_cast<double>(kernels::element_size(type)));  // fp32 weights, gradients, two moments; compute copy
}

double activation_bytes_per_token(const ModelConfig& c, Type type, bool checkpoint_blocks) {
  const double e = static_cast<double>(kernels::element_size(type));
  const double q = static_cast<double>(c.heads * c.head_dim), kv = static_cast<double>(c.kv_heads * c.head_dim);
  const double hidden = static_cast<double>(c.hidden), ffn = static_cast<double>(c.ffn);
  // Inputs of the two norms, q, attention output, keys and values in pages (a short sequence fills half of its last
  // one), gate and up; one block's worth of temporaries on top.
  const double kept = 8 * hidden + 2 * e * q + 4 * e * kv + 2 * e * ffn + (c.qk_norm ? 4 * (q + 2 * kv) : 0);
  const double passing = 4 * (q + 2 * kv) + 8 * hidden + 3 * e * ffn;
  const double layers = static_cast<double>(c.layers);
  return (checkpoint_blocks ? 4 * hidden * layers + kept : kept * layers) + passing + 3 * 4 * hidden;
}

BatchPlan plan_batches(const Recipe& recipe, const BatchConfig& batch, const ModelConfig& model, Type type) {
  BatchPlan plan;
  plan.checkpoint_blocks = batch.gradient_checkpointing == "on";
  if (batch.max_tokens_per_micro_batch > 0) plan.max_tokens = batch.max_tokens_per_micro_batch;
  if (recipe.memory_budget_gb <= 0) return plan;
  const double left =
      recipe.memory_budget_gb * 1e9 - training_state_bytes(model, type) - 0.4e9;  // libraries and buffers
  const auto fits = [&](bool checkpoint) {
    return static_cast<int64_t>(left / activation_bytes_per_token(model, type, checkpoint));
  };
  if (batch.gradient_checkpointing == "auto" && fits(false) < std::max<int64_t>(512, batch.max_tokens_per_micro_batch))
    plan.checkpoint_blocks = true;
  const int64_t most = fits(plan.checkpoint_blocks);
  HONE_CHECK(
      most >= 64, ErrorKind::recipe,
      "memory_budget_gb {}: the training state alone needs {:.2f} GB; raise the budget or choose a smaller model",
      recipe.memory_budget_gb, (training_state_bytes(model, type) + 0.4e9) * 1e-9);
  if (batch.max_tokens_per_micro_batch == 0)
    plan.max_tokens = std::min<int64_t>(most, 8192);
  else if (batch.max_tokens_per_micro_batch > most)
    log_warn("max_tokens_per_micro_batch {} needs more than memory_budget_gb {}; {} tokens would fit",
             batch.max_tokens_per_micro_batch, recipe.memory_budget_gb, most);
  return plan;
}

}  // namespace hone
