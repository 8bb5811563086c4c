#include "config/recipe_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/recipe_text.h"

namespace hone {
namespace {

using test::small_with;
using testing::ElementsAre;
using testing::IsEmpty;

nlohmann::json resolved(const std::string& text) { return recipe_to_json(parse_recipe(text, "r.yaml")); }

std::vector<std::string> diff(const std::string& before, const std::string& after, std::string_view prefix = "") {
  std::vector<std::string> lines;
  for (const RecipeChange& change : recipe_diff(resolved(before), resolved(after), prefix))
    lines.push_back(to_string(change));
  return lines;
}

TEST(RecipeDiff, NamesEveryChangedKey) {
  EXPECT_THAT(diff(test::kSmall, test::kSmall), IsEmpty());
  EXPECT_THAT(
      diff(small_with("beta: 0\nlr: 1e-5\nstop: [a]"), "seed: 3\n" + small_with("beta: 0.1\nlr: 1e-5\nstop: [a, b]")),
      ElementsAre("seed: 0 -> 3", "stages.rl.beta: 0.0 -> 0.1", "stages.rl.stop: [\"a\"] -> [\"a\",\"b\"]"));
  EXPECT_THAT(diff(test::kSmall, small_with("epsilon_high: 0.28")),
              ElementsAre("stages.rl.epsilon_high: null -> 0.28"));
}

TEST(RecipeDiff, SpellingIsNoChange) {
  EXPECT_THAT(diff(small_with("learning_rate: 1e-6\nnum_generations: 8"), small_with("lr: 0.000001\ngroup_size: 8.0")),
              IsEmpty());
}

TEST(RecipeDiff, PrefixKeepsOneStage) {
  const std::string head = "model: m\nstages:\n  - {name: cold, type: sft, data: {path: a}";
  const std::string before = head + "}\n  - {name: cold2, type: sft, data: {path: a}}\n";
  const std::string after = head + ", lr: 1}\n  - {name: cold2, type: sft, data: {path: b}}\n";
  EXPECT_THAT(diff(before, after, "stages.cold"), ElementsAre("stages.cold.learning_rate: 2e-05 -> 1.0"));
  EXPECT_THAT(diff(before, after, "stages.cold2"), ElementsAre("stages.cold2.data.path: \"a\" -> \"b\""));
  EXPECT_THAT(diff(before, after, "model"), IsEmpty());
}

TEST(RecipeDiff, AddedRemovedAndReorderedStages) {
  const std::string a = "  - {name: a, type: sft, from: base, data: {path: x}}\n";
  const std::string b = "  - {name: b, type: sft, from: base, data: {path: x}}\n";
  const std::string head = "model: m\nstages:\n";
  const auto added = recipe_diff(resolved(head + a), resolved(head + b + a), "");
  ASSERT_EQ(added.size(), 1u);
  EXPECT_EQ(added[0].key, "stages.b");
  EXPECT_FALSE(added[0].before.has_value());
  EXPECT_EQ(to_string(recipe_diff(resolved(head + b + a), resolved(head + a))[0]).substr(0, 10), "stages.b: ");
  EXPECT_THAT(diff(head + a + b, head + b + a), ElementsAre("stages: [\"a\",\"b\"] -> [\"b\",\"a\"]"));
}

TEST(RecipeDiff, RewardsGoByName) {
  const std::string text = small_with("");
  const auto with_rewards = [&](const std::string& rewards) {
    return "model: m\nstages:\n  - {name: rl, type: grpo, data: {path: a}, rewards: " + rewards + "}\n";
  };
  EXPECT_THAT(diff(with_rewards("[{type: a}, {type: b, limit: 1}]"), with_rewards("[{type: a}, {type: b, limit: 2}]")),
              ElementsAre("stages.rl.rewards.b.limit: 1 -> 2"));
}

TEST(RecipeDiff, TakesAnyJson) {
  EXPECT_THAT(recipe_diff(nlohmann::json(5), nlohmann::json::array({1})).size(), 1u);
  EXPECT_THAT(
      recipe_diff(nlohmann::json::parse(R"({"a":[{"name":1}]})"), nlohmann::json::parse(R"({"a":[{"name":"x"}]})"))
          .size(),
      1u);
}

}  // namespace
}  // namespace hone
