#include "stage/sft.h"

#include <cmath>

#include "base/check.h"
#include "hone/data.h"
#include "stage/evaluate.h"
#include "stage/memory_plan.h"
#include "stage/prompts.h"
#include "stage/stage_state.h"

namespace hone {
namespace {

/// Sums over trained tokens of one optimiser step; all ranks' are added.
struct SftSums {
  double loss = 0, tokens = 0, correct = 0, entropy = 0, batch_tokens = 0;
};

int64_t count_trained(const std::vector<MicroBatch>& batches) {
  int64_t n = 0;
  for (const MicroBatch& b : batches) n += static_cast<int64_t>(b.tokens.targets.size());
  return n;
}

/// Mean negative log-likelihood: every token weighs the same, or every sequence. One denominator for the whole step.
SftSums accumulate(const Policy& policy, const MicroBatch& batch, const std::string& normalization, double denominator,
                   int64_t recomputed_blocks) {
  const HeadOutput out = policy.logprobs(batch.tokens, 1.f, recomputed_blocks);
  const int64_t n = out.logp.size(0);
  const at::Tensor weight = at::ones({n}, at::kFloat);
  if (normalization == "sequence") {
    int64_t at = 0;
    for (const int64_t length : batch.lengths) {
      weight.slice(0, at, at + length).fill_(1.0 / static_cast<double>(length));
      at += length;
    }
  }
  const at::Tensor loss = -(out.logp * weight).sum() / denominator;
  loss.backward();
  return {loss.item<double>(), static_cast<double>(n), out.correct.sum().item<double>(),
          out.entropy.detach().sum(at::kDouble).item<double>(), static_cast<double>(batch.tokens.ids.size())};
}

}  // namespace

StageEnd run_sft(const SftConfig& config, const StageContext& ctx) {
  const std::vector<Record> records = load_records(config.data);
  const std::vector<SftExample> examples = make_examples(records, config, ctx.chat, ctx.policy.config().max_positions);
  const int64_t count = static_cast<int64_t>(examples.size());
  const int64_t steps = config.max_steps > 0
                            ? config.max_steps
                            : std::max<int64_t>(1, std::llround(config.num_train_epochs * static_cast<double>(count) /
                                                                static_cast<double>(config.train_batch_size)));
  const MemoryPlan plan = plan_memory(ctx.recipe, config.batch, ctx.policy.config(), ctx.policy.type(),
                                      {.longest_sequence = most_tokens(examples)});
  if (ctx.console) ctx.console->note(describe(plan, ctx.policy.config()));
  std::optional<Evaluator> evaluator;
  if (config.eval) evaluator.emplace(ctx, *config.eval, config.sampling, config.rewards);

  Trainer trainer(ctx.policy, config.optim, steps, ctx.comm);
  const std::string data_print = fingerprint(records);
  DataCursor cursor;
  int64_t step = 0;
  double seen_tokens = 0;
  if (const auto checkpoint = resume_stage(ctx, trainer, data_print)) {
    step = checkpoint->step();
    cursor = {checkpoint->state().at("epoch"), checkpoint->state().at("offset")};
    seen_tokens = checkpoint->state().at("num_tokens");
  }
  EpochSampler sampler(count, static_cast<uint64_t>(ctx.recipe.seed), cursor);
  const auto save = [&] {
    save_stage(ctx, trainer, step,
               {{"data", data_print},
                {"epoch", sampler.cursor().epoch},
                {"offset", sampler.cursor().offset},
                {"num_tokens", seen_tokens}},
               config.save_total_limit);
  };
  if (ctx.console) ctx.console->start_stage(ctx.name, steps, sft_columns(), step);
  if (evaluator && step == 0) evaluator->run(0);

  while (step < steps) {
    Stopwatch watch;
    // All ranks draw the same records; each trains on its share of them.
    const std::vector<int64_t> drawn = sampler.next(std::min(config.train_batch_size, std::max<int64_t>(count, 1)));
    const Share share = share_of(static_cast<int64_t>(drawn.size()), ctx.comm);
    std::vector<SftExample> mine;
    for (int64_t i = share.first; i < share.last; ++i)
      mine.push_back(examples[static_cast<size_t>(drawn[static_cast<size_t>(i)])]);
    const std::vector<MicroBatch> batches = pack_examples(mine, plan.max_tokens);
    const double tokens = ctx.comm.all_reduce_sum(static_cast<double>(count_trained(batches)));
    const double denominator = config.loss_normalization == "sequence" ? static_cast<double>(drawn.size()) : tokens;
    trainer.zero_gradients();
    SftSums sums;
    for (size_t b = 0; b < batches.size(); ++b) {
      if (ctx.console) ctx.console->phase("training", static_cast<int64_t>(b), static_cast<int64_t>(batches.size()));
      const SftSums part =
          accumulate(ctx.policy, batches[b], config.loss_normalization, denominator, plan.recomputed_blocks);
      sums.loss += part.loss, sums.tokens += part.tokens, sums.correct += part.correct;
      sums.entropy += part.entropy, sums.batch_tokens += part.batch_tokens;
    }
    const UpdateResult update = trainer.update();
    for (double* x : {&sums.loss, &sums.tokens, &sums.correct, &sums.entropy, &sums.batch_tokens})
      *x = ctx.comm.all_reduce_sum(*x);
    seen_tokens += sums.batch_tokens;
    ++step;
    const double seconds = watch.lap();
    const double epoch = static_cast<double>(sampler.cursor().epoch) +
                         static_cast<double>(sampler.cursor().offset) / static_cast<double>(count);
    const Metrics metrics = {{"loss", sums.loss},
                             {"mean_token_accuracy", sums.correct / sums.tokens},
                             {"entropy", sums.entropy / sums.tokens},
                             {"grad_norm", update.grad_norm},
                             {"learning_rate", update.learning_rate},
                             {"num_tokens", seen_tokens},
                             {"epoch", epoch},
                             {"step_time", seconds},
                             {"perf/train_tok_per_s", sums.batch_tokens / seconds},
                             {"perf/peak_rss_gb", ctx.comm.all_reduce_max(peak_rss_gb())}};
    if (ctx.metrics) ctx.metrics->log(ctx.name, step, metrics);
    if (ctx.console) ctx.console->step(step, metrics);
    if (evaluator && config.eval->eval_steps > 0 && step % config.eval->eval_steps == 0 && step < steps)
      evaluator->run(step);
    const bool stop = ctx.stop_requested && ctx.stop_requested();
    if (stop || step == steps || (config.save_steps > 0 && step % config.save_steps == 0)) save();
    if (stop && step < steps) return StageEnd::stopped;
  }
  if (evaluator) evaluator->run(steps);
  if (ctx.console) ctx.console->finish();
  return StageEnd::done;
}

}  // namespace hone
