// Rules between options: combinations that cannot work, and options that would do nothing.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "unit/config/recipe_text.h"

namespace hone {
namespace {

using test::problems_of;
using test::small_with;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Case {
  std::string lines;
  std::string problem;  // of the only line of the error; "" where the recipe is good
};

void expect(const std::string& text, const std::string& problem) {
  const std::vector<std::string> lines = problems_of(text);
  if (problem.empty())
    EXPECT_THAT(lines, IsEmpty()) << text;
  else
    EXPECT_THAT(lines, ElementsAre(HasSubstr(problem))) << text;
}

TEST(Check, Grpo) {
  const std::vector<Case> cases = {
      {"num_generations: 1",
       "num_generations: expected from 2 to 65536, got 1 (completions per prompt, which are compared "
       "with each other: a group of one has no signal)"},
      {"temperature: 0", "temperature: training at temperature 0 has no signal"},
      {"kl_place: reward", "kl_place: has no effect while beta is 0"},
      {"kl_estimator: k1", "kl_estimator: has no effect while beta is 0"},
      {"kl_estimator: k3", ""},  // the default, as a resolved recipe spells it out
      {"ref_model_sync_steps: 10", "ref_model_sync_steps: has no effect while beta is 0"},
      {"beta: 0.1\nkl_place: reward\nkl_estimator: k1\nref_model_sync_steps: 10", ""},
      {"beta: 0.1\nkl_estimator: k1", "kl_estimator: k1 as a loss has a gradient of mean zero"},
      {"beta: 0.1\nkl_place: reward\nkl_estimator: k3_unbiased", "kl_estimator: k3_unbiased corrects the gradient"},
      {"min_lr_rate: 0.1", "min_lr_rate: has no effect with lr_scheduler_type: linear"},
      {"min_lr_rate: 0.1\nlr_scheduler_type: cosine_with_min_lr", ""},
      {"lr_scheduler_type: cosine_with_min_lr", "lr_scheduler_type: cosine_with_min_lr needs min_lr_rate"},
      {"warmup_steps: 1\nwarmup_ratio: 0.1", "warmup_ratio: warmup_steps and warmup_ratio are both set"},
      {"warmup_steps: 11\nmax_steps: 10",
       "warmup_steps: 11 steps of warm-up, but the stage has only 10 optimiser steps"},
      {"warmup_steps: 11\nmax_steps: 10\nnum_mini_batches: 2", ""},
      {"num_mini_batches: 3", "num_mini_batches: 32 x 8 completions cannot be cut into 3 equal mini-batches"},
      {"num_mini_batches: 512", "num_mini_batches: 32 x 8 completions cannot be cut into 512"},
      {"max_steps: 5\nnum_train_epochs: 2", "num_train_epochs: has no effect with max_steps"},
      {"save_total_limit: 5", "save_total_limit: has no effect without save_steps"},
      {"save_total_limit: 5\nsave_steps: 1", ""},
      {"stop: ['']", "stop.0: an empty stop string"},
      {"epsilon: 0.3\nepsilon_high: 0.2", ""},
      {"repetition_penalty: 1.1\ntop_k: 5\nmin_p: 0.1", ""},
      {"eval:\n  data: {path: x}", ""},
      {"eval:\n  eval_steps: 5", "eval.data: needs either path"},
      {"eval:\n  data: {path: x}\n  temperature: 0", "eval.num_generations: at temperature 0 all completions"},
      {"eval:\n  data: {path: x}\n  temperature: 0\n  num_generations: 1", ""},
  };
  for (const Case& c : cases) expect(small_with(c.lines), c.problem);
}

TEST(Check, Data) {
  const std::vector<Case> cases = {
      {"{}", "data: needs either path (a JSONL file) or task"},
      {"{path: a, task: arithmetic, size: 5}", "data.task: path and task are both set"},
      {"{path: a, options: {digits: 2}}", "data.options: has no effect with path"},
      {"{path: a, split: test}", "data.split: has no effect with path"},
      {"{path: a, size: 5, seed: 3}", ""},
      {"{task: arithmetic}", "data.size: a synthetic task has no natural end"},
      {"{task: arithmetic, size: 100, split: test, options: {digits: 2}}", ""},
  };
  for (const Case& c : cases) expect("model: m\nstages:\n  - {type: sft, data: " + c.lines + "}\n", c.problem);
}

TEST(Check, Rewards) {
  const std::vector<Case> cases = {
      {"[]", "rewards: missing; reinforcement learning needs at least one reward"},
      {"[{type: answer, weight: 0}]", "rewards.0.weight: a reward of weight 0 has no effect"},
      {"[{type: length, weight: -0.5}]", ""},
      {"[{type: a}, {type: a}]", "rewards.1: rewards 0 and 1 would both be 'a' in the metrics"},
      {"[{type: a}, {type: b, name: a}]", "rewards.1: rewards 0 and 1 would both be 'a' in the metrics"},
      {"[{type: a}, {type: a, name: b, sources: [gsm8k]}]", ""},
      {"[{type: a, from_step: 10, until_step: 20, ramp_steps: 5, cap: 0.5}]", ""},
      {"[{type: a, from_step: 10, until_step: 10}]", "rewards.0.until_step: must be above from_step"},
  };
  for (const Case& c : cases)
    expect("model: m\nstages:\n  - {type: grpo, data: {path: a}, rewards: " + c.lines + "}\n", c.problem);
}

TEST(Check, SftAndEval) {
  const std::vector<Case> cases = {
      {"{type: sft, data: {path: a}, rewards: [{type: a}]}", "rewards: has no effect without eval"},
      {"{type: sft, data: {path: a}, sampling: {temperature: 0.5}}", "sampling: has no effect without eval"},
      {"{type: sft, data: {path: a}, eval: {data: {path: b}}}", "eval: an evaluation needs rewards"},
      {"{type: sft, data: {path: a}, eval: {data: {path: b}}, rewards: [{type: a}], sampling: {temperature: 0.5}}", ""},
      {"{type: eval, data: {path: a}}", "rewards: missing; an evaluation needs at least one reward"},
      {"{type: eval, data: {path: a}, rewards: [{type: a}], eval_steps: 5}",
       "eval_steps: has no effect in an eval stage"},
      {"{type: eval, data: {path: a}, rewards: [{type: a}], temperature: 0, num_generations: 1}", ""},
      {"{type: eval, data: {path: a}, rewards: [{type: a}], num_generations: 1, sampling: {temperature: 0, top_k: 3}}",
       "sampling.top_k: has no effect at temperature 0"},
  };
  for (const Case& c : cases) expect("model: m\nstages:\n  - " + c.lines + "\n", c.problem);
}

TEST(Check, RunNames) {
  for (const char* name : {"a/b", "..", ".hidden", "a b", "\"a\\nb\""})
    EXPECT_FALSE(problems_of(std::string("name: ") + name + "\n" + test::kSmall).empty()) << name;
  for (const char* name : {"a", "2024-run_1.2"})
    EXPECT_THAT(problems_of(std::string("name: ") + name + "\n" + test::kSmall), IsEmpty());
}

TEST(Check, RecipesMadeInCppAreCheckedToo) {
  Recipe recipe;
  recipe.name = "x";
  recipe.model = "m";
  recipe.stages.push_back({.name = "rl", .type = "grpo"});
  recipe.stages[0].grpo.emplace().num_generations = int64_t{1} << 62;
  recipe.stages[0].grpo->num_prompts_per_step = int64_t{1} << 62;
  recipe.stages[0].grpo->optim.learning_rate = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::string> keys;
  for (const RecipeProblem& problem : check_recipe(recipe)) keys.push_back(problem.key);
  EXPECT_THAT(keys, ElementsAre("stages.rl.learning_rate", "stages.rl.num_prompts_per_step",
                                "stages.rl.num_generations", "stages.rl.data", "stages.rl.rewards"));
  EXPECT_EQ(recipe_position(recipe, "stages.rl.data"), "");
}

TEST(Check, Files) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / "hone_config_check_files";
  fs::create_directories(folder / "empty_model");
  write_file_atomic(folder / "a.jsonl", "");
  const auto problems = [&](std::string text) {
    for (size_t at; (at = text.find("DIR")) != std::string::npos;) text.replace(at, 3, folder.string());
    try {
      parse_recipe(text, "r.yaml", {}, {check_files});
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  const std::string missing = problems(
      "model: DIR/none\nchat_template: DIR/none.jinja\noutput_dir: DIR/a.jsonl\nstages:\n"
      "  - {type: sft, data: {path: DIR/none.jsonl}}\n  - {type: grpo, rewards: [{type: a}], data: {path: DIR}}\n");
  EXPECT_THAT(missing, HasSubstr("r.yaml:1:8: model: there is no model"));
  EXPECT_THAT(missing, HasSubstr("\nr.yaml:2:16: chat_template: there is no file"));
  EXPECT_THAT(missing, HasSubstr("\nr.yaml:3:13: output_dir: "));
  EXPECT_THAT(missing, HasSubstr("\nr.yaml:5:30: stages.sft.data.path: there is no file"));
  EXPECT_THAT(missing, HasSubstr("\nr.yaml:6:53: stages.grpo.data.path: "));
  EXPECT_THAT(problems("model: DIR/empty_model\nstages: [{type: sft, data: {path: DIR/a.jsonl}}]"),
              HasSubstr("has no config.json"));
  EXPECT_THAT(problems("model: DIR/a.jsonl\nstages: [{type: sft, data: {path: DIR/a.jsonl}}]"),
              HasSubstr("neither a folder nor a .gguf file"));
  write_file_atomic(folder / "empty_model/config.json", "{}");
  EXPECT_EQ(problems("model: DIR/empty_model\nstages: [{type: sft, data: {path: DIR/a.jsonl}}]"), "");
  fs::remove_all(folder);
}

}  // namespace
}  // namespace hone
