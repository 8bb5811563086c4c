// Every option of a recipe. Each struct lists its fields once in `fields`; reading, the resolved recipe, `--set`,
// unknown key errors and the reference page (`hone check --options`) all visit that list. TRL's names are the canonical
// ones.
//
// A visitor is called as v("name", member, "what it is, with its unit"[, bounds]) where bounds is made by at_least(x),
// above(x), between(lo, hi), count(lo), one_of({...}), refined by .up_to(x) or .below(x).
//
// Paths in a recipe (model, data.path, chat_template, output_dir) are relative to the current directory, as in a shell.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "hone/error.h"

namespace hone {

/// Allowed range of a number, or allowed names of a string.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool open_low = false;   // low itself is not allowed
  bool open_high = false;  // high itself is not allowed
  std::vector<std::string> names;

  Bounds up_to(double x) const {
    Bounds b = *this;
    b.high = x;
    b.open_high = false;
    return b;
  }
  Bounds below(double x) const {
    Bounds b = *this;
    b.high = x;
    b.open_high = true;
    return b;
  }
};
inline Bounds at_least(double low) { return {.low = low}; }
inline Bounds above(double low) { return {.low = low, .open_low = true}; }
inline Bounds between(double low, double high) { return {.low = low, .high = high}; }
/// Sizes and step counts: a limit far above any use, so that products of two of them fit into 64 bits.
inline Bounds count(double low) { return between(low, 1e9); }
inline Bounds one_of(std::vector<std::string> names) { return {.names = std::move(names)}; }

/// Where records come from: a JSONL file, or a synthetic task.
struct DataConfig {
  std::string path;  // JSONL in TRL's, verl's or OpenAI-messages form
  std::string task;  // or: arithmetic | chain_sum | countdown | knights_knaves | string_manipulation | number_sequence
  nlohmann::json options = nlohmann::json::object();  // the task's own options (difficulty)
  std::string split = "train";                        // synthetic tasks: train | test, never overlapping
  int64_t size = 0;                                   // records to make (task) or to keep (path); 0 = all of the file
  int64_t seed = 0;
  std::string system_prompt;               // put before the conversation where it has no system turn
  std::string prompt_suffix;               // appended to the last user turn
  std::string generation_prefix;           // appended after the generation prompt, e.g. "<think>\n"
  std::string overlong_prompts = "error";  // error | drop

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("path", c.path, "JSONL file (TRL, verl or OpenAI-messages form)");
    v("task", c.task, "synthetic task made from `seed` instead of a file");
    v("options", c.options, "options of the synthetic task");
    v("split", c.split, "part of the synthetic task", one_of({"train", "test"}));
    v("size", c.size, "records to make, or to keep of a file (0: all of the file)", count(0));
    v("seed", c.seed, "seed of the synthetic task and of the shuffle", at_least(0));
    v("system_prompt", c.system_prompt, "system turn for conversations that have none");
    v("prompt_suffix", c.prompt_suffix, "text appended to the last user turn");
    v("generation_prefix", c.generation_prefix, "text the completion is made to start after, e.g. an opened <think>");
    v("overlong_prompts", c.overlong_prompts, "prompts that do not fit the context", one_of({"error", "drop"}));
  }
};

/// How tokens are drawn. Defaults are TRL's.
struct SamplingConfig {
  double temperature = 1.0;  // 0 = greedy
  double top_p = 1.0;
  int64_t top_k = 0;  // 0 = off
  double min_p = 0.0;
  double repetition_penalty = 1.0;
  int64_t max_completion_length = 512;  // tokens
  std::vector<std::string> stop;        // stop strings; end of turn and end of text always stop
  bool ignore_eos = false;              // ... but not here: completions of a fixed length, for benchmarks

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("temperature", c.temperature, "sampling temperature; 0 is greedy", at_least(0));
    v("top_p", c.top_p, "nucleus: smallest set of tokens with this probability", above(0).up_to(1));
    v("top_k", c.top_k, "keep the k likeliest tokens (0: off)", count(0));
    v("min_p", c.min_p, "drop tokens below min_p times the likeliest one (0: off)", between(0, 1));
    v("repetition_penalty", c.repetition_penalty,
      "divides (multiplies) positive (negative) logits of tokens already present (1: off)", above(0));
    v("max_completion_length", c.max_completion_length,
      "tokens at most in a completion; also the constant that dr_grpo divides by", between(1, 1e7));
    v("stop", c.stop, "strings that end a completion");
    v("ignore_eos", c.ignore_eos, "end of turn and end of text do not end a completion (for benchmarks)");
  }
  bool operator==(const SamplingConfig&) const = default;
};

