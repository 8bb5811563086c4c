// GRPO without a recipe file: the same records, filled in by a program.
//   minimal_grpo MODEL
#include <cstdio>

#include "hone/error.h"
#include "hone/run.h"

int main(int argc, char** argv) try {
  if (argc != 2) throw hone::Error(hone::ErrorKind::usage, "usage: minimal_grpo MODEL");
  hone::GrpoConfig grpo;
  grpo.data.task = "arithmetic";
  grpo.data.size = 512;
  grpo.sampling.max_completion_length = 48;
  grpo.rewards = {{.type = "exact_answer"}, {.type = "format", .weight = 0.2}};
  grpo.optim.learning_rate = 1e-5;
  grpo.num_prompts_per_step = 8;
  grpo.max_steps = 5;

  hone::Recipe recipe;
  recipe.name = "minimal_grpo";
  recipe.model = argv[1];
  recipe.stages.push_back({.name = "rl", .type = "grpo", .grpo = grpo});

  const auto comm = hone::make_comm();
  hone::run_recipe(recipe, {}, *comm);
  return 0;
} catch (const hone::Error& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
