#include "config/check_stage.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/check.h"
#include "base/text.h"

namespace hone::config {
namespace {

/// Adds problems of the options below one key.
class Rules {
 public:
  Rules(std::string key, RecipeProblems& problems) : key_(std::move(key)), problems_(problems) {}

  std::string child(const std::string& name) const { return name.empty() ? key_ : key_ + "." + name; }
  Rules inside(const std::string& name) const { return {child(name), problems_}; }

  /// A problem of option `name` that follows from the values of the options `because`.
  void add(const std::string& name, std::string message, const std::vector<std::string>& because = {}) const {
    RecipeProblem problem{child(name), std::move(message), {}};
    for (const std::string& other : because) problem.because.push_back(child(other));
    problems_.push_back(std::move(problem));
  }

  /// `name` was set although it does nothing.
  void no_effect(const std::string& name, const std::string& why, const std::vector<std::string>& because) const {
    add(name, "has no effect " + why, because);
  }

 private:
  std::string key_;
  RecipeProblems& problems_;
};

void check_data(const DataConfig& c, const Rules& rules) {
  const DataConfig defaults;
  if (c.path.empty() && c.task.empty())
    rules.add("", "needs either path (a JSONL file) or task (a synthetic task)", {"path", "task"});
  if (!c.path.empty() && !c.task.empty())
    rules.add("task", "path and task are both set; records come from one of them", {"path"});
  if (!c.path.empty() && c.task.empty()) {
    if (!c.options.empty()) rules.no_effect("options", "with path: these are options of a synthetic task", {"path"});
    if (c.split != defaults.split) rules.no_effect("split", "with path: it is a part of a synthetic task", {"path"});
  }
  if (!c.task.empty() && c.path.empty() && c.size == 0)
    rules.add("size", "a synthetic task has no natural end: say how many records to make", {"task"});
}

void check_sampling(const SamplingConfig& c, const Rules& rules) {
  for (size_t i = 0; i < c.stop.size(); ++i)
    if (c.stop[i].empty())
      rules.add("stop." + std::to_string(i), "an empty stop string would end every completion at once");
  const SamplingConfig defaults;
  if (c.temperature != 0) return;
  const std::string why = "at temperature 0, which always takes the likeliest token";
  if (c.top_p != defaults.top_p) rules.no_effect("top_p", why, {"temperature"});
  if (c.top_k != defaults.top_k) rules.no_effect("top_k", why, {"temperature"});
  if (c.min_p != defaults.min_p) rules.no_effect("min_p", why, {"temperature"});
}

void check_schedule(const OptimConfig& c, const Rules& rules) {
  const bool has_floor = c.lr_scheduler_type == "cosine_with_min_lr";
  if (c.min_lr_rate != 0 && !has_floor)
    rules.no_effect("min_lr_rate",
                    "with lr_scheduler_type: " + c.lr_scheduler_type + "; it is the floor of cosine_with_min_lr",
                    {"lr_scheduler_type"});
  if (c.min_lr_rate == 0 && has_floor)
    rules.add("lr_scheduler_type", "cosine_with_min_lr needs min_lr_rate above 0 (cosine ends at 0)", {"min_lr_rate"});
  if (c.warmup_steps > 0 && c.warmup_ratio > 0)
    rules.add("warmup_ratio", "warmup_steps and warmup_ratio are both set; keep one", {"warmup_steps"});
}

/// `updates_per_step`: optimiser steps that one of max_steps makes.
template <class Stage>
void check_length(const Stage& c, double updates_per_step, const Rules& rules) {
  const Stage defaults;
  const double updates = static_cast<double>(c.max_steps) * updates_per_step;
  if (c.max_steps > 0 && c.num_train_epochs != defaults.num_train_epochs)
    rules.no_effect("num_train_epochs", "with max_steps; keep one of them", {"max_steps"});
  if (c.max_steps > 0 && static_cast<double>(c.optim.warmup_steps) > updates)
    rules.add("warmup_steps",
              fmt::format("{} steps of warm-up, but the stage has only {:.0f} optimiser steps", c.optim.warmup_steps,
                          updates),
              {"max_steps", "num_mini_batches", "num_iterations"});
  if (c.save_steps == 0 && c.save_total_limit != defaults.save_total_limit)
    rules.no_effect("save_total_limit", "without save_steps: only the final model is saved", {"save_steps"});
}

void check_rewards(const std::vector<RewardConfig>& rewards, const Rules& rules) {
  std::map<std::string, size_t> names;
  for (size_t i = 0; i < rewards.size(); ++i) {
    const Rules reward = rules.inside("rewards." + std::to_string(i));
    const std::string& name = rewards[i].name.empty() ? rewards[i].type : rewards[i].name;
    if (rewards[i].type.empty()) reward.add("type", "missing; it says which reward this is");
    if (rewards[i].weight == 0)
      reward.add("weight", "a reward of weight 0 has no effect; delete it or give it a weight");
    if (rewards[i].until_step && *rewards[i].until_step <= rewards[i].from_step)
      reward.add("until_step", "must be above from_step; as it is, the reward never counts", {"from_step"});
    if (!names.emplace(name, i).second && !name.empty())
      reward.add("",
                 fmt::format("rewards {} and {} would both be '{}' in the metrics; give one another name", names[name],
                             i, name),
                 {"name", "type"});
  }
}

/// `temperature`: of the stage, where the evaluation has none of its own.
void check_eval(const EvalConfig& c, double temperature, const Rules& rules) {
  check_data(c.data, rules.inside("data"));
  if (c.temperature.value_or(temperature) == 0 && c.num_generations > 1)
    rules.add("num_generations", "at temperature 0 all completions of a prompt are equal; set num_generations: 1",
              {"temperature"});
}

void check_loss(const LossConfig& c, const Rules& rules) {
  const LossConfig defaults;
  if (c.beta == 0) {
    const std::string why = "while beta is 0: there is no KL term";
    if (c.kl_estimator != defaults.kl_estimator) rules.no_effect("kl_estimator", why, {"beta"});
    if (c.kl_place != defaults.kl_place) rules.no_effect("kl_place", why, {"beta"});
  } else if (c.kl_place == "loss" && c.kl_estimator == "k1") {
    rules.add(
        "kl_estimator",
        "k1 as a loss has a gradient of mean zero and holds nothing back; use k3_unbiased, k2 or k3, or kl_place: "
        "reward",
        {"kl_place"});
  } else if (c.kl_place == "reward" && c.kl_estimator == "k3_unbiased") {
    rules.add("kl_estimator",
              "k3_unbiased corrects the gradient of a KL loss; a KL in the reward has none (use k1, k2 or k3)",
              {"kl_place"});
  }
}

}  // namespace

void check_stage(const SftConfig& c, const std::string& key, RecipeProblems& problems) {
  const Rules rules(key, problems);
  const Rules data = rules.inside("data");
  check_data(c.data, data);
  if (c.data.overlong_prompts != DataConfig{}.overlong_prompts)
    data.add("overlong_prompts", "has no effect in sft: truncation says what becomes of long conversations");
  if (!c.data.generation_prefix.empty())
    data.add("generation_prefix", "has no effect in sft: conversations hold the whole reply");
  check_schedule(c.optim, rules);
  check_length(c, 1, rules);
  check_sampling(c.sampling, rules.inside("sampling"));
  check_rewards(c.rewards, rules);
  if (c.eval) {
    if (c.rewards.empty()) rules.add("eval", "an evaluation needs rewards to score with", {"rewards"});
    check_eval(*c.eval, c.sampling.temperature, rules.inside("eval"));
    return;
  }
  if (!c.rewards.empty()) rules.no_effect("rewards", "without eval: supervised training has no rewards", {"eval"});
  if (c.sampling != SamplingConfig{})
    rules.no_effect("sampling", "without eval: supervised training samples nothing", {"eval"});
}

void check_stage(const GrpoConfig& c, const std::string& key, RecipeProblems& problems) {
  const Rules rules(key, problems);
  check_data(c.data, rules.inside("data"));
  check_sampling(c.sampling, rules);
  check_loss(c.loss, rules);
  check_schedule(c.optim, rules);
  check_length(c, static_cast<double>(c.num_mini_batches) * static_cast<double>(c.num_iterations), rules);
  check_rewards(c.rewards, rules);
  if (c.rewards.empty()) rules.add("rewards", "missing; reinforcement learning needs at least one reward");
  if (c.sampling.temperature == 0)
    rules.add(
        "temperature",
        "training at temperature 0 has no signal: all completions of a prompt are equal, and so are their rewards");
  // Beyond its bounds a value is reported as such, and the product could overflow.
  const auto inside = [](int64_t n) { return n >= 1 && n <= 1'000'000'000; };
  if (inside(c.num_prompts_per_step) && inside(c.num_generations) && inside(c.num_mini_batches)) {
    const int64_t samples = c.num_prompts_per_step * c.num_generations;
    if (samples % c.num_mini_batches != 0)
      rules.add("num_mini_batches",
                fmt::format("{} x {} completions cannot be cut into {} equal mini-batches", c.num_prompts_per_step,
                            c.num_generations, c.num_mini_batches),
                {"num_prompts_per_step", "num_generations"});
  }
  if (c.loss.beta == 0 && c.ref_model_sync_steps > 0)
    rules.no_effect("ref_model_sync_steps", "while beta is 0: there is no reference model", {"beta"});
  if (c.eval) check_eval(*c.eval, c.sampling.temperature, rules.inside("eval"));
}

void check_stage(const RewardModelConfig& c, const std::string& key, RecipeProblems& problems) {
  const Rules rules(key, problems);
  const Rules data = rules.inside("data");
  check_data(c.data, data);
  if (!c.data.task.empty()) data.add("task", "synthetic tasks have no pairs of responses; give a path");
  if (c.data.overlong_prompts != DataConfig{}.overlong_prompts)
    data.add("overlong_prompts", "has no effect in reward_model: truncation says what becomes of long records");
  if (!c.data.generation_prefix.empty())
    data.add("generation_prefix", "has no effect in reward_model: responses are whole");
  check_schedule(c.optim, rules);
  check_length(c, 1, rules);
  if (c.eval_fraction == 0 && c.eval_steps > 0)
    rules.no_effect("eval_steps", "while eval_fraction is 0: nothing is held out", {"eval_fraction"});
}

void check_stage(const EvalStageConfig& c, const std::string& key, RecipeProblems& problems) {
  const Rules rules(key, problems);
  check_eval(c.eval, c.sampling.temperature, rules);
  check_sampling(c.sampling, rules.inside("sampling"));
  check_rewards(c.rewards, rules);
  if (c.rewards.empty()) rules.add("rewards", "missing; an evaluation needs at least one reward to score with");
  if (c.eval.eval_steps != 0) rules.no_effect("eval_steps", "in an eval stage, which evaluates once", {"type"});
  if (c.eval.temperature && *c.eval.temperature != c.sampling.temperature &&
      c.sampling.temperature != SamplingConfig{}.temperature)
    rules.add("temperature", "differs from sampling.temperature; keep one", {"sampling.temperature"});
}

}  // namespace hone::config
