// Whole runs of a tiny model: resume, splits, ranks, and what a run directory refuses.
#include "hone/run.h"

#include <cmath>

#include <gmock/gmock.h>

#include "base/jsonl.h"
#include "base/log.h"
#include "comm/thread_ranks.h"
#include "unit/tiny_model.h"

namespace hone {
namespace {

using namespace hone::testing;
namespace fs = std::filesystem;

class RunTest : public ::testing::Test {
 protected:
  RunTest() {
    set_log_level(LogLevel::off);
    fs::create_directories(folder_.path() / "model");
    write_tiny_model(folder_.path() / "model", "llama");
  }

  /// A recipe of one stage in its own output folder.
  Recipe recipe(const std::string& type, const std::string& output, const std::string& dtype = "bf16") const {
    Recipe r;
    r.name = "run", r.model = (folder_.path() / "model").string(), r.output_dir = (folder_.path() / output).string();
    r.dtype = dtype, r.seed = 3;
    StageConfig stage{.name = "stage", .type = type};
    DataConfig data;
    data.task = "arithmetic", data.size = 24, data.seed = 5, data.options = {{"instruction", "Answer."}};
    if (type == "sft") {
      stage.sft.emplace();
      stage.sft->data = data, stage.sft->train_batch_size = 4, stage.sft->max_steps = 10,
      stage.sft->optim.learning_rate = 1e-3;
    } else {
      stage.grpo.emplace();
      stage.grpo->data = data, stage.grpo->num_prompts_per_step = 4, stage.grpo->num_generations = 4,
      stage.grpo->max_steps = 10;
      stage.grpo->sampling.max_completion_length = 12, stage.grpo->optim.learning_rate = 1e-3;
      stage.grpo->rewards = {{.type = "length", .options = {{"max", 30}, {"ramp", 30}, {"unit", "characters"}}}};
      stage.grpo->loss.beta = 0.05;
      stage.grpo->ref_model_sync_steps = 3;
    }
    r.stages.push_back(std::move(stage));
    return r;
  }

  static void run(const Recipe& r, int stop_after = -1) {
    const auto comm = make_single_comm();
    int steps = 0;
    RunOptions options;
    if (stop_after > 0) options.stop_requested = [&] { return ++steps == stop_after; };
    EXPECT_EQ(run_recipe(r, options, *comm), stop_after > 0 ? RunEnd::stopped : RunEnd::done);
  }

  static std::string weights(const Recipe& r) {
    return read_file(run_directory(r) / "stage" / "final" / "model.safetensors");
  }

  static std::vector<double> metric(const Recipe& r, const std::string& name) {
    std::vector<double> out;
    read_jsonl(run_directory(r) / "metrics.jsonl", [&](nlohmann::json line, int64_t) {
      if (line.contains(name)) out.push_back(line[name].get<double>());
    });
    return out;
  }

  TemporaryFolder folder_;
};

TEST_F(RunTest, TenStepsEqualFivePlusResumePlusFive) {
  for (const std::string type : {"sft", "grpo"}) {
    const Recipe whole = recipe(type, "whole-" + type), cut = recipe(type, "cut-" + type);
    run(whole);
    run(cut, 5);
    run(cut);
    EXPECT_EQ(weights(whole), weights(cut)) << type;
    EXPECT_EQ(metric(whole, "loss"), metric(cut, "loss")) << type;
    EXPECT_EQ(metric(whole, "grad_norm"), metric(cut, "grad_norm")) << type;
    EXPECT_EQ(metric(whole, "loss").size(), 10u);
  }
}

TEST_F(RunTest, MismatchIsExactlyZeroOnEveryStep) {
  Recipe r = recipe("grpo", "exact");
  r.stages[0].grpo->sampling.temperature = 0.7;
  r.stages[0].grpo->sampling.top_p = 0.9;
  run(r);
  for (const double d : metric(r, "rollout_corr/max_abs_diff")) EXPECT_EQ(d, 0.0);
  EXPECT_EQ(metric(r, "rollout_corr/max_abs_diff").size(), 10u);
}

TEST_F(RunTest, GradientsDoNotDependOnTheSplit) {
  for (const std::string type : {"sft", "grpo"}) {
    std::vector<double> first;
    for (const int64_t budget : {1, 200, 400, 100000}) {
      Recipe r = recipe(type, type + std::to_string(budget), "fp32");
      if (type == "sft")
        r.stages[0].sft->max_steps = 2, r.stages[0].sft->batch.max_tokens_per_micro_batch = budget;
      else
        r.stages[0].grpo->max_steps = 2, r.stages[0].grpo->batch.max_tokens_per_micro_batch = budget;
      if (budget == 400 && type == "grpo") r.stages[0].grpo->batch.gradient_checkpointing = "on";
      run(r);
      const std::vector<double> norms = metric(r, "grad_norm");
      if (first.empty()) first = norms;
      for (size_t i = 0; i < norms.size(); ++i)
        EXPECT_NEAR(norms[i], first[i], 1e-5 * first[i]) << type << " " << budget;
    }
  }
}

TEST_F(RunTest, TwoRanksGiveTheGradientsOfOne) {
  for (const std::string type : {"sft", "grpo"}) {
    Recipe one = recipe(type, "one-" + type, "fp32"), two = recipe(type, "two-" + type, "fp32");
    for (Recipe* r : {&one, &two}) {
      if (type == "sft")
        r->stages[0].sft->max_steps = 2;
      else
        r->stages[0].grpo->max_steps = 2;
    }
    run(one);
    run_thread_ranks(2, [&](Comm& comm) { run_recipe(two, {}, comm); });
    const std::vector<double> a = metric(one, "grad_norm"), b = metric(two, "grad_norm");
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5 * a[i]) << type;
  }
}

TEST_F(RunTest, ARunDirectoryOfAnotherRecipeIsRefused) {
  Recipe r = recipe("sft", "changed");
  r.stages[0].sft->max_steps = 1;
  run(r);
  r.stages[0].sft->optim.learning_rate = 2e-3;
  const auto comm = make_single_comm();
  try {
    run_recipe(r, {}, *comm);
    FAIL() << "expected an error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::recipe);
    EXPECT_THAT(e.what(), ::testing::HasSubstr("learning_rate"));
    EXPECT_THAT(e.what(), ::testing::HasSubstr("--restart-from stage"));
  }
  RunOptions restart;
  restart.restart_from = "stage";
  EXPECT_EQ(run_recipe(r, restart, *comm), RunEnd::done);
}

}  // namespace
}  // namespace hone