struct OptimConfig {
  double learning_rate = 1e-6;
  std::string lr_scheduler_type = "linear";  // constant | linear | cosine | cosine_with_min_lr
  double min_lr_rate = 0.0;                  // cosine_with_min_lr: floor as a share of the peak
  int64_t warmup_steps = 0;
  double warmup_ratio = 0.0;
  double weight_decay = 0.0;
  double adam_beta1 = 0.9;
  double adam_beta2 = 0.999;
  double adam_epsilon = 1e-8;
  double max_grad_norm = 1.0;  // 0 = no clipping

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("learning_rate", c.learning_rate, "peak learning rate", above(0));
    v("lr_scheduler_type", c.lr_scheduler_type, "shape of the schedule after warm-up",
      one_of({"constant", "linear", "cosine", "cosine_with_min_lr"}));
    v("min_lr_rate", c.min_lr_rate, "floor of cosine_with_min_lr as a share of the peak", between(0, 1));
    v("warmup_steps", c.warmup_steps, "linear warm-up, in optimiser steps", count(0));
    v("warmup_ratio", c.warmup_ratio, "linear warm-up as a share of all optimiser steps, instead of warmup_steps",
      between(0, 1));
    v("weight_decay", c.weight_decay, "decoupled weight decay of matrices (not of norms and biases)", at_least(0));
    v("adam_beta1", c.adam_beta1, "decay of the first moment", at_least(0).below(1));
    v("adam_beta2", c.adam_beta2, "decay of the second moment", at_least(0).below(1));
    v("adam_epsilon", c.adam_epsilon, "added to the root of the second moment", above(0));
    v("max_grad_norm", c.max_grad_norm, "global gradient norm is clipped to this (0: off)", at_least(0));
  }
};

/// How a step is cut so that it fits into memory. Never changes the gradient.
struct BatchConfig {
  int64_t max_tokens_per_micro_batch = 0;       // 0 = from memory_budget_gb, else 1536
  std::string gradient_checkpointing = "auto";  // auto | on | off

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("max_tokens_per_micro_batch", c.max_tokens_per_micro_batch,
      "packed tokens in one forward and backward pass (0: planned from memory_budget_gb, else 1536)", count(0));
    v("gradient_checkpointing", c.gradient_checkpointing, "recompute activations in the backward pass",
      one_of({"auto", "on", "off"}));
  }
};

struct RewardConfig {
  std::string type;  // name in the reward table
  double weight = 1.0;
  std::string name;                                   // metric name; the type by default
  std::vector<std::string> sources;                   // data sources it applies to; empty = all
  std::optional<double> cap;                          // it adds at most +-cap to the sum; default: no bound
  int64_t from_step = 0;                              // rests before this step of training
  std::optional<int64_t> until_step;                  // rests from this step on; default: never
  int64_t ramp_steps = 0;                             // its weight grows to full over so many steps
  nlohmann::json options = nlohmann::json::object();  // every other key; read by the reward itself

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("type", c.type, "which reward");
    v("weight", c.weight, "factor of this part in the sum");
    v("name", c.name, "name in the metrics; the type by default");
    v("sources", c.sources, "data sources it applies to; empty means all");
    v("cap", c.cap, "the part adds at most this to the sum, and at least minus this; default: no bound", above(0));
    v("from_step", c.from_step, "training step, from 0, before which the part rests", count(0));
    v("until_step", c.until_step, "training step from which the part rests; default: never", count(1));
    v("ramp_steps", c.ramp_steps, "its weight grows evenly to full over so many steps after from_step", count(0));
    v.rest(c.options, "options of the reward itself");
  }
};

/// Held-out evaluation during and after a stage.
struct EvalConfig {
  DataConfig data;
  int64_t num_generations = 4;        // k of mean@k and pass@k
  int64_t eval_steps = 0;             // every so many steps; 0 = only before and after the stage
  bool greedy = true;                 // one greedy completion beside the k samples
  std::optional<double> temperature;  // default: the stage's

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("data", c.data, "held-out records");
    v("num_generations", c.num_generations, "samples per prompt: k of mean@k and pass@k", between(1, 65536));
    v("eval_steps", c.eval_steps, "evaluate every so many steps (0: only before and after the stage)", count(0));
    v("greedy", c.greedy, "also decode greedily");
    v("temperature", c.temperature, "sampling temperature; the stage's by default", at_least(0));
  }
};

