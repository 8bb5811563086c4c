#include "stage/memory_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hone {
namespace {

ModelConfig small_model() {
  ModelConfig c;
  c.family = "llama";
  c.vocab = 49152, c.hidden = 576, c.layers = 30, c.heads = 9, c.kv_heads = 3, c.head_dim = 64, c.ffn = 1536;
  c.max_positions = 8192, c.tied = true;
  c.windows.assign(30, 0);
  return c;
}

MemoryPlan plan(double budget_gb, const BatchConfig& batch = {}, const MemoryNeeds& needs = {}) {
  Recipe recipe;
  recipe.memory_budget_gb = budget_gb;
  return plan_memory(recipe, batch, small_model(), Type::bf16, needs);
}

TEST(MemoryPlan, WithoutABudgetTheRecipeDecides) {
  EXPECT_EQ(plan(0).max_tokens, MemoryPlan{}.max_tokens);
  EXPECT_EQ(plan(0).recomputed_blocks, 0);
  EXPECT_EQ(plan(0, {.max_tokens_per_micro_batch = 77}).max_tokens, 77);
  EXPECT_EQ(plan(0, {.gradient_checkpointing = "on"}).recomputed_blocks, 30);
  EXPECT_NEAR(plan(0).state_gb, 134.5e6 * 18e-9, 0.01);
}

TEST(MemoryPlan, FitsTheBudgetWithAsFewRecomputedBlocksAsPossible) {
  int64_t recomputed = 0;
  for (const double budget : {8.0, 4.0, 3.5, 3.2, 3.1, 3.0, 2.95}) {
    const MemoryPlan p = plan(budget, {}, {.longest_sequence = 600});
    EXPECT_LE(p.state_gb + p.activations_gb, budget) << budget;
    EXPECT_GE(p.max_tokens, 600) << budget;
    EXPECT_GE(p.recomputed_blocks, recomputed) << budget;
    recomputed = p.recomputed_blocks;
  }
  EXPECT_EQ(plan(8).recomputed_blocks, 0);
  EXPECT_GT(recomputed, 0);
  EXPECT_LT(plan(3.1).recomputed_blocks, 30);  // some blocks, not all
}

TEST(MemoryPlan, TheEngineGetsWhatTheBudgetLeaves) {
  Recipe recipe;
  EXPECT_EQ(kv_memory_gb(recipe, 1e12), EngineOptions{}.kv_memory_gb);
  recipe.memory_budget_gb = 3;
  EXPECT_NEAR(kv_memory_gb(recipe, 2e9), 0.55, 1e-9);
  EXPECT_EQ(kv_memory_gb(recipe, 3e9), 0);  // the engine then takes what one sequence needs
  EXPECT_EQ(plan(3, {}, {.longest_sequence = 100, .rollouts = true}).kv_memory_gb,
            kv_memory_gb(recipe, training_state_bytes(small_model(), Type::bf16)));
}

TEST(MemoryPlan, ALongSequenceIsMadeToFit) {
  const MemoryPlan p = plan(4, {}, {.longest_sequence = 8000});
  EXPECT_GE(p.max_tokens, 8000);
  EXPECT_GT(p.recomputed_blocks, 0);
  EXPECT_EQ(plan(4, {.gradient_checkpointing = "off"}).recomputed_blocks, 0);
}

TEST(MemoryPlan, TheReferenceModelCounts) {
  EXPECT_NEAR(plan(8, {}, {.reference_model = true}).state_gb - plan(8).state_gb, 134.5e6 * 2e-9, 0.01);
}

TEST(MemoryPlan, TooSmallABudgetSaysWhatWouldDo) {
  try {
    plan(2.5, {}, {.longest_sequence = 100});
    FAIL() << "expected an error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::recipe);
    EXPECT_THAT(e.what(), testing::AllOf(testing::HasSubstr("memory_budget_gb 2.5"), testing::HasSubstr("100 tokens")));
  }
}

}  // namespace
}  // namespace hone
