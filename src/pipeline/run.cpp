#include "hone/run.h"

#include <ctime>

#include "base/check.h"
#include "base/files.h"
#include "base/jsonl.h"
#include "base/text.h"
#include "base/threads.h"
#include "config/recipe_diff.h"
#include "config/stages.h"
#include "pipeline/check_names.h"
#include "pipeline/manifest.h"
#include "report/report.h"
#include "stage/eval.h"
#include "stage/grpo.h"
#include "stage/reward_model.h"
#include "stage/sft.h"

namespace hone {
namespace {

namespace fs = std::filesystem;

bool is_finished(const fs::path& stage_dir) { return fs::exists(stage_dir / "done.json"); }

/// Settings of the run itself that may change between two calls without changing what it computes.
bool is_free(const std::string& key) {
  return key == "threads" || key == "output_dir" || key.starts_with("memory_budget_gb") || key == "defaults_version";
}

/// A started stage must not find itself under another recipe.
void check_unchanged(const fs::path& run_dir, const Recipe& recipe) {
  const fs::path path = run_dir / "recipe.resolved.json";
  if (!fs::exists(path)) return;
  const nlohmann::json before = parse_json(read_file(path), path.string(), ErrorKind::format);
  for (const RecipeChange& change : recipe_diff(before, recipe_to_json(recipe))) {
    if (is_free(change.key)) continue;
    bool matters = !change.key.starts_with("stages.");
    std::string stage;
    for (const StageConfig& s : recipe.stages) {
      if (change.key.starts_with("stages." + s.name + ".") || change.key == "stages." + s.name) {
        stage = s.name;
        matters = fs::exists(run_dir / s.name);
      }
    }
    if (!matters) continue;
    const std::string advice =
        stage.empty() ? "choose another name or output_dir" : "use --restart-from " + stage + ", or another name";
    fail(ErrorKind::recipe, "{}: was made by another recipe: {}; {}", run_dir.string(), to_string(change), advice);
  }
}

void forget_from(const fs::path& run_dir, const Recipe& recipe, const std::string& stage) {
  bool found = false;
  for (const StageConfig& s : recipe.stages) {
    found = found || s.name == stage;
    if (found) fs::remove_all(run_dir / s.name);
  }
  HONE_CHECK(found, ErrorKind::usage, "--restart-from: the recipe has no stage '{}'", stage);
}

/// Where a stage's weights come from: the model, or what an earlier stage left.
fs::path start_of(const Recipe& recipe, size_t index, const fs::path& run_dir) {
  const auto model_of = [&](size_t i) -> std::optional<fs::path> {
    if (!config::makes_model(recipe.stages[i])) return std::nullopt;
    return run_dir / recipe.stages[i].name / "final";
  };
  const std::string& from = recipe.stages[index].from;
  if (from == "base") return recipe.model;
  for (size_t i = index; i-- > 0;)
    if (from.empty() || recipe.stages[i].name == from)
      if (const auto path = model_of(i)) return *path;
  return recipe.model;
}

/// A recipe that a program filled in has not been checked by load_recipe.
void check_before_running(const Recipe& recipe, const RewardTable& rewards) {
  RecipeProblems problems = check_recipe(recipe);
  for (RecipeProblem& p : check_names(recipe, rewards)) problems.push_back(std::move(p));
  if (problems.empty()) return;
  std::vector<std::string> lines;
  for (const RecipeProblem& p : problems) lines.push_back(p.key + ": " + p.message);
  throw Error(ErrorKind::recipe, join(lines, "\n"));
}

StageEnd run_stage(const StageConfig& stage, const StageContext& context) {
  if (stage.sft) return run_sft(*stage.sft, context);
  if (stage.grpo) return run_grpo(*stage.grpo, context);
  if (stage.reward_model) return run_reward_model(*stage.reward_model, context);
  HONE_ASSERT(stage.eval.has_value());
  return run_eval(*stage.eval, context);
}

}  // namespace

fs::path run_directory(const Recipe& recipe) { return fs::path(recipe.output_dir) / recipe.name; }

RunEnd run_recipe(const Recipe& recipe, const RunOptions& options, Comm& comm) {
  check_before_running(recipe, options.rewards);
  if (recipe.threads > 0) set_num_threads(static_cast<int>(recipe.threads));
  const fs::path run_dir = run_directory(recipe);
  std::unique_ptr<MetricsWriter> metrics;
  std::unique_ptr<Console> console;
  if (comm.is_main()) {
    if (!options.restart_from.empty()) forget_from(run_dir, recipe, options.restart_from);
    check_unchanged(run_dir, recipe);
    fs::create_directories(run_dir);
    write_file_atomic(run_dir / "recipe.resolved.yaml", recipe_to_yaml(recipe));
    write_file_atomic(run_dir / "recipe.resolved.json", dump_json(recipe_to_json(recipe), 2) + "\n");
    metrics = std::make_unique<MetricsWriter>(run_dir);
    if (!options.quiet) console = std::make_unique<Console>();
  }
  comm.barrier();
  const std::string chat_template = recipe.chat_template.empty() ? "" : read_file(recipe.chat_template);

  for (size_t i = 0; i < recipe.stages.size(); ++i) {
    const StageConfig& stage = recipe.stages[i];
    const fs::path stage_dir = run_dir / stage.name;
    if (is_finished(stage_dir)) {
      if (console) console->note(fmt::format("stage {}: finished before", stage.name));
      continue;
    }
    const StageEnd end = with_context(fmt::format("stage '{}'", stage.name), [&] {
      if (comm.is_main()) {
        fs::create_directories(stage_dir);
        write_manifest(run_dir, recipe, comm.size());
      }
      const bool trains = stage.type != "eval";
      const fs::path start = start_of(recipe, i, run_dir);
      if (console) console->note(fmt::format("stage {}: {} from {}", stage.name, stage.type, start.string()));
      const std::unique_ptr<Policy> policy = Policy::load(
          start, {.dtype = recipe.dtype, .trainable = trains, .reward_head = stage.reward_model.has_value()});
      const ChatTokenizer chat(policy->tokenizer(), chat_template);
      const StageContext context{recipe,
                                 stage.name,
                                 run_dir,
                                 stage_dir,
                                 *policy,
                                 chat,
                                 options.rewards,
                                 comm,
                                 metrics.get(),
                                 console.get(),
                                 options.stop_requested};
      const StageEnd stage_end = run_stage(stage, context);
      if (stage_end == StageEnd::done && comm.is_main()) {
        if (trains)
          policy->save_hf(stage_dir / "final", Type::f32);  // the next stage continues from the master weights
        write_file_atomic(stage_dir / "done.json",
                          dump_json({{"type", stage.type}, {"version", policy->version()}}) + "\n");
      }
      comm.barrier();
      return stage_end;
    });
    if (comm.is_main()) {
      write_manifest(run_dir, recipe, comm.size());
      write_report(run_dir);
    }
    if (end == StageEnd::stopped) return RunEnd::stopped;
  }
  if (console) console->note(fmt::format("report: {}", (run_dir / "report.html").string()));
  return RunEnd::done;
}

}  // namespace hone