struct SftConfig {
  DataConfig data;
  OptimConfig optim{.learning_rate = 2e-5};
  BatchConfig batch;
  int64_t train_batch_size = 16;  // records per optimiser step, over all ranks
  int64_t max_steps = 0;          // 0 = from num_train_epochs
  double num_train_epochs = 3;
  int64_t max_length = 1024;         // tokens
  std::string truncation = "error";  // error | drop | keep_start
  bool assistant_only_loss = true;
  std::string loss_normalization = "token";  // token | sequence
  SamplingConfig sampling;                   // for evaluation
  std::vector<RewardConfig> rewards;         // for evaluation
  std::optional<EvalConfig> eval;
  int64_t save_steps = 0;  // 0 = only at the end
  int64_t save_total_limit = 2;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("data", c.data, "training conversations");
    v.inline_struct(c.optim);
    v.inline_struct(c.batch);
    v("train_batch_size", c.train_batch_size, "records per optimiser step, over all ranks", between(1, 1e6));
    v("max_steps", c.max_steps, "optimiser steps (0: from num_train_epochs)", count(0));
    v("num_train_epochs", c.num_train_epochs, "passes over the data when max_steps is 0", above(0));
    v("max_length", c.max_length, "tokens of a conversation at most", between(2, 1e7));
    v("truncation", c.truncation, "conversations longer than max_length", one_of({"error", "drop", "keep_start"}));
    v("assistant_only_loss", c.assistant_only_loss, "train on assistant tokens only");
    v("loss_normalization", c.loss_normalization, "one global denominator: trained tokens, or sequences of token means",
      one_of({"token", "sequence"}));
    v("sampling", c.sampling, "how evaluation samples");
    v("rewards", c.rewards, "how evaluation scores");
    v("eval", c.eval, "held-out evaluation");
    v("save_steps", c.save_steps, "checkpoint every so many steps (0: only at the end)", count(0));
    v("save_total_limit", c.save_total_limit, "checkpoints kept", count(1));
  }
};

struct LossConfig {
  std::string loss_type = "dapo";  // grpo | dr_grpo | dapo | bnpo
  double epsilon = 0.2;
  std::optional<double> epsilon_high;  // default: epsilon
  std::optional<double> delta;         // dual clip: loss is at most delta * |A| where A < 0
  double beta = 0.0;                   // KL coefficient
  std::string kl_estimator = "k3";     // k1 | k2 | k3 | k3_unbiased
  std::string kl_place = "loss";       // loss | reward
  double entropy_coef = 0.0;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("loss_type", c.loss_type, "aggregation over tokens", one_of({"grpo", "dr_grpo", "dapo", "bnpo"}));
    v("epsilon", c.epsilon, "ratio clip below 1", between(0, 1));
    v("epsilon_high", c.epsilon_high, "ratio clip above 1; epsilon by default", at_least(0));
    v("delta", c.delta, "dual clip: for A < 0 the loss is at most delta |A|", above(1));
    v("beta", c.beta, "KL coefficient (0: no reference model)", at_least(0));
    v("kl_estimator", c.kl_estimator, "estimator of KL(policy, reference)", one_of({"k1", "k2", "k3", "k3_unbiased"}));
    v("kl_place", c.kl_place, "KL as a loss term or taken from the reward", one_of({"loss", "reward"}));
    v("entropy_coef", c.entropy_coef, "weight of the entropy bonus", at_least(0));
  }
};

