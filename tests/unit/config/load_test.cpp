#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "config/stages.h"
#include "unit/config/recipe_text.h"

namespace hone {
namespace {

using test::problems_of;
using test::small_with;
using testing::ElementsAre;
using testing::HasSubstr;

const GrpoConfig& grpo(const Recipe& recipe) { return recipe.stages.at(0).grpo.value(); }

TEST(Load, FillsDefaults) {
  const Recipe recipe = parse_recipe(test::kSmall, "runs/my recipe.v2.yaml");
  EXPECT_EQ(recipe.name, "my_recipe_v2");
  EXPECT_EQ(recipe.stages.at(0).from, "base");
  EXPECT_EQ(grpo(recipe).num_generations, 8);
  EXPECT_EQ(grpo(recipe).rewards.at(0).name, "answer");
  EXPECT_EQ(grpo(recipe).optim.lr_scheduler_type, "linear");
  EXPECT_FALSE(grpo(recipe).loss.epsilon_high.has_value());
}

TEST(Load, DefaultsAreTrlsWhereTheNameIsTrls) {  // TRL 1.16; exceptions are listed in docs/recipe-reference.md
  const GrpoConfig c;
  EXPECT_EQ(c.optim.learning_rate, 1e-6);
  EXPECT_EQ(c.optim.weight_decay, 0.0);
  EXPECT_EQ(c.optim.adam_beta1, 0.9);
  EXPECT_EQ(c.optim.adam_beta2, 0.999);
  EXPECT_EQ(c.optim.adam_epsilon, 1e-8);
  EXPECT_EQ(c.optim.max_grad_norm, 1.0);
  EXPECT_EQ(c.optim.warmup_steps, 0);
  EXPECT_EQ(c.num_train_epochs, 3.0);
  EXPECT_EQ(c.num_iterations, 1);
  EXPECT_EQ(c.loss.beta, 0.0);
  EXPECT_EQ(c.loss.epsilon, 0.2);
  EXPECT_EQ(c.loss.loss_type, "dapo");
  EXPECT_EQ(c.scale_rewards, "group");
  EXPECT_EQ(c.sampling.max_completion_length, 512);
  EXPECT_EQ(c.sampling.temperature, 1.0);
  EXPECT_EQ(SftConfig{}.optim.learning_rate, 2e-5);
  EXPECT_EQ(SftConfig{}.max_length, 1024);
}

TEST(Load, ScalarsTakeTheTypeOfTheirOption) {
  const Recipe recipe = parse_recipe(small_with("gradient_checkpointing: on\n"
                                                "learning_rate: 1e-6\n"
                                                "epsilon: .5\n"
                                                "epsilon_high: +2.\n"
                                                "num_generations: 16.0\n"
                                                "max_completion_length: 1e3\n"
                                                "mask_truncated_completions: true\n"
                                                "stop: [x]")
                                         .replace(0, 8, "model: 1"),
                                     "r.yaml", {"stages.rl.stop=[yes, 5, ~a]"});
  EXPECT_EQ(recipe.model, "1");
  EXPECT_EQ(grpo(recipe).batch.gradient_checkpointing, "on");
  EXPECT_EQ(grpo(recipe).optim.learning_rate, 1e-6);
  EXPECT_EQ(grpo(recipe).loss.epsilon, 0.5);
  EXPECT_EQ(grpo(recipe).loss.epsilon_high, 2.0);
  EXPECT_EQ(grpo(recipe).num_generations, 16);
  EXPECT_EQ(grpo(recipe).sampling.max_completion_length, 1000);
  EXPECT_TRUE(grpo(recipe).mask_truncated_completions);
  EXPECT_THAT(grpo(recipe).sampling.stop, ElementsAre("yes", "5", "~a"));
}

TEST(Load, OptionsOfRewardsKeepTheirYamlTypes) {
  const Recipe recipe = parse_recipe(
      small_with("").replace(test::kSmall.find("{type: answer}"), 14,
                             "{type: answer, a: 1, b: 1.0, c: '1', d: true, e: yes, f: null, g: [1, {h: x}], i: 1e3}"),
      "r.yaml");
  EXPECT_EQ(grpo(recipe).rewards.at(0).options.dump(),
            R"({"a":1,"b":1.0,"c":"1","d":true,"e":"yes","f":null,"g":[1,{"h":"x"}],"i":1000.0})");
}

TEST(Load, OtherFrameworksNames) {
  const Recipe recipe = parse_recipe(
      small_with("lr: 1e-5\nclip_ratio_high: 0.28\nmax_response_length: 64\ntrain_batch_size: 4"), "r.yaml");
  EXPECT_EQ(grpo(recipe).optim.learning_rate, 1e-5);
  EXPECT_EQ(grpo(recipe).loss.epsilon_high, 0.28);
  EXPECT_EQ(grpo(recipe).sampling.max_completion_length, 64);
  EXPECT_EQ(grpo(recipe).num_prompts_per_step, 4);
  EXPECT_EQ(recipe_position(recipe, "stages.rl.learning_rate"), "r.yaml:7:9");
}

TEST(Load, NullIsTheDefaultOfWhatMayBeAbsent) {
  const Recipe recipe = parse_recipe(small_with("eval: null\nepsilon_high: ~\ndelta:"), "r.yaml");
  EXPECT_FALSE(grpo(recipe).eval || grpo(recipe).loss.epsilon_high || grpo(recipe).loss.delta);
}

TEST(Load, FromIsTheNearestEarlierStageThatMakesAModel) {
  const Recipe recipe = parse_recipe(R"(model: m
stages:
  - {type: eval, name: before, data: {path: a}, rewards: [{type: answer}]}
  - {type: sft, name: cold, data: {path: a}}
  - {type: eval, name: middle, data: {path: a}, rewards: [{type: answer}]}
  - {type: grpo, name: rl, data: {path: a}, rewards: [{type: answer}]}
  - {type: grpo, name: zero, from: base, data: {path: a}, rewards: [{type: answer}]}
)",
                                     "r.yaml");
  std::vector<std::string> from;
  for (const StageConfig& stage : recipe.stages) from.push_back(stage.from);
  EXPECT_THAT(from, ElementsAre("base", "base", "cold", "cold", "base"));
}

TEST(Load, AnchorsAndMerges) {
  const Recipe recipe = parse_recipe(R"(model: m
stages:
  - &one
    name: one
    type: sft
    data: &data {path: a}
    max_steps: 5
  - <<: *one
    name: two
    data: {<<: *data, size: 7}
  - {name: three, type: sft, data: *data}
)",
                                     "r.yaml");
  EXPECT_EQ(recipe.stages.at(1).name, "two");
  EXPECT_EQ(recipe.stages.at(1).sft->max_steps, 5);
  EXPECT_EQ(recipe.stages.at(1).sft->data.path, "a");
  EXPECT_EQ(recipe.stages.at(1).sft->data.size, 7);
  EXPECT_EQ(recipe.stages.at(2).sft->data.path, "a");
}

