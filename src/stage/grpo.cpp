#include "stage/grpo.h"

#include <cmath>

#include "base/buffer.h"
#include "base/check.h"
#include "base/threads.h"
#include "hone/data.h"
#include "report/sample_writer.h"
#include "rollout/engine.h"
#include "stage/evaluate.h"
#include "stage/grpo_metrics.h"
#include "stage/memory_plan.h"
#include "stage/prompts.h"
#include "stage/stage_state.h"

namespace hone {
namespace {

/// Reference log-probs of every sample's tokens, by group and sample; empty without a KL term.
using ReferenceLogprobs = std::vector<std::vector<std::vector<float>>>;

/// What an accumulation needs beside the batch.
struct StepInputs {
  const std::vector<Group>& groups;
  const std::vector<float>& advantages;  // [samples] groups in order
  const ReferenceLogprobs& reference;
  int64_t num_generations;
};

float logprob_temperature(const SamplingConfig& sampling) { return static_cast<float>(sampling.temperature); }

/// Samples that take part in the loss: scored, and not cut off where cut-off ones are masked.
std::vector<SampleRef> trained_samples(const std::vector<Group>& groups, const GrpoConfig& config) {
  std::vector<SampleRef> refs;
  for (size_t g = 0; g < groups.size(); ++g)
    for (size_t s = 0; s < groups[g].samples.size(); ++s) {
      const Sample& sample = groups[g].samples[s];
      if (has_usable_reward(sample) && trained_length(sample, config.mask_truncated_completions) > 0)
        refs.push_back({static_cast<int32_t>(g), static_cast<int32_t>(s)});
    }
  return refs;
}

ReferenceLogprobs reference_logprobs(const Policy& reference, const std::vector<Group>& groups,
                                     const GrpoConfig& config, int64_t max_tokens) {
  ReferenceLogprobs out(groups.size());
  std::vector<SampleRef> all;
  for (size_t g = 0; g < groups.size(); ++g) {
    out[g].resize(groups[g].samples.size());
    for (size_t s = 0; s < groups[g].samples.size(); ++s)
      all.push_back({static_cast<int32_t>(g), static_cast<int32_t>(s)});
  }
  const at::NoGradGuard no_graph;
  for (const MicroBatch& batch : pack_samples(groups, all, max_tokens)) {
    const at::Tensor logp = reference.logprobs(batch.tokens, logprob_temperature(config.sampling)).logp;
    const float* at = logp.const_data_ptr<float>();
    for (size_t i = 0; i < batch.samples.size(); ++i) {
      const SampleRef ref = batch.samples[i];
      out[static_cast<size_t>(ref.group)][static_cast<size_t>(ref.sample)].assign(at, at + batch.lengths[i]);
      at += batch.lengths[i];
    }
  }
  return out;
}

/// KL in the reward: each sample's reward loses beta times the KL estimate summed over its tokens.
void penalise_rewards(std::vector<Group>& groups, const ReferenceLogprobs& reference, const LossConfig& loss) {
  for (size_t g = 0; g < groups.size(); ++g)
    for (size_t s = 0; s < groups[g].samples.size(); ++s) {
      Sample& sample = groups[g].samples[s];
      const at::Tensor kl = kl_penalty(at::tensor(sample.logp), at::tensor(reference[g][s]), loss.kl_estimator);
      sample.reward -= static_cast<float>(loss.beta * kl.sum(at::kDouble).item<double>());
    }
}

/// A frozen policy of other weights than the current ones, which are left as they were.
std::unique_ptr<Policy> freeze_weights(Policy& policy, std::vector<float>& weights) {
  const int64_t version = policy.version();
  std::swap_ranges(weights.begin(), weights.end(), policy.weights().begin());
  policy.repack(version);
  std::unique_ptr<Policy> frozen = policy.freeze();
  std::swap_ranges(weights.begin(), weights.end(), policy.weights().begin());
  policy.repack(version);
  return frozen;
}

LossInputs loss_inputs(const MicroBatch& batch, const HeadOutput& out, const StepInputs& in, bool kl_in_loss) {
  std::vector<float> old, reference, advantages;
  for (size_t i = 0; i < batch.samples.size(); ++i) {
    const size_t g = static_cast<size_t>(batch.samples[i].group), s = static_cast<size_t>(batch.samples[i].sample);
    const Sample& sample = in.groups[g].samples[s];
    old.insert(old.end(), sample.logp.begin(), sample.logp.end());
    advantages.insert(advantages.end(), sample.ids.size(),
                      in.advantages[g * static_cast<size_t>(in.num_generations) + s]);
    if (kl_in_loss) reference.insert(reference.end(), in.reference[g][s].begin(), in.reference[g][s].end());
  }
  LossInputs inputs;
  inputs.logp = out.logp;
  inputs.logp_old = at::tensor(old);
  if (kl_in_loss) inputs.logp_ref = at::tensor(reference);
  inputs.advantages = at::tensor(advantages);
  inputs.entropy = out.entropy;
  inputs.lengths = batch.lengths;
  return inputs;
}

}  // namespace

StageEnd run_grpo(const GrpoConfig& config, const StageContext& ctx) {
  const std::vector<Record> records = load_records(config.data);
  const std::vector<Prompt> prompts = make_prompts(records, config.data, ctx.chat, ctx.policy.config().max_positions);
  const int64_t count = static_cast<int64_t>(prompts.size());
  const int64_t steps = config.max_steps > 0
                            ? config.max_steps
                            : std::max<int64_t>(1, std::llround(config.num_train_epochs * static_cast<double>(count) /
                                                                static_cast<double>(config.num_prompts_per_step)));
  const int64_t updates_per_step = config.num_mini_batches * config.num_iterations;
  const bool use_reference = config.loss.beta > 0, kl_in_loss = use_reference && config.loss.kl_place == "loss";
  const MemoryPlan plan = plan_memory(ctx.recipe, config.batch, ctx.policy.config(), ctx.policy.type(),
                                      {.longest_sequence = most_tokens(prompts) + config.sampling.max_completion_length,
                                       .reference_model = use_reference,
                                       .rollouts = true});
  if (ctx.console) ctx.console->note(describe(plan, ctx.policy.config()));

  Engine engine(ctx.policy, {.max_running_sequences = config.max_running_sequences, .kv_memory_gb = plan.kv_memory_gb});
  RewardPool pool(config.rewards, ctx.rewards, num_threads(), config.reward_timeout_s);
  std::optional<Evaluator> evaluator;
  if (config.eval) evaluator.emplace(ctx, *config.eval, config.sampling, config.rewards);
  std::unique_ptr<Policy> reference = use_reference ? ctx.policy.freeze() : nullptr;  // before a checkpoint is loaded
  Trainer trainer(ctx.policy, config.optim, steps * updates_per_step, ctx.comm);

  const std::string data_print = fingerprint(records);
  DataCursor cursor;
  int64_t step = 0;
  double seen_tokens = 0;
  std::vector<float> reference_weights;  // fp32, only of a reference that was renewed: a checkpoint must hold it
  if (const auto checkpoint = resume_stage(ctx, trainer, data_print)) {
    step = checkpoint->step();
    cursor = {checkpoint->state().at("epoch"), checkpoint->state().at("offset")};
    seen_tokens = checkpoint->state().at("num_tokens");
    if (use_reference && checkpoint->has("reference")) {
      reference_weights.resize(ctx.policy.weights().size());
      checkpoint->read("reference", reference_weights);
      reference = freeze_weights(ctx.policy, reference_weights);
    }
  }
  EpochSampler sampler(count, static_cast<uint64_t>(ctx.recipe.seed), cursor);
  if (ctx.console)
    ctx.console->start_stage(ctx.name, steps, grpo_columns("rewards/" + accuracy_part(config.rewards) + "/mean"), step);
  if (evaluator && step == 0) evaluator->run(0);

  while (step < steps) {
    GrpoStep now;
    Stopwatch watch, whole;
    release_free_heap();  // the last update's activations make room for keys and values
    // Rollout: every rank samples its share of the prompts; scoring runs beside decoding.
    const std::vector<int64_t> drawn = sampler.next(config.num_prompts_per_step);
    const Share share = share_of(config.num_prompts_per_step, ctx.comm);
    std::vector<Prompt> mine;
    for (int64_t i = share.first; i < share.last; ++i)
      mine.push_back(prompts[static_cast<size_t>(drawn[static_cast<size_t>(i)])]);
    pool.set_step(step);
    GenerateHooks hooks;
    hooks.finished = [&](Group& g, size_t i) { pool.submit(g.prompt, g.samples[i]); };
    hooks.progress = [&](int64_t done, int64_t all, int64_t) {
      if (ctx.console) ctx.console->phase("rollout", done, all);
    };
    std::vector<Group> groups =
        engine.generate(std::move(mine), config.num_generations, config.sampling,
                        {static_cast<uint64_t>(ctx.recipe.seed), static_cast<uint64_t>(step)}, hooks);
    now.generate_s = watch.lap();
    pool.wait();
    now.reward_wait_s = watch.lap();

    ReferenceLogprobs ref_logp;
    if (use_reference) ref_logp = reference_logprobs(*reference, groups, config, plan.max_tokens);
    if (use_reference && !kl_in_loss) penalise_rewards(groups, ref_logp, config.loss);
    now.reference_s = watch.lap();

    // Advantages compare the samples of a prompt.
    const RewardStatistics statistics = all_statistics(groups, ctx.comm);
    const std::vector<float> advantages = group_advantages(
        groups, {.scale_rewards = config.scale_rewards, .baseline = config.baseline}, statistics.std());
    const std::vector<SampleRef> refs = trained_samples(groups, config);
    const StepInputs inputs{groups, advantages, ref_logp, config.num_generations};

    // Updates: one denominator for each, over all micro-batches and ranks.
    for (int64_t u = 0; u < updates_per_step; ++u) {
      const int64_t part = u % config.num_mini_batches, n = static_cast<int64_t>(refs.size());
      const std::span<const SampleRef> chosen = std::span(refs).subspan(
          static_cast<size_t>(n * part / config.num_mini_batches),
          static_cast<size_t>(n * (part + 1) / config.num_mini_batches - n * part / config.num_mini_batches));
      const std::vector<MicroBatch> batches = pack_samples(groups, chosen, plan.max_tokens);
      TokenCounts counts;
      for (const MicroBatch& b : batches) counts += count_tokens(b.lengths);
      counts.tokens = ctx.comm.all_reduce_sum(counts.tokens);
      counts.sequences = ctx.comm.all_reduce_sum(counts.sequences);
      if (counts.tokens == 0) continue;  // nothing could be scored: nothing to learn from
      const double denominator = loss_denominator(config.loss.loss_type, counts, config.sampling.max_completion_length);
      trainer.zero_gradients();
      for (size_t b = 0; b < batches.size(); ++b) {
        if (ctx.console)
          ctx.console->phase("training", u * static_cast<int64_t>(batches.size()) + static_cast<int64_t>(b),
                             updates_per_step * static_cast<int64_t>(batches.size()));
        const HeadOutput out =
            ctx.policy.logprobs(batches[b].tokens, logprob_temperature(config.sampling), plan.recomputed_blocks);
        const LossInputs in = loss_inputs(batches[b], out, inputs, kl_in_loss);
        if (u == 0 && ctx.recipe.exactness != "off") {  // the weights are still those that sampled
          const Mismatch m = compare_logprobs(in.logp.detach(), in.logp_old, batches[b], groups, ctx.recipe.exactness);
          now.mismatch.max_abs_diff = std::max(now.mismatch.max_abs_diff, m.max_abs_diff);
          now.mismatch.differing += m.differing, now.mismatch.tokens += m.tokens;
        }
        const LossOutput loss = policy_loss(in, config.loss, denominator);
        loss.loss.backward();
        now.loss += loss.metrics;
        now.train_tokens += static_cast<double>(batches[b].tokens.ids.size());
      }
      const UpdateResult update = trainer.update();
      now.grad_norm = update.grad_norm, now.learning_rate = update.learning_rate;
      ++now.updates;
    }
    ++step;
    if (config.ref_model_sync_steps > 0 && step % config.ref_model_sync_steps == 0) {
      reference = ctx.policy.freeze();
      reference_weights.assign(ctx.policy.weights().begin(), ctx.policy.weights().end());
    }

    double tokens = 0;
    for (const Group& g : groups)
      for (const Sample& s : g.samples) tokens += static_cast<double>(g.prompt.ids.size() + s.ids.size());
    seen_tokens += ctx.comm.all_reduce_sum(tokens);
    now.num_tokens = seen_tokens;
    now.epoch = static_cast<double>(sampler.cursor().epoch) +
                static_cast<double>(sampler.cursor().offset) / static_cast<double>(count);
    now.update_s = watch.lap(), now.step_s = whole.lap();
    const Metrics metrics = grpo_metrics(now, groups, statistics, config, ctx.comm);
    if (ctx.metrics) {
      ctx.metrics->log(ctx.name, step, metrics);
      write_samples(ctx.run_dir, ctx.name, step, groups, config.log_completions);
    }
    if (ctx.console) ctx.console->step(step, metrics);
    if (evaluator && config.eval->eval_steps > 0 && step % config.eval->eval_steps == 0 && step < steps)
      evaluator->run(step);
    const bool stop = ctx.stop_requested && ctx.stop_requested();
    if (stop || step == steps || (config.save_steps > 0 && step % config.save_steps == 0)) {
      save_stage(ctx, trainer, step,
                 {{"data", data_print},
                  {"epoch", sampler.cursor().epoch},
                  {"offset", sampler.cursor().offset},
                  {"num_tokens", seen_tokens}},
                 config.save_total_limit, reference_weights);
    }
    if (stop && step < steps) return StageEnd::stopped;
  }
  if (evaluator) evaluator->run(steps);
  if (ctx.console) ctx.console->finish();
  return StageEnd::done;
}

}  // namespace hone
