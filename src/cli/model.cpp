// eval, chat and convert.
#include <iostream>

#include "base/check.h"
#include "cli/command.h"
#include "cli/requests.h"
#include "hone/comm.h"
#include "hone/data.h"
#include "rollout/engine.h"
#include "stage/evaluate.h"

namespace hone {

void add_eval(CLI::App& app) {
  struct Args {
    ModelArgs model;
    SamplingArgs sampling;
    EvalConfig eval;
    std::string data, reward = "exact_answer", out = ".";
    int64_t size = 0;
  };
  auto args = std::make_shared<Args>();
  CLI::App* command = app.add_subcommand("eval", "mean@k, pass@k and greedy accuracy on a data set");
  args->model.add_to(*command);
  args->sampling.add_to(*command, 512);
  command->add_option("--data", args->data, "JSONL file, or the name of a synthetic task")->required();
  command->add_option("--k", args->eval.num_generations, "samples per item")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--size", args->size, "items (0: the whole file)")->check(CLI::NonNegativeNumber);
  command->add_option("--reward", args->reward, "what judges an answer")->capture_default_str();
  command->callback([args] {
    DataConfig& data = args->eval.data;
    const auto tasks = builtin_tasks();
    const bool task = std::any_of(tasks.begin(), tasks.end(), [&](const Task& t) { return t.name == args->data; });
    if (task)
      data.task = args->data, data.split = "test";
    else
      data.path = args->data;
    data.size = task && args->size == 0 ? 200 : args->size;
    const std::unique_ptr<Policy> policy = args->model.load();
    const ChatTokenizer chat(policy->tokenizer());
    Recipe recipe;
    recipe.seed = static_cast<int64_t>(args->sampling.seed);
    const std::unique_ptr<Comm> comm = make_single_comm();
    const RewardTable rewards = builtin_rewards();
    const StageContext context{recipe, "eval", "", "", *policy, chat, rewards, *comm};
    const Evaluator evaluator(context, args->eval, args->sampling.sampling, {{.type = args->reward}});
    nlohmann::json line;
    for (const auto& [name, value] : evaluator.run(0)) line[name] = value;
    std::cout << line.dump() << "\n";
  });
}

void add_chat(CLI::App& app) {
  struct Args {
    ModelArgs model;
    SamplingArgs sampling;
    std::string system;
  };
  auto args = std::make_shared<Args>();
  CLI::App* command = app.add_subcommand("chat", "talk to a model; an empty line or end of input ends it");
  args->model.add_to(*command);
  args->sampling.add_to(*command, 512);
  command->add_option("--system", args->system, "system turn");
  command->callback([args] {
    const std::unique_ptr<Policy> policy = args->model.load();
    const ChatTokenizer chat(policy->tokenizer());
    std::vector<Message> messages;
    if (!args->system.empty()) messages.push_back({"system", args->system});
    Engine engine(*policy);
    std::string line;
    for (uint64_t turn = 0; std::cout << "> " << std::flush && std::getline(std::cin, line) && !line.empty(); ++turn) {
      messages.push_back({"user", line});
      Prompt prompt;
      prompt.text = chat.render_prompt(messages);
      prompt.ids = chat.encode_rendered(prompt.text);
      GenerateHooks hooks;
      hooks.text = [](const Group&, size_t, std::string_view text) { std::cout << text << std::flush; };
      const std::vector<Group> groups =
          engine.generate({prompt}, 1, args->sampling.sampling, {args->sampling.seed, turn}, hooks);
      messages.push_back({"assistant", groups[0].samples[0].text});
      std::cout << "\n";
    }
  });
}

void add_convert(CLI::App& app) {
  struct Args {
    std::string in, out, dtype = "bf16";
  };
  auto args = std::make_shared<Args>();
  CLI::App* command = app.add_subcommand("convert", "write a model as a Hugging Face folder");
  command->add_option("in", args->in, "Hugging Face folder or .gguf file")->required();
  command->add_option("out", args->out, "folder to make")->required();
  command->add_option("--dtype", args->dtype, "bf16 or fp32")
      ->check(CLI::IsMember({"bf16", "fp32"}))
      ->capture_default_str();
  command->callback([args] {
    const std::unique_ptr<Policy> policy = Policy::load(args->in, {.dtype = "fp32", .trainable = true});
    policy->save_hf(args->out, args->dtype == "bf16" ? Type::bf16 : Type::f32);
  });
}

}  // namespace hone
