// What is said about recipes that do not read, word for word: position, key, what was expected, what to try.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/recipe_text.h"

namespace hone {
namespace {

using test::problems_of;
using test::small_with;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Problems, SmallRecipeHasNone) { EXPECT_THAT(problems_of(test::kSmall), IsEmpty()); }

TEST(Problems, UnknownKeys) {
  EXPECT_THAT(problems_of(small_with("learnin_rate: 1")),
              ElementsAre("r.yaml:7:5: unknown key 'learnin_rate' in stages.rl; did you mean 'learning_rate'?"));
  EXPECT_THAT(problems_of(small_with("max_length: 5")),
              ElementsAre("r.yaml:7:5: unknown key 'max_length' in stages.rl; it is an option of sft and reward_model "
                          "stages, this one is "
                          "of type grpo"));
  EXPECT_THAT(problems_of(small_with("qqqqq: 5")), ElementsAre("r.yaml:7:5: unknown key 'qqqqq' in stages.rl"));
  EXPECT_THAT(problems_of("modle: x\n" + test::kSmall), ElementsAre("r.yaml:1:1: unknown key 'modle'; did you mean "
                                                                    "'model'?"));
  EXPECT_THAT(problems_of(small_with("eval:\n  data: {pth: x, path: y}")),
              ElementsAre("r.yaml:8:14: unknown key 'pth' in stages.rl.eval.data; did you mean 'path'?"));
}

TEST(Problems, WrongTypes) {
  EXPECT_THAT(
      problems_of(small_with("learning_rate: 1_000")),
      ElementsAre("r.yaml:7:20: stages.rl.learning_rate: expected a finite number such as 0.5 or 1e-6, got '1_000'"));
  for (const char* text :
       {"0x10", ".inf", "-.INF", "nan", ".nan", "1e999", "007", "1,5", "'0.5'", "\"1\"", "true", "[1]",
        "{}",   "",     "~",     ".",   "-",    "+",     "1e",  "e5",  "--1",   "1 2",   "∞"})
    EXPECT_THAT(problems_of(small_with(std::string("learning_rate: ") + text)), ElementsAre(StartsWith("r.yaml:7:")))
        << text;
  for (const char* text : {"1.5", "9223372036854775808", "1e30", "9007199254740993.0", "'1'", "0b1"})
    EXPECT_THAT(problems_of(small_with(std::string("num_generations: ") + text)),
                ElementsAre(StartsWith("r.yaml:7:22: stages.rl.num_generations: expected a whole number, got ")))
        << text;
  for (const char* text : {"yes", "no", "on", "off", "True", "TRUE", "1", "'true'", "y"})
    EXPECT_THAT(problems_of(small_with(std::string("mask_truncated_completions: ") + text)),
                ElementsAre(StartsWith("r.yaml:7:33: stages.rl.mask_truncated_completions: expected true or false, in "
                                       "small letters and without quotes, got ")))
        << text;
  EXPECT_THAT(
      problems_of(small_with("stop: </answer>")),
      ElementsAre("r.yaml:7:11: stages.rl.stop: expected a list of texts, as in [\"a\", \"b\"], got '</answer>'"));
  EXPECT_THAT(
      problems_of(small_with("stop: [a, null]")),
      ElementsAre("r.yaml:7:15: stages.rl.stop.1: expected text, got no value; write a value, or delete the line "
                  "to get the default"));
  EXPECT_THAT(problems_of(small_with("scale_rewards: [group]")),
              ElementsAre("r.yaml:7:20: stages.rl.scale_rewards: expected text, got a list"));
  EXPECT_THAT(problems_of("model: m\nstages: {}\n"),
              ElementsAre("r.yaml:2:9: stages: expected a list of stages, each beginning with '- type: ', got a map"));
  EXPECT_THAT(problems_of("model: m\nstages: [sft]\n"),
              ElementsAre("r.yaml:2:10: stages.0: expected a map beginning with '- type: ', got 'sft'"));
  EXPECT_THAT(problems_of("- model\n"), ElementsAre("r.yaml:1:1: the recipe: expected a map of options, got a list"));
}

TEST(Problems, JsonNumbersAreNoText) {
  EXPECT_THAT(problems_of(R"({"model": 5, "stages": []})", {}, "r.json"),
              ElementsAre("r.json:1:11: model: expected text, got '5'",
                          "r.json:1:14: stages: missing; a recipe needs at least one stage"));
}

TEST(Problems, OutOfBounds) {
  EXPECT_THAT(
      problems_of(small_with("temperature: -0.5\ntop_p: 0\nadam_beta1: 1\nloss_type: grop\nepsilon_high: -1\n"
                             "max_completion_length: 0\nlearning_rate: 0")),
      ElementsAre("r.yaml:7:18: stages.rl.temperature: expected at least 0, got -0.5 (sampling temperature; 0 is "
                  "greedy)",
                  "r.yaml:8:12: stages.rl.top_p: expected above 0 and at most 1, got 0 (nucleus: smallest set of "
                  "tokens with this probability)",
                  "r.yaml:9:17: stages.rl.adam_beta1: expected at least 0 and below 1, got 1 (decay of the first "
                  "moment)",
                  "r.yaml:10:16: stages.rl.loss_type: expected one of grpo, dr_grpo, dapo, bnpo, got 'grop'; did "
                  "you mean 'grpo'?",
                  "r.yaml:11:19: stages.rl.epsilon_high: expected at least 0, got -1 (ratio clip above 1; epsilon "
                  "by default)",
                  "r.yaml:12:28: stages.rl.max_completion_length: expected from 1 to 10000000, got 0 (tokens at "
                  "most in a completion; also the constant that dr_grpo divides by)",
                  "r.yaml:13:20: stages.rl.learning_rate: expected above 0, got 0 (peak learning rate)"));
}

TEST(Problems, Missing) {
  EXPECT_THAT(problems_of("name: x\n"),
              ElementsAre("r.yaml:1:1: model: missing; expected a Hugging Face folder or a .gguf file",
                          "r.yaml:1:1: stages: missing; a recipe needs at least one stage"));
  EXPECT_THAT(problems_of("model: m\nstages:\n  - data: {path: a}\n"),
              ElementsAre("r.yaml:3:5: stages.0.type: missing; expected one of sft, grpo, reward_model, eval"));
  EXPECT_THAT(problems_of("model: m\nstages:\n  - type: grpo\n    rewards: [{weight: 1}]\n"),
              ElementsAre("r.yaml:3:5: stages.grpo.data: needs either path (a JSONL file) or task (a synthetic task)",
                          "r.yaml:4:15: stages.grpo.rewards.0.type: missing; it says which reward this is"));
}

TEST(Problems, DuplicateKeys) {
  EXPECT_THAT(problems_of("model: a\n" + test::kSmall), ElementsAre("r.yaml:2:1: the key 'model' is given twice"));
  EXPECT_THAT(
      problems_of(small_with("lr: 1\nlearning_rate: 2")),
      ElementsAre("r.yaml:8:5: stages.rl.learning_rate: 'lr' and 'learning_rate' are the same option; keep one"));
  EXPECT_THAT(
      problems_of(small_with("clip_ratio: 0.1\nclip_ratio_low: 0.2")),
      ElementsAre("r.yaml:8:5: stages.rl.epsilon: 'clip_ratio' and 'clip_ratio_low' are the same option; keep one"));
  EXPECT_THAT(
      problems_of(R"({"model": "m", "model": "n", "stages": [{"type": "sft", "data": {"path": "a"}}]})", {}, "r.json"),
      ElementsAre("r.json:1:16: the key 'model' is given twice"));
}

TEST(Problems, StageNamesAndOrder) {
  const auto two = [](const std::string& first, const std::string& second) {
    return problems_of("model: m\nstages:\n  - {type: sft, data: {path: a}" + first +
                       "}\n  - {type: sft, data: {path: a}" + second + "}\n");
  };
  EXPECT_THAT(two("", ""),
              ElementsAre("r.yaml:4:5: stages.1.name: two stages are named 'sft'; give each a name of its own"));
  EXPECT_THAT(
      two(", name: a/b", ", name: '7'"),
      ElementsAre("r.yaml:3:40: stages.0.name: a stage name is 1 to 64 letters, digits, '_' or '-', got 'a/b'",
                  "r.yaml:4:40: stages.1.name: a stage name of digits only would be taken for an index, got '7'"));
  EXPECT_THAT(two(", name: base", ", name: ..")[0],
              "r.yaml:3:40: stages.0.name: 'base' means the recipe's model in `from`, got 'base'");
  EXPECT_THAT(
      two(", name: cold, from: hot", ", name: hot, from: clod"),
      ElementsAre("r.yaml:3:52: stages.cold.from: 'hot' is a later stage; it can be base",
                  "r.yaml:4:51: stages.hot.from: no stage is named 'clod'; did you mean 'cold'?; it can be base, "
                  "cold"));
  EXPECT_THAT(two(", name: cold, from: cold", ", name: hot"),
              ElementsAre("r.yaml:3:52: stages.cold.from: a stage cannot start from itself; it can be base"));
  EXPECT_THAT(problems_of("model: m\nstages:\n  - {type: eval, data: {path: a}, rewards: [{type: answer}]}\n"
                          "  - {type: sft, data: {path: a}, from: eval}\n"),
              ElementsAre("r.yaml:4:40: stages.sft.from: 'eval' makes no language model; it can be base"));
  EXPECT_THAT(problems_of("model: m\nstages:\n  - {type: stf, data: {path: a}, whatever: 1}\n"),
              ElementsAre("r.yaml:3:12: stages.stf.type: expected one of sft, grpo, reward_model, eval, got 'stf'; did "
                          "you mean 'sft'?"));
}

TEST(Problems, AllAtOnceInTheOrderOfTheFile) {
  EXPECT_THAT(
      problems_of("name: a b\nseed: -1\n" + small_with("beta: x\nkl_place: reward\nnum_generations: 1\ntop_q: 1")),
      ElementsAre(StartsWith("r.yaml:1:7: name: "), StartsWith("r.yaml:2:7: seed: "),
                  StartsWith("r.yaml:9:11: stages.rl.beta: "),
                  // Nothing about kl_place: whether it has an effect depends on beta.
                  StartsWith("r.yaml:11:22: stages.rl.num_generations: "),
                  StartsWith("r.yaml:12:5: unknown key 'top_q'")));
}

TEST(Problems, LongListsAreCut) {
  std::string text = "model: m\nstages:\n";
  for (int i = 0; i < 80; ++i) text += "  - 5\n";
  const std::vector<std::string> lines = problems_of(text);
  EXPECT_EQ(lines.size(), 51u);
  EXPECT_EQ(lines.back(), "and 30 more problems");
}

}  // namespace
}  // namespace hone