TEST(Load, JsonIsReadStrictly) {
  const std::string text = R"({"model": "m\u00e9\ud83d\ude00\/", "stages": [
    {"type": "grpo", "data": {"path": "a"}, "rewards": [{"type": "answer"}], "temperature": 7e-1, "stop": ["\n"]}]})";
  const Recipe recipe = parse_recipe(text, "r.json");
  EXPECT_EQ(recipe.model, "mé😀/");
  EXPECT_EQ(grpo(recipe).sampling.temperature, 0.7);
  EXPECT_THAT(grpo(recipe).sampling.stop, ElementsAre("\n"));
  EXPECT_EQ(recipe_position(recipe, "stages.grpo.temperature"), "r.json:2:93");
  EXPECT_EQ(recipe_to_json(parse_recipe(text, "r.json")), recipe_to_json(recipe));
}

TEST(Load, ByteOrderMarkAndCarriageReturns) {
  std::string text = "\xEF\xBB\xBF";
  for (const char c : small_with("betta: 1")) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_THAT(problems_of(text), ElementsAre("r.yaml:7:5: unknown key 'betta' in stages.rl; did you mean 'beta'?"));
}

TEST(Load, ColumnsCountCharacters) {
  EXPECT_THAT(problems_of(small_with("stop: [é, {}]")),
              ElementsAre("r.yaml:7:15: stages.rl.stop.1: expected text, got a map"));
}

