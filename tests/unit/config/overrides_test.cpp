#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/recipe_text.h"

namespace hone {
namespace {

using test::problems_of;
using test::small_with;
using testing::ElementsAre;
using testing::StartsWith;

GrpoConfig with(const std::vector<std::string>& overrides, const std::string& lines = "") {
  return parse_recipe(small_with(lines), "r.yaml", overrides).stages.at(0).grpo.value();
}

TEST(Overrides, SetValues) {
  EXPECT_EQ(with({"stages.rl.learning_rate=1e-5"}).optim.learning_rate, 1e-5);
  EXPECT_EQ(with({"stages.0.learning_rate = 1e-5"}).optim.learning_rate, 1e-5);
  EXPECT_EQ(with({"stages.rl.beta=0.1", "stages.rl.beta=0.2"}).loss.beta, 0.2);
  EXPECT_THAT(with({"stages.rl.stop=[\"</answer>\", \"a=b\"]"}).sampling.stop, ElementsAre("</answer>", "a=b"));
  EXPECT_EQ(with({"stages.rl.rewards.0.weight=2"}).rewards.at(0).weight, 2);
  EXPECT_EQ(with({"stages.rl.rewards.answer.weight=2"}).rewards.at(0).weight, 2);
  EXPECT_EQ(with({"stages.rl.rewards=[{type: a}, {type: b}]"}).rewards.size(), 2u);
  EXPECT_EQ(with({"stages.rl.rewards.0.digits=[1, 2]"}).rewards.at(0).options.dump(), R"({"digits":[1,2]})");
  EXPECT_EQ(with({"stages.rl.eval.data.path=b.jsonl", "stages.rl.eval.eval_steps=5"}).eval->eval_steps, 5);
  EXPECT_FALSE(with({"stages.rl.epsilon_high="}, "epsilon_high: 0.3").loss.epsilon_high.has_value());
  EXPECT_EQ(parse_recipe("stages: []", "r.yaml", {"model=m", "stages=[{type: sft, data: {path: a}}]"}).stages.size(),
            1u);
}

TEST(Overrides, ReplaceUnderEitherName) {
  EXPECT_EQ(with({"stages.rl.lr=1e-5"}, "learning_rate: 1e-3").optim.learning_rate, 1e-5);
  EXPECT_EQ(with({"stages.rl.learning_rate=1e-5"}, "lr: 1e-3").optim.learning_rate, 1e-5);
}

TEST(Overrides, ProblemsPointAtTheOverride) {
  EXPECT_THAT(problems_of(test::kSmall, {"stages.rl.learnin_rate=1"}),
              ElementsAre("--set 'stages.rl.learnin_rate=1': unknown key 'learnin_rate' in stages.rl; did you mean "
                          "'learning_rate'?"));
  EXPECT_THAT(
      problems_of(test::kSmall, {"stages.r1.beta=1"}),
      ElementsAre("--set 'stages.r1.beta=1': stages has 1 entries and none is called 'r1'; did you mean 'rl'?"));
  EXPECT_THAT(problems_of(test::kSmall, {"stages.1.beta=1"}),
              ElementsAre(StartsWith("--set 'stages.1.beta=1': stages has 1 entries and none is called '1'")));
  EXPECT_THAT(problems_of(test::kSmall, {"model.x=1"}),
              ElementsAre("--set 'model.x=1': model is 'm', it has nothing called 'x'"));
  EXPECT_THAT(
      problems_of(test::kSmall, {"stages.rl.num_generations=1.5"}),
      ElementsAre("--set 'stages.rl.num_generations=1.5': stages.rl.num_generations: expected a whole number, got "
                  "'1.5'"));
  EXPECT_THAT(
      problems_of(test::kSmall, {"stages.rl.num_generations=1"}),
      ElementsAre(StartsWith("--set 'stages.rl.num_generations=1': stages.rl.num_generations: expected from 2")));
  for (const char* text : {"", "=", "=1", "beta", "a..b=1", ".a=1", "a.=1", "  =2"})
    EXPECT_THAT(problems_of(test::kSmall, {text}), ElementsAre(StartsWith("--set "))) << text;
  for (const char* text : {"model=[", "model=*a", "model=!!str x", "model=a: b: c", "model=\xFF", "model={a: 1, a: 2}"})
    EXPECT_FALSE(problems_of(test::kSmall, {text}).empty()) << text;
}

TEST(Overrides, WithTheFilesProblemsInOneList) {
  EXPECT_THAT(problems_of(small_with("betta: 1"), {"seed=x", "nme=y"}),
              ElementsAre(StartsWith("r.yaml:7:5: "), StartsWith("--set 'seed=x': seed: expected a whole number"),
                          StartsWith("--set 'nme=y': unknown key 'nme'; did you mean 'name'?")));
}

}  // namespace
}  // namespace hone
