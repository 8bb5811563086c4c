#include "stage/stage_state.h"

#include <sys/resource.h>

#include "base/check.h"
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
  Stopwatch watch;
  state["step"] = step;
  state["updates"] = trainer.updates();
  std::vector<CheckpointTensor> tensors;
  if (context.comm.is_main()) {
    tensors = trainer.tensors();
    if (!reference.empty()) tensors.push_back({"reference", {static_cast<int64_t>(reference.size())}, reference});
  }
  save_checkpoint(context.stage_dir / "checkpoints", step, tensors, state, context.comm, {.save_total_limit = keep});
  if (context.metrics) context.metrics->log(context.name, step, {{"timing_s/save", watch.lap()}});
}

double peak_rss_gb() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024e-9;
}

}  // namespace hone
