// check, report, data show and doctor: looking at things without changing them.
#include <iostream>

#include "base/check.h"
#include "base/files.h"
#include "cli/command.h"
#include "cli/requests.h"
#include "hone/data.h"
#include "hone/run.h"
#include "model/model_files.h"
#include "pipeline/manifest.h"
#include "report/report.h"
#include "sandbox/layers.h"
#include "stage/memory_plan.h"
#include "stage/preferences.h"
#include "stage/prompts.h"

namespace hone {
namespace {

void print_plan(const Recipe& recipe, const StageConfig& stage, const ModelConfig& model, Type type) {
  // Only the data knows its longest prompt, so the plan of a run may take fewer tokens.
  const auto print_memory = [&](const BatchConfig& batch, const MemoryNeeds& needs) {
    std::cout << "  " << describe(plan_memory(recipe, batch, model, type, needs), model) << "\n";
  };
  if (stage.sft) {
    print_memory(stage.sft->batch, {.longest_sequence = stage.sft->max_length});
    std::cout << fmt::format("  each step: {} conversations, one optimiser step\n", stage.sft->train_batch_size);
  } else if (stage.reward_model) {
    print_memory(stage.reward_model->batch, {.longest_sequence = 2 * stage.reward_model->max_length});
    std::cout << fmt::format("  each step: {} pairs or labelled responses, one optimiser step\n",
                             stage.reward_model->train_batch_size);
  } else if (stage.grpo) {
    const GrpoConfig& g = *stage.grpo;
    print_memory(
        g.batch,
        {.longest_sequence = g.sampling.max_completion_length, .reference_model = g.loss.beta > 0, .rollouts = true});
    std::cout << fmt::format(
        "  each step: {} prompts x {} completions, {} optimiser step(s) of {} completions; the first is on-policy "
        "(ratio exactly 1)\n",
        g.num_prompts_per_step, g.num_generations, g.num_mini_batches * g.num_iterations,
        g.num_prompts_per_step * g.num_generations / g.num_mini_batches);
  }
}

/// A conversation's text with what is trained marked by brackets.
void show_example(const SftExample& example, const Tokenizer& tokenizer) {
  bool open = false;
  for (size_t i = 0; i < example.ids.size(); ++i) {
    if ((example.trained[i] != 0) != open) std::cout << (open ? "⟧" : "⟦"), open = !open;
    std::cout << tokenizer.decode(std::span(&example.ids[i], 1));
  }
  std::cout << (open ? "⟧" : "") << "\n";
}

}  // namespace

void add_check(CLI::App& app) {
  struct Args {
    std::string recipe;
    std::vector<std::string> overrides;
    bool options = false;
  };
  auto args = std::make_shared<Args>();
  CLI::App* command = app.add_subcommand("check", "check a recipe and show what it would do");
  command->add_option("recipe", args->recipe, "YAML or JSON file");
  command->add_option("--set", args->overrides, "override, as for run");
  command->add_flag("--options", args->options, "print the reference of every option instead");
  command->callback([args] {
    if (args->options) {
      std::cout << recipe_reference();
      return;
    }
    HONE_CHECK(!args->recipe.empty(), ErrorKind::usage, "check: expected a recipe, or --options");
    const Recipe recipe = load_recipe(args->recipe, args->overrides, program_checks());
    const std::unique_ptr<ModelFiles> files = ModelFiles::open(recipe.model);
    const Type type = compute_type(recipe.dtype);
    std::cout << fmt::format("{}: {} model, {:.1f} M parameters, {} compute\n", recipe.name, files->config().family,
                             1e-6 * static_cast<double>(total_count(list_parameters(files->config()))),
                             type == Type::bf16 ? "bf16" : "fp32");
    for (const StageConfig& stage : recipe.stages) {
      std::cout << fmt::format("stage {} ({})\n", stage.name, stage.type);
      print_plan(recipe, stage, files->config(), type);
    }
    std::cout << "the recipe is fine\n";
  });
}

void add_report(CLI::App& app) {
  auto run = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("report", "write report.html of a run directory");
  command->add_option("run", *run, "run directory")->required();
  command->callback([run] { std::cout << write_report(*run).string() << "\n"; });
}

void add_data(CLI::App& app) {
  struct Args {
    std::string recipe, stage;
    std::vector<std::string> overrides;
    int64_t count = 3;
  };
  auto args = std::make_shared<Args>();
  CLI::App* command = app.add_subcommand("data", "look at training data");
  command->require_subcommand(1);
  CLI::App* show =
      command->add_subcommand("show", "records of a stage as the model sees them; ⟦ ⟧ marks what is trained");
  show->add_option("recipe", args->recipe, "YAML or JSON file")->required();
  show->add_option("stage", args->stage, "name of the stage")->required();
  show->add_option("--set", args->overrides, "override, as for run");
  show->add_option("--count", args->count, "records")->check(CLI::PositiveNumber)->capture_default_str();
  show->callback([args] {
    const Recipe recipe = load_recipe(args->recipe, args->overrides);
    const ChatTokenizer chat(Tokenizer::load(recipe.model),
                             recipe.chat_template.empty() ? "" : read_file(recipe.chat_template));
    for (const StageConfig& stage : recipe.stages) {
      if (stage.name != args->stage) continue;
      HONE_CHECK(stage.type != "eval", ErrorKind::usage, "stage '{}' trains on no data", stage.name);
      const DataConfig& data = stage.sft            ? stage.sft->data
                               : stage.reward_model ? stage.reward_model->data
                                                    : stage.grpo->data;
      std::vector<Record> records = load_records(data);
      std::cout << fmt::format("{} records; fingerprint {}\n", records.size(), fingerprint(records));
      if (static_cast<int64_t>(records.size()) > args->count) records.resize(static_cast<size_t>(args->count));
      constexpr int64_t kAnyLength = int64_t{1} << 40;
      if (stage.sft) {
        for (const SftExample& e : make_examples(records, *stage.sft, chat, kAnyLength)) {
          std::cout << "--- " << e.ids.size() << " tokens\n";
          show_example(e, chat.tokenizer());
        }
      } else if (stage.reward_model) {
        for (const Preference& item : make_preferences(records, *stage.reward_model, chat, kAnyLength)) {
          for (const std::vector<int32_t>* ids : {&item.chosen, &item.rejected})
            if (!ids->empty())
              std::cout << "--- "
                        << (!item.is_pair()       ? item.good ? "good" : "bad"
                            : ids == &item.chosen ? "chosen"
                                                  : "rejected")
                        << ", " << ids->size() << " tokens\n"
                        << chat.tokenizer().decode(*ids) << "\n";
        }
      } else {
        for (const Prompt& p : make_prompts(records, data, chat, kAnyLength))
          std::cout << "--- prompt " << p.id << ", " << p.ids.size() << " tokens, answer "
                    << (p.fields->contains("answer") ? (*p.fields)["answer"].dump() : "none") << "\n"
                    << p.text << "\n";
      }
      return;
    }
    fail(ErrorKind::usage, "the recipe has no stage '{}'", args->stage);
  });
}

void add_doctor(CLI::App& app) {
  CLI::App* command = app.add_subcommand("doctor", "what was found on this machine");
  command->callback([] {
    const nlohmann::json machine = describe_machine();
    for (const auto& [name, value] : machine.items())
      std::cout << name << ": " << (value.is_string() ? value.get<std::string>() : value.dump()) << "\n";
    const SandboxReport sandbox = probe_sandbox({.allow_weak = true});
    for (const SandboxLayer& layer : sandbox.layers)
      std::cout << fmt::format("sandbox, {}: {} ({})\n", layer.name, layer.active ? "active" : "MISSING", layer.detail);
    if (!sandbox.problem.empty()) std::cout << "sandbox: none (" << sandbox.problem << ")\n";
  });
}

}  // namespace hone
