// A reward of your own: give it a name, then use the name in a recipe.
//   custom_reward configs/quickstart.yaml --set 'stages.rl.rewards=[{type: short_answer}]'
#include <cstdio>

#include "hone/error.h"
#include "hone/run.h"

int main(int argc, char** argv) try {
  if (argc < 2) throw hone::Error(hone::ErrorKind::usage, "usage: custom_reward RECIPE [--set key=value ...]");
  std::vector<std::string> overrides;
  for (int i = 2; i + 1 < argc; i += 2) overrides.push_back(argv[i + 1]);

  hone::RunOptions options;
  options.rewards.add("short_answer", [](const nlohmann::json&) {
    return [](const hone::ScoreInput& in) {
      return in.num_tokens <= 40 ? hone::correct() : hone::wrong("more than 40 tokens");
    };
  });
  const auto comm = hone::make_comm();
  hone::run_recipe(hone::load_recipe(argv[1], overrides), options, *comm);
  return 0;
} catch (const hone::Error& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
