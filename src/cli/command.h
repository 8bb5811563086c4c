// What the program's commands share.
#pragma once

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "base/threads.h"
#include "hone/recipe.h"
#include "model/policy.h"

namespace hone {

/// Each adds one command to the program; its callback runs it and throws hone::Error.
void add_run(CLI::App& app, int& exit_code);
void add_check(CLI::App& app);
void add_generate(CLI::App& app);
void add_logprobs(CLI::App& app);
void add_tokenize(CLI::App& app);
void add_score(CLI::App& app);
void add_eval(CLI::App& app);
void add_chat(CLI::App& app);
void add_convert(CLI::App& app);
void add_report(CLI::App& app);
void add_data(CLI::App& app);
void add_bench(CLI::App& app);
void add_doctor(CLI::App& app);

/// What the program checks of a recipe beyond its own rules: files, tasks and rewards.
std::vector<RecipeCheck> program_checks();

/// --model, --dtype and --threads of the commands that load a model.
struct ModelArgs {
  std::string model, dtype = "auto";
  int threads = 0;
  void add_to(CLI::App& command) {
    command.add_option("--model", model, "Hugging Face folder or .gguf file")->required();
    command.add_option("--dtype", dtype, "compute type: auto, bf16 or fp32")
        ->check(CLI::IsMember({"auto", "bf16", "fp32"}));
    command.add_option("--threads", threads, "compute threads (0: every usable core)")->check(CLI::Range(0, 1024));
  }
  std::unique_ptr<Policy> load(bool trainable = false) const {
    if (threads > 0) set_num_threads(threads);
    return Policy::load(model, {.dtype = dtype, .trainable = trainable});
  }
};

/// --temperature, --top-p, ... into SamplingConfig.
struct SamplingArgs {
  SamplingConfig sampling;
  uint64_t seed = 0;
  void add_to(CLI::App& command, int64_t max_tokens) {
    sampling.max_completion_length = max_tokens;
    command.add_option("--max-tokens", sampling.max_completion_length, "tokens at most")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 30))
        ->capture_default_str();
    command.add_option("--temperature", sampling.temperature, "0 is greedy")
        ->check(CLI::Range(0.0, 1e4))
        ->capture_default_str();
    command.add_option("--top-p", sampling.top_p, "nucleus")->check(CLI::Range(0.0, 1.0))->capture_default_str();
    command.add_option("--top-k", sampling.top_k, "0 is off")->check(CLI::NonNegativeNumber)->capture_default_str();
    command.add_option("--min-p", sampling.min_p, "0 is off")->check(CLI::Range(0.0, 1.0))->capture_default_str();
    command.add_option("--repetition-penalty", sampling.repetition_penalty, "1 is off")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command.add_option("--stop", sampling.stop, "strings that end a completion");
    command.add_option("--seed", seed, "seed of every draw")->capture_default_str();
  }
};

}  // namespace hone