struct GrpoConfig {
  DataConfig data;
  SamplingConfig sampling;
  std::vector<RewardConfig> rewards;
  LossConfig loss;
  OptimConfig optim;
  BatchConfig batch;
  int64_t num_prompts_per_step = 32;
  int64_t num_generations = 8;   // group size G
  int64_t num_mini_batches = 1;  // optimiser steps per rollout batch and pass over it
  int64_t num_iterations = 1;    // passes over a rollout batch
  int64_t max_steps = 0;         // rollout steps; 0 = from num_train_epochs
  double num_train_epochs = 3;
  std::string scale_rewards = "group";  // group | batch | none
  std::string baseline = "mean";        // mean | leave_one_out
  bool mask_truncated_completions = false;
  int64_t ref_model_sync_steps = 0;  // reference := policy every so many steps; 0 = never
  std::optional<EvalConfig> eval;
  int64_t save_steps = 0;
  int64_t save_total_limit = 2;
  int64_t log_completions = 4;   // samples kept per step
  double reward_timeout_s = 30;  // one scorer call
  int64_t max_running_sequences = 256;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("data", c.data, "prompts");
    v.inline_struct(c.sampling);
    v("rewards", c.rewards, "weighted reward parts");
    v.inline_struct(c.loss);
    v.inline_struct(c.optim);
    v.inline_struct(c.batch);
    v("num_prompts_per_step", c.num_prompts_per_step, "prompts per rollout step, over all ranks", between(1, 1e6));
    v("num_generations", c.num_generations,
      "completions per prompt, which are compared with each other: a group of one has no signal", between(2, 65536));
    v("num_mini_batches", c.num_mini_batches, "optimiser steps per pass over a rollout batch", count(1));
    v("num_iterations", c.num_iterations, "passes over a rollout batch", between(1, 1000));
    v("max_steps", c.max_steps, "rollout steps (0: from num_train_epochs)", count(0));
    v("num_train_epochs", c.num_train_epochs, "passes over the prompts when max_steps is 0", above(0));
    v("scale_rewards", c.scale_rewards, "what the advantage is divided by the standard deviation of",
      one_of({"group", "batch", "none"}));
    v("baseline", c.baseline, "what is subtracted from a reward", one_of({"mean", "leave_one_out"}));
    v("mask_truncated_completions", c.mask_truncated_completions, "completions cut by length leave the loss");
    v("ref_model_sync_steps", c.ref_model_sync_steps, "reference := policy every so many steps (0: never)", count(0));
    v("eval", c.eval, "held-out evaluation");
    v("save_steps", c.save_steps, "checkpoint every so many steps (0: only at the end)", count(0));
    v("save_total_limit", c.save_total_limit, "checkpoints kept", count(1));
    v("log_completions", c.log_completions, "completions kept per step in samples/", count(0));
    v("reward_timeout_s", c.reward_timeout_s, "wall clock of one scorer call, seconds", above(0));
    v("max_running_sequences", c.max_running_sequences, "sequences decoded together", between(1, 1e6));
  }
};

/// Trains a model with a scalar head to tell good responses from bad ones.
struct RewardModelConfig {
  DataConfig data;
  OptimConfig optim{.learning_rate = 1e-5};
  BatchConfig batch;
  int64_t train_batch_size = 16;  // records per optimiser step, over all ranks
  int64_t max_steps = 0;          // 0 = from num_train_epochs
  double num_train_epochs = 1;
  int64_t max_length = 1024;        // tokens of a prompt with one response
  std::string truncation = "drop";  // error | drop
  std::string part = "whole";       // whole | answer
  bool balance_lengths = true;
  double center_rewards_coefficient = 0;
  double eval_fraction = 0.1;
  int64_t eval_steps = 0;  // 0 = only before and after
  int64_t save_steps = 0;  // 0 = only at the end
  int64_t save_total_limit = 2;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("data", c.data, "pairs (prompt, chosen, rejected) or labelled responses (prompt, response, label)");
    v.inline_struct(c.optim);
    v.inline_struct(c.batch);
    v("train_batch_size", c.train_batch_size, "records per optimiser step, over all ranks", between(1, 1e6));
    v("max_steps", c.max_steps, "optimiser steps (0: from num_train_epochs)", count(0));
    v("num_train_epochs", c.num_train_epochs, "passes over the data when max_steps is 0", above(0));
    v("max_length", c.max_length, "tokens of a prompt with one response at most", between(2, 1e7));
    v("truncation", c.truncation, "records longer than max_length", one_of({"error", "drop"}));
    v("part", c.part, "what of a response is scored: all of it, or what follows the thinking",
      one_of({"whole", "answer"}));
    v("balance_lengths", c.balance_lengths,
      "leave out pairs until the chosen response is the longer one as often as the shorter one");
    v("center_rewards_coefficient", c.center_rewards_coefficient,
      "weight of the squared sum of a pair's rewards, which keeps them around 0", at_least(0));
    v("eval_fraction", c.eval_fraction, "share of the records that is held out for evaluation", between(0, 0.9));
    v("eval_steps", c.eval_steps, "evaluate every so many steps (0: only before and after the stage)", count(0));
    v("save_steps", c.save_steps, "checkpoint every so many steps (0: only at the end)", count(0));
    v("save_total_limit", c.save_total_limit, "checkpoints kept", count(1));
  }
};

/// Evaluates a model and changes nothing.
struct EvalStageConfig {
  EvalConfig eval;
  SamplingConfig sampling;
  std::vector<RewardConfig> rewards;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v.inline_struct(c.eval);
    v("sampling", c.sampling, "how completions are drawn");
    v("rewards", c.rewards, "how completions are scored");
  }
};

/// One entry of `stages`: exactly one of the configurations is set, by `type`.
struct StageConfig {
  std::string name;  // unique; names its folder in the run directory
  std::string type;  // sft | grpo | reward_model | eval
  std::string from;  // "base", or an earlier stage that trains; filled in by load_recipe
  std::optional<SftConfig> sft;
  std::optional<GrpoConfig> grpo;
  std::optional<RewardModelConfig> reward_model;
  std::optional<EvalStageConfig> eval;

