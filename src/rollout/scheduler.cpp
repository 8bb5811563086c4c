#include "rollout/scheduler.h"

#include <algorithm>

namespace hone {

using kernels::kKvBlock;

Scheduler::Scheduler(const Policy& policy, const EngineOptions& options, const SamplingConfig& sampling, int64_t blocks,
                     std::vector<Group>& groups, EngineStats& stats)
    : policy_(policy), options_(options), stats_(stats), pool_(blocks) {
  for (Group& g : groups) waiting_.push_back(&g);
  // Longest first: the work that ends last starts first. Ties keep their order; no sample depends on it.
  std::stable_sort(waiting_.begin(), waiting_.end(),
                   [](const Group* a, const Group* b) { return a->prompt.ids.size() > b->prompt.ids.size(); });
}

void Scheduler::start_prompts() {
  // A prompt starts when its pages and one page for each of its samples are there, so that forking cannot starve.
  const auto load = [&] { return static_cast<int64_t>(running_.size() + preempted_.size()); };
  int64_t promised = load();
  for (const SharedPrompt& p : prompts_) promised += static_cast<int64_t>(p.group->samples.size() - p.started);
  while (!waiting_.empty() && preempted_.empty() && promised < options_.max_running_sequences) {
    Group* group = waiting_.front();
    const int64_t length = static_cast<int64_t>(group->prompt.ids.size());
    const int64_t samples = static_cast<int64_t>(group->samples.size());
    const int64_t first_forks = std::min(samples, options_.max_running_sequences);
    const bool idle = running_.empty() && prompts_.empty();
    if (pool_.free_count() < blocks_for(length) + first_forks && !idle) return;
    SharedPrompt& prompt = prompts_.emplace_back();
    prompt.group = group;
    for (int64_t b = 0; b < blocks_for(length); ++b) prompt.table.push_back(pool_.take());
    waiting_.pop_front();
    promised += samples;
  }
}

Forks Scheduler::fork() {
  Forks forks;
  for (SharedPrompt& p : prompts_) {
    while (!p.logits.empty() && p.started < p.group->samples.size() &&
           static_cast<int64_t>(running_.size()) < options_.max_running_sequences) {
      auto sequence = std::make_unique<Sequence>(p.group, p.started++, policy_.tokenizer());
      sequence->first_logits = p.logits.data();
      const int64_t length = static_cast<int64_t>(p.group->prompt.ids.size()), full = length / kKvBlock;
      for (int64_t b = 0; b < full; ++b) {
        pool_.share(p.table[static_cast<size_t>(b)]);
        sequence->table.push_back(p.table[static_cast<size_t>(b)]);
      }
      sequence->cached = full * kKvBlock;
      if (length > sequence->cached && pool_.free_count() > 0) {  // else these few positions are computed again
        sequence->table.push_back(pool_.take());
        forks.copies.emplace_back(p.table[static_cast<size_t>(full)], sequence->table.back());
        sequence->cached = length;
      }
      forks.sequences.push_back(sequence.get());
      running_.push_back(std::move(sequence));
    }
  }
  return forks;
}

bool Scheduler::reserve(Sequence& sequence, int64_t positions) {
  const int64_t missing = blocks_for(positions) - static_cast<int64_t>(sequence.table.size());
  if (missing > pool_.free_count()) return false;
  for (int64_t i = 0; i < missing; ++i) sequence.table.push_back(pool_.take());
  return true;
}

void Scheduler::preempt_last() {
  std::unique_ptr<Sequence> victim = std::move(running_.back());
  running_.pop_back();
  pool_.release_all(victim->table);
  victim->cached = 0;
  preempted_.push_front(std::move(victim));
  ++stats_.preemptions;
}

void Scheduler::add_rows(Step& step, const std::vector<int32_t>& table, int64_t first, int64_t count) {
  RowPlan& plan = *step.plan;
  for (int64_t position = first; position < first + count; ++position) {
    const int32_t row = static_cast<int32_t>(plan.positions.size());
    plan.positions.push_back(static_cast<int32_t>(position));
    plan.tables.push_back(table.data());
    plan.writes.push_back(
        {row, table[static_cast<size_t>(position / kKvBlock)], static_cast<int32_t>(position % kKvBlock)});
  }
}

Step Scheduler::next() {
  // Complete prompts whose samples have all forked give their pages back.
  for (auto it = prompts_.begin(); it != prompts_.end();) {
    if (it->started == it->group->samples.size()) {
      pool_.release_all(it->table);
      it = prompts_.erase(it);
    } else {
      ++it;
    }
  }
  while (!preempted_.empty() && static_cast<int64_t>(running_.size()) < options_.max_running_sequences &&
         pool_.free_count() > blocks_for(preempted_.front()->length()) + static_cast<int64_t>(running_.size()) / 8) {
    running_.push_back(std::move(preempted_.front()));
    preempted_.pop_front();
  }
  if (running_.empty() && !preempted_.empty()) {
    running_.push_back(std::move(preempted_.front()));
    preempted_.pop_front();
  }
  start_prompts();

  Step step;
  int64_t budget = options_.max_prefill_tokens;
  for (size_t i = 0; i < running_.size(); ++i) {
    Sequence& s = *running_[i];
    const int64_t length = s.length(), pending = length - s.cached;
    const int64_t rows = pending == 1 ? 1 : std::min(pending, std::max<int64_t>(1, budget));
    while (!reserve(s, s.cached + rows) && running_.size() > i + 1) preempt_last();
    if (static_cast<int64_t>(s.table.size()) < blocks_for(s.cached + rows)) {  // it is the last one itself
      HONE_CHECK(i > 0, ErrorKind::usage,
                 "the KV cache of {} pages is too small for one sequence of {} tokens; raise "
                 "kv_memory_gb or kv_blocks",
                 pool_.count(), length);
      preempt_last();
      break;
    }
    add_rows(step, s.table, s.cached, rows);
    for (int64_t p = s.cached; p < s.cached + rows; ++p) step.ids.push_back(s.token(p));
    s.cached += rows;
    if (rows > 1) step.prefill_tokens += rows, budget -= rows;
    if (s.cached == length) step.outputs.push_back({static_cast<int32_t>(step.ids.size()) - 1, &s, nullptr});
  }
  for (SharedPrompt& p : prompts_) {
    const auto& ids = p.group->prompt.ids;
    const int64_t rows = std::min(static_cast<int64_t>(ids.size()) - p.cached, budget);
    if (rows <= 0) continue;
    add_rows(step, p.table, p.cached, rows);
    step.ids.insert(step.ids.end(), ids.begin() + p.cached, ids.begin() + p.cached + rows);
    p.cached += rows;
    step.prefill_tokens += rows, budget -= rows;
    if (p.cached == static_cast<int64_t>(ids.size()))
      step.outputs.push_back({static_cast<int32_t>(step.ids.size()) - 1, nullptr, &p});
  }
  return step;
}

void Scheduler::finish(Sequence* sequence) {
  const auto it = std::find_if(running_.begin(), running_.end(), [&](const auto& s) { return s.get() == sequence; });
  HONE_ASSERT(it != running_.end());
  pool_.release_all((*it)->table);
  running_.erase(it);
}

}  // namespace hone
