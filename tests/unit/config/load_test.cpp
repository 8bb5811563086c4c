#include <gtest/gtest.h>

#include "hone/recipe.h"

TEST(Load, Smoke) {
  const hone::Recipe r = hone::parse_recipe("model: m\nstages:\n  - type: eval\n    data: {path: x.jsonl}\n    rewards: [{type: answer}]\n", "r.yaml");
  EXPECT_EQ(r.stages.size(), 1u);
  std::puts(hone::recipe_to_yaml(r).c_str());
}