  /// The keys that every stage has; the rest of its keys are those of the configuration that `type` names.
  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("name", c.name, "names the stage's folder in the run directory; its type by default");
    v("type", c.type, "what the stage does", one_of({"sft", "grpo", "reward_model", "eval"}));
    v("from", c.from,
      "`base`, or the earlier stage whose model it starts from; the nearest earlier one that trains, by default");
  }
};

/// Where a value of a recipe was written: a place in a file, or (line 0) the `--set` that gave it.
struct SourcePosition {
  std::string source;
  int line = 0, column = 0;  // from 1; columns count characters
};

/// Defaults may change between versions of hone; a recipe can pin the version it was written for.
inline constexpr int64_t kDefaultsVersion = 1;

struct Recipe {
  std::string name;   // names the run directory
  std::string model;  // HF folder or .gguf
  std::string output_dir = "runs";
  int64_t seed = 0;
  std::string dtype = "auto";        // auto | bf16 | fp32
  int64_t threads = 0;               // 0 = every usable core
  std::string exactness = "strict";  // strict | audit | off
  double memory_budget_gb = 0;       // 0 = no plan
  std::string chat_template;         // file that replaces the model's own
  int64_t defaults_version = kDefaultsVersion;
  std::vector<StageConfig> stages;

  /// Dotted key ("stages.rl.rewards.0.weight") of everything that was written -> where. Not an option itself.
  std::map<std::string, SourcePosition, std::less<>> origins;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("name", c.name, "names the run directory; the recipe file's name by default");
    v("model", c.model, "Hugging Face folder or .gguf file");
    v("output_dir", c.output_dir, "where run directories are made");
    v("seed", c.seed, "seed of everything random", at_least(0));
    v("dtype", c.dtype, "compute type; auto is bf16 where the CPU has bf16 instructions",
      one_of({"auto", "bf16", "fp32"}));
    v("threads", c.threads, "compute threads (0: every usable core)", between(0, 1024));
    v("exactness", c.exactness, "what a log-prob that differs between rollout and training does",
      one_of({"strict", "audit", "off"}));
    v("memory_budget_gb", c.memory_budget_gb, "memory the plan must fit (0: no plan)", at_least(0));
    v("chat_template", c.chat_template, "file with a chat template that replaces the model's own");
    v("defaults_version", c.defaults_version, "version of the defaults that the recipe was written for",
      between(1, kDefaultsVersion));
    v("stages", c.stages, "what is done, in order");
  }
};

/// Something wrong with a recipe. `key` is dotted, stages by name ("stages.rl.beta"); `because` names other keys that
/// the problem follows from: it is left out where one of them could not be read, since then it need not be real.
struct RecipeProblem {
  std::string key;
  std::string message;
  std::vector<std::string> because = {};
};
using RecipeProblems = std::vector<RecipeProblem>;
using RecipeCheck = std::function<RecipeProblems(const Recipe&)>;

/// Reads a YAML (or, where the name ends in .json, strict JSON) recipe. `overrides` are "a.b=value" as in `--set`: the
/// value is YAML, stages go by name or index ("stages.rl.learning_rate=1e-6"). Every problem is collected, those of
/// check_recipe and of `extra` included: Error(recipe) has one line `file:line:col: message` for each. A stage whose
/// type is unknown reaches `extra` without a configuration.
Recipe load_recipe(const std::string& path, const std::vector<std::string>& overrides = {},
                   const std::vector<RecipeCheck>& extra = {});
Recipe parse_recipe(const std::string& text, const std::string& name, const std::vector<std::string>& overrides = {},
                    const std::vector<RecipeCheck>& extra = {});

/// Bounds of every option and the rules between options. load_recipe runs it; so should a program that fills a Recipe.
RecipeProblems check_recipe(const Recipe& recipe);
/// Model, data and template files that are not there. A RecipeCheck that load_recipe runs only when handed it.
RecipeProblems check_files(const Recipe& recipe);

/// "file:line:col" of a dotted key, or of the nearest enclosing one that was written; "" for a recipe made in C++.
std::string recipe_position(const Recipe& recipe, std::string_view key);

/// The recipe with every default filled in: what recipe.resolved.yaml holds. The YAML keeps the order of the reference
/// page. Either loads back to the same recipe.
nlohmann::json recipe_to_json(const Recipe& recipe);
std::string recipe_to_yaml(const Recipe& recipe);

/// Reference page of all options in Markdown, made from the `fields` lists.
std::string recipe_reference();

}  // namespace hone
