#include "rollout/engine.h"

#include <algorithm>

#include "base/rng.h"
#include "base/threads.h"
#include "rollout/sampler.h"
#include "rollout/scheduler.h"

namespace hone {
namespace {

constexpr int64_t kLogitFloats = int64_t{4} << 20;  // logits held at a time: 16 MB

void check_prompts(const std::vector<Prompt>& prompts, const ModelConfig& config) {
  for (const Prompt& p : prompts) {
    HONE_CHECK(!p.ids.empty(), ErrorKind::data, "prompt {} is empty", p.id);
    HONE_CHECK(
        static_cast<int64_t>(p.ids.size()) < config.max_positions, ErrorKind::data,
        "prompt {} has {} tokens and leaves no room in the model's context of {}; shorten it, or drop such prompts "
        "with overlong_prompts: drop",
        p.id, p.ids.size(), config.max_positions);
    for (const int32_t id : p.ids)
      HONE_CHECK(id >= 0 && id < config.vocab, ErrorKind::data,
                 "prompt {}: token id {} is outside the vocabulary of {}", p.id, id, config.vocab);
  }
}

double uniform_of(const SampleKey& key, const Prompt& prompt, size_t sample, int64_t position) {
  const auto w =
      philox(mix_key(key.seed, key.step, static_cast<uint64_t>(prompt.id), sample), static_cast<uint64_t>(position), 0);
  return to_unit(w[0], w[1]);
}

/// One generate call: owns what lives as long as it.
class Generation {
 public:
  Generation(const Policy& policy, const EngineOptions& options, const SamplingConfig& sampling, SampleKey key,
             const GenerateHooks& hooks, std::vector<Group>& groups, EngineStats& stats)
      : policy_(policy),
        sampling_(sampling),
        key_(key),
        hooks_(hooks),
        stats_(stats),
        cache_(policy.make_cache(count_blocks(policy, options, sampling, groups))),
        scheduler_(policy, options, sampling, cache_.blocks, groups, stats) {
    for (const Group& g : groups) total_ += static_cast<int64_t>(g.samples.size());
  }

  void run() {
    while (!scheduler_.done()) {
      const Step step = scheduler_.next();
      if (!step.ids.empty()) forward(step);
      draw_first_tokens(scheduler_.fork());
      if (hooks_.progress) hooks_.progress(finished_, total_, stats_.decode_tokens);
    }
  }

 private:
  /// Enough for everything that can run at once, within the memory limit, but never less than one sequence needs.
  static int64_t count_blocks(const Policy& policy, const EngineOptions& options, const SamplingConfig& sampling,
                              const std::vector<Group>& groups) {
    const ModelConfig& c = policy.config();
    int64_t longest = 1, wanted = 0, sequences = 0;
    for (const Group& g : groups) {
      const int64_t prompt = static_cast<int64_t>(g.prompt.ids.size());
      const int64_t whole = std::min(prompt + sampling.max_completion_length, c.max_positions);
      longest = std::max(longest, blocks_for(whole) + blocks_for(prompt));
      const int64_t running =
          std::min<int64_t>(static_cast<int64_t>(g.samples.size()), options.max_running_sequences - sequences);
      if (running <= 0) continue;
      sequences += running;
      wanted += blocks_for(prompt) + running * (blocks_for(whole) - prompt / kernels::kKvBlock);
    }
    if (options.kv_blocks > 0) return options.kv_blocks;
    const kernels::KvLayout layout{policy.type(), c.kv_heads, c.head_dim};
    const double page = static_cast<double>(c.layers * (layout.k_block_bytes() + layout.v_block_bytes()));
    const int64_t limit = static_cast<int64_t>(options.kv_memory_gb * 1e9 / page);
    return std::max(longest + 1, std::min(wanted + longest + 8, limit));
  }

  void forward(const Step& step) {
    const Tensor hidden = policy_.hidden_states(step.ids, step.plan, cache_);
    ++stats_.forward_passes;
    stats_.prefill_tokens += step.prefill_tokens;
    const int64_t vocab = policy_.config().vocab;
    const size_t at_a_time = static_cast<size_t>(std::max<int64_t>(1, kLogitFloats / vocab));
    for (size_t begin = 0; begin < step.outputs.size(); begin += at_a_time) {
      const size_t end = std::min(step.outputs.size(), begin + at_a_time);
      std::vector<int32_t> rows;
      for (size_t i = begin; i < end; ++i) rows.push_back(step.outputs[i].row);
      const Tensor logits = policy_.logits(hidden, rows);
      std::vector<Sequence*> sequences;
      std::vector<const float*> of;
      for (size_t i = begin; i < end; ++i) {
        const float* row = floats(logits) + static_cast<int64_t>(i - begin) * vocab;
        if (SharedPrompt* prompt = step.outputs[i].prompt)
          prompt->logits.assign(row, row + vocab);
        else
          sequences.push_back(step.outputs[i].sequence), of.push_back(row);
      }
      draw(sequences, of);
    }
  }

