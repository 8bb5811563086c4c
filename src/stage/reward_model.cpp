#include "stage/reward_model.h"

#include <cmath>

#include "base/check.h"
#include "stage/memory_plan.h"
#include "stage/preferences.h"
#include "stage/stage_state.h"

namespace hone {
namespace {

/// Sums over records; all ranks' are added.
struct Tally {
  double records = 0, loss = 0;
  double right = 0;   // a tie counts half
  double margin = 0;  // reward of the better response minus that of the worse one
  double reward = 0;  // of all responses
  double longer = 0;  // pairs whose better response is the longer one; a tie counts half
  double good = 0;    // labelled responses that are good
  double tokens = 0;

  void add(const Tally& other) {
    for (const auto member : kMembers) this->*member += other.*member;
  }
  void sum_ranks(Comm& comm) {
    for (const auto member : kMembers) this->*member = comm.all_reduce_sum(this->*member);
  }

 private:
  static constexpr double Tally::*kMembers[] = {&Tally::records, &Tally::loss,   &Tally::right, &Tally::margin,
                                                &Tally::reward,  &Tally::longer, &Tally::good,  &Tally::tokens};
};

double half_if_tied(double difference) { return difference > 0 ? 1 : difference < 0 ? 0 : 0.5; }

/// Loss and counts of one micro-batch; the loss is differentiable and not yet divided.
std::pair<at::Tensor, Tally> judge(const Policy& policy, const std::vector<Preference>& items,
                                   const PreferenceBatch& batch, double center, int64_t recomputed_blocks) {
  const at::Tensor rewards = policy.scores(batch.tokens, recomputed_blocks);
  const bool pairs = items.front().is_pair();
  std::vector<float> side;  // margins or labels
  for (const int64_t i : batch.items) {
    const Preference& item = items[static_cast<size_t>(i)];
    side.push_back(pairs ? static_cast<float>(item.margin) : item.good ? 1.f : 0.f);
  }
  const at::Tensor extra = at::tensor(side, at::kFloat);
  at::Tensor loss = pairs ? pair_loss(rewards, extra, center) : label_loss(rewards, extra);
  Tally tally;
  tally.records = static_cast<double>(batch.items.size());
  tally.loss = loss.item<double>();
  tally.tokens = static_cast<double>(batch.tokens.ids.size());
  const at::Tensor values = rewards.detach().contiguous();
  const float* r = values.const_data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); ++i) tally.reward += r[i];
  for (size_t i = 0; i < batch.items.size(); ++i) {
    const Preference& item = items[static_cast<size_t>(batch.items[i])];
    const double margin = pairs ? static_cast<double>(r[2 * i]) - r[2 * i + 1] : item.good ? r[i] : -r[i];
    tally.right += half_if_tied(margin);
    tally.margin += margin;
    tally.longer += half_if_tied(static_cast<double>(item.chosen_length - item.rejected_length));
    tally.good += item.good ? 1 : 0;
  }
  return {std::move(loss), tally};
}

/// Held-out records: how often the better response gets the higher reward (a labelled one: the right sign), beside
/// what knows nothing but lengths (always the longer or always the shorter response, whichever is right more often) or,
/// for labels, the commoner label.
void evaluate(const std::vector<Preference>& items, const std::vector<int64_t>& held_out, const MemoryPlan& plan,
              double center, const StageContext& ctx, int64_t step) {
  const at::NoGradGuard no_graph;
  const Share share = share_of(static_cast<int64_t>(held_out.size()), ctx.comm);
  Tally sums;
  for (const PreferenceBatch& batch :
       pack_preferences(items, {held_out.begin() + share.first, held_out.begin() + share.last}, plan.max_tokens))
    sums.add(judge(ctx.policy, items, batch, center, 0).second);
  sums.sum_ranks(ctx.comm);
  const bool pairs = items.front().is_pair();
  const double n = sums.records, accuracy = sums.right / n, error = std::sqrt(accuracy * (1 - accuracy) / n);
  // The better of two rules that know nothing else: always one side.
  const double side = (pairs ? sums.longer : sums.good) / n, baseline = std::max(side, 1 - side);
  if (ctx.metrics)
    ctx.metrics->log(ctx.name, step,
                     {{"eval/loss", sums.loss / n},
                      {"eval/accuracy", accuracy},
                      {"eval/accuracy_stderr", error},
                      {pairs ? "eval/length_baseline" : "eval/label_baseline", baseline},
                      {"eval/margin", sums.margin / n},
                      {"eval/num_items", n}});
  if (ctx.console)
    ctx.console->note(fmt::format("eval {} step {}: {:.1f} % +- {:.1f} of {:.0f} held-out {} right; {} alone: {:.1f} %",
                                  ctx.name, step, 100 * accuracy, 100 * error, n, pairs ? "pairs" : "labels",
                                  pairs ? "length" : "the commoner label", 100 * baseline));
}

}  // namespace

at::Tensor pair_loss(const at::Tensor& rewards, const at::Tensor& margins, double center_rewards_coefficient) {
  const at::Tensor pairs = rewards.view({-1, 2}), chosen = pairs.select(1, 0), rejected = pairs.select(1, 1);
  at::Tensor loss = -at::log_sigmoid(chosen - rejected - margins).sum();
  if (center_rewards_coefficient > 0) loss = loss + center_rewards_coefficient * (chosen + rejected).square().sum();
  return loss;
}

at::Tensor label_loss(const at::Tensor& rewards, const at::Tensor& labels) {
  return -(labels * at::log_sigmoid(rewards) + (1 - labels) * at::log_sigmoid(-rewards)).sum();
}