TEST(Load, FilesThatCannotBeRead) {
  const auto message = [](const std::string& path) -> std::string {
    try {
      load_recipe(path);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::recipe);
      return e.what();
    }
    return "loaded";
  };
  EXPECT_THAT(message("/nowhere/r.yaml"), HasSubstr("/nowhere/r.yaml"));
  EXPECT_THAT(message("/"), HasSubstr("cannot read the recipe"));
  const std::filesystem::path big = std::filesystem::temp_directory_path() / "hone_config_test_big.yaml";
  write_file_atomic(big, "");
  std::filesystem::resize_file(big, 1u << 30);
  EXPECT_THAT(message(big), HasSubstr("1073741824 bytes are too many for a recipe"));
  std::filesystem::remove(big);
}

TEST(Load, PinnedDefaultsVersion) {
  EXPECT_EQ(parse_recipe("defaults_version: 1\n" + test::kSmall, "r").defaults_version, 1);
  EXPECT_THAT(
      problems_of("defaults_version: 2\n" + test::kSmall),
      ElementsAre("r.yaml:1:19: defaults_version: expected 1, got 2 (version of the defaults that the recipe was "
                  "written for)"));
}

TEST(Load, ChecksWalkEveryDataSectionAndReward) {
  const Recipe recipe = parse_recipe(R"(model: m
stages:
  - {name: a, type: sft, data: {path: 1}}
  - {name: b, type: grpo, data: {path: 2}, eval: {data: {path: 3}}, rewards: [{type: x}, {type: y}]}
  - {name: c, type: eval, data: {path: 4}, rewards: [{type: z}]}
)",
                                     "r.yaml");
  std::vector<std::string> seen;
  config::for_each_data(recipe,
                        [&](const std::string& key, const DataConfig& c) { seen.push_back(key + " " + c.path); });
  config::for_each_reward(recipe,
                          [&](const std::string& key, const RewardConfig& c) { seen.push_back(key + " " + c.type); });
  EXPECT_THAT(seen, ElementsAre("stages.a.data 1", "stages.b.data 2", "stages.b.eval.data 3", "stages.c.data 4",
                                "stages.b.rewards.0 x", "stages.b.rewards.1 y", "stages.c.rewards.0 z"));
}

TEST(Load, ExtraChecksJoinTheList) {
  const RecipeCheck check = [](const Recipe& recipe) -> RecipeProblems {
    return {{"stages.rl.rewards.0.type", "no reward of this name"},
            {"stages.rl.rewards.0.max_length", "an option that was not written goes by what is around it"},
            {"stages.rl.beta", "is not reported, its value is unknown"},
            {"stages.rl.data", "depends on beta", {"stages.rl.beta"}}};
  };
  try {
    parse_recipe(small_with("betta: 1"), "r.yaml", {}, {check});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(
        e.what(),
        "r.yaml:6:15: stages.rl.rewards.0.max_length: an option that was not written goes by what is around it\n"
        "r.yaml:6:22: stages.rl.rewards.0.type: no reward of this name\n"
        "r.yaml:7:5: unknown key 'betta' in stages.rl; did you mean 'beta'?");
  }
}

}  // namespace
}  // namespace hone