  void draw_first_tokens(const Forks& forks) {
    copy_pages(forks.copies);
    std::vector<const float*> of;
    for (Sequence* s : forks.sequences) of.push_back(s->first_logits);
    draw(forks.sequences, of);
  }

  void copy_pages(const std::vector<std::pair<int32_t, int32_t>>& copies) {
    const kernels::KvLayout layout{policy_.type(), policy_.config().kv_heads, policy_.config().head_dim};
    const int64_t k = layout.k_block_bytes(), v = layout.v_block_bytes();
    parallel_for(static_cast<int64_t>(cache_.layers.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t l = begin; l < end; ++l)
        for (const auto& [from, to] : copies) {
          const KvStore& store = cache_.layers[static_cast<size_t>(l)];
          std::copy_n(store.k + from * k, k, store.k + to * k);
          std::copy_n(store.v + from * v, v, store.v + to * v);
        }
    });
  }

  /// Draws in parallel, then commits in order.
  void draw(const std::vector<Sequence*>& sequences, const std::vector<const float*>& logits) {
    const size_t vocab = static_cast<size_t>(policy_.config().vocab);
    std::vector<Draw> draws(sequences.size());
    parallel_for(static_cast<int64_t>(sequences.size()), 1, [&](int64_t begin, int64_t end) {
      for (size_t i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
        const Sequence& s = *sequences[i];
        draws[i] = sample_token({logits[i], vocab}, sampling_, s.group->prompt.ids, s.sample().ids,
                                uniform_of(key_, s.group->prompt, s.index, s.length()));
      }
    });
    for (size_t i = 0; i < sequences.size(); ++i) commit(*sequences[i], draws[i]);
  }

  void commit(Sequence& s, const Draw& draw) {
    Sample& sample = s.sample();
    sample.ids.push_back(draw.token);
    sample.logp.push_back(draw.logp);
    if (truncates(sampling_)) sample.logp_sampled.push_back(draw.logp_sampled);
    ++stats_.decode_tokens;
    const std::vector<int32_t>& stops = policy_.tokenizer().stop_ids();
    const size_t emitted = s.text.size();
    bool done = !sampling_.ignore_eos && std::binary_search(stops.begin(), stops.end(), draw.token);
    if (!done) {
      s.text += s.decoder.push(draw.token);
      done = cut_at_stop_string(s);
    }
    if (done) {
      sample.finish = Finish::stop;
    } else if (static_cast<int64_t>(sample.ids.size()) >= sampling_.max_completion_length) {
      sample.finish = Finish::length, done = true;
    } else if (s.length() >= policy_.config().max_positions) {
      sample.finish = Finish::context, done = true;
    }
    if (done && sample.finish != Finish::stop) s.text += s.decoder.flush();
    if (hooks_.text && s.text.size() > emitted)
      hooks_.text(*s.group, s.index, std::string_view(s.text).substr(emitted));
    if (!done) return;
    sample.text = std::move(s.text);
    sample.version = policy_.version();
    ++finished_;
    Group& group = *s.group;
    const size_t index = s.index;
    scheduler_.finish(&s);
    if (hooks_.finished) hooks_.finished(group, index);
  }

  /// The text ends before the earliest stop string. Only the part that the newest token can have completed is searched.
  bool cut_at_stop_string(Sequence& s) const {
    size_t earliest = std::string::npos;
    for (const std::string& stop : sampling_.stop) {
      if (stop.empty()) continue;
      const size_t window = stop.size() + 256;  // one token adds no more text than this
      const size_t from = s.text.size() > window ? s.text.size() - window : 0;
      earliest = std::min(earliest, s.text.find(stop, from));
    }
    if (earliest == std::string::npos) return false;
    s.text.resize(earliest);
    return true;
  }

  const Policy& policy_;
  const SamplingConfig& sampling_;
  SampleKey key_;
  const GenerateHooks& hooks_;
  EngineStats& stats_;
  KvCache cache_;
  Scheduler scheduler_;
  int64_t finished_ = 0, total_ = 0;
};

}  // namespace

std::vector<Group> Engine::generate(std::vector<Prompt> prompts, int64_t samples, const SamplingConfig& sampling,
                                    SampleKey key, const GenerateHooks& hooks) {
  HONE_CHECK(samples >= 1, ErrorKind::usage, "expected at least one sample per prompt, got {}", samples);
  HONE_CHECK(sampling.max_completion_length >= 1, ErrorKind::usage, "max_completion_length must be at least 1, got {}",
             sampling.max_completion_length);
  check_prompts(prompts, policy_.config());
  stats_ = {};
  std::vector<Group> groups;
  for (Prompt& p : prompts) groups.push_back({std::move(p), std::vector<Sample>(static_cast<size_t>(samples))});
  Generation(policy_, options_, sampling, key, hooks, groups, stats_).run();
  return groups;
}

}  // namespace hone