StageEnd run_reward_model(const RewardModelConfig& config, const StageContext& ctx) {
  const std::vector<Record> records = load_records(config.data);
  const std::vector<Preference> items = make_preferences(records, config, ctx.chat, ctx.policy.config().max_positions);
  const auto seed = static_cast<uint64_t>(ctx.recipe.seed);

  // The same permutation decides what is held out and what length balancing leaves out.
  const std::vector<int64_t> order = epoch_order(static_cast<int64_t>(items.size()), seed, -1);
  const auto held = static_cast<std::ptrdiff_t>(std::llround(config.eval_fraction * static_cast<double>(items.size())));
  HONE_CHECK(held > 0 || config.eval_fraction == 0, ErrorKind::data,
             "eval_fraction {} of {} records is none; give more records or a larger share", config.eval_fraction,
             items.size());
  const std::vector<int64_t> held_out(order.begin(), order.begin() + held);
  std::vector<int64_t> train(order.begin() + held, order.end());
  const size_t all = train.size();
  if (config.balance_lengths) train = balance_lengths(items, train);
  HONE_CHECK(!train.empty(), ErrorKind::data,
             "no pair is left to train on: in all {} the longer response is the same one of the two; set "
             "balance_lengths: false, or give other data",
             all);
  const auto count = static_cast<int64_t>(train.size());

  const int64_t steps = config.max_steps > 0
                            ? config.max_steps
                            : std::max<int64_t>(1, std::llround(config.num_train_epochs * static_cast<double>(count) /
                                                                static_cast<double>(config.train_batch_size)));
  int64_t longest = 0;
  for (const Preference& item : items)
    longest = std::max(longest, static_cast<int64_t>(item.chosen.size() + item.rejected.size()));
  const MemoryPlan plan =
      plan_memory(ctx.recipe, config.batch, ctx.policy.config(), ctx.policy.type(), {.longest_sequence = longest});
  if (ctx.console) {
    ctx.console->note(describe(plan, ctx.policy.config()));
    ctx.console->note(fmt::format("{} records: {} held out, {} trained on, {} left out to balance lengths",
                                  items.size(), held, count, all - train.size()));
  }

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
  EpochSampler sampler(count, seed, cursor);
  const auto save = [&] {
    save_stage(ctx, trainer, step,
               {{"data", data_print},
                {"epoch", sampler.cursor().epoch},
                {"offset", sampler.cursor().offset},
                {"num_tokens", seen_tokens}},
               config.save_total_limit);
  };
  const auto evaluate_at = [&](int64_t at) {
    if (!held_out.empty()) evaluate(items, held_out, plan, config.center_rewards_coefficient, ctx, at);
  };
  if (ctx.console) ctx.console->start_stage(ctx.name, steps, reward_model_columns(), step);
  if (step == 0) evaluate_at(0);

  while (step < steps) {
    Stopwatch watch;
    // All ranks draw the same records; each trains on its share of them.
    std::vector<int64_t> drawn = sampler.next(std::min(config.train_batch_size, count));
    for (int64_t& i : drawn) i = train[static_cast<size_t>(i)];
    const Share share = share_of(static_cast<int64_t>(drawn.size()), ctx.comm);
    const std::vector<PreferenceBatch> batches =
        pack_preferences(items, {drawn.begin() + share.first, drawn.begin() + share.last}, plan.max_tokens);
    trainer.zero_gradients();
    Tally sums;
    for (size_t b = 0; b < batches.size(); ++b) {
      if (ctx.console) ctx.console->phase("training", static_cast<int64_t>(b), static_cast<int64_t>(batches.size()));
      const auto [loss, tally] =
          judge(ctx.policy, items, batches[b], config.center_rewards_coefficient, plan.recomputed_blocks);
      (loss / static_cast<double>(drawn.size())).backward();
      sums.add(tally);
    }
    const UpdateResult update = trainer.update();
    sums.sum_ranks(ctx.comm);
    seen_tokens += sums.tokens;
    ++step;
    const double seconds = watch.lap(), n = sums.records;
    const double epoch = static_cast<double>(sampler.cursor().epoch) +
                         static_cast<double>(sampler.cursor().offset) / static_cast<double>(count);
    const Metrics metrics = {{"loss", sums.loss / n},
                             {"accuracy", sums.right / n},
                             {"margin", sums.margin / n},
                             {"mean_reward", sums.reward / (items.front().is_pair() ? 2 * n : n)},
                             {"grad_norm", update.grad_norm},
                             {"learning_rate", update.learning_rate},
                             {"num_tokens", seen_tokens},
                             {"epoch", epoch},
                             {"step_time", seconds},
                             {"perf/train_tok_per_s", sums.tokens / seconds},
                             {"perf/peak_rss_gb", ctx.comm.all_reduce_max(peak_rss_gb())}};
    if (ctx.metrics) ctx.metrics->log(ctx.name, step, metrics);
    if (ctx.console) ctx.console->step(step, metrics);
    if (config.eval_steps > 0 && step % config.eval_steps == 0 && step < steps) evaluate_at(step);
    const bool stop = ctx.stop_requested && ctx.stop_requested();
    if (stop || step == steps || (config.save_steps > 0 && step % config.save_steps == 0)) save();
    if (stop && step < steps) return StageEnd::stopped;
  }
  evaluate_at(steps);
  if (ctx.console) ctx.console->finish();
  return StageEnd::done;
}

}  // namespace hone
