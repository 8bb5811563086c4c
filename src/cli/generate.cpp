#include "base/check.h"
#include "cli/command.h"
#include "cli/requests.h"
#include "report/sample_writer.h"
#include "rollout/engine.h"

namespace hone {

void add_generate(CLI::App& app) {
  struct Args {
    ModelArgs model;
    SamplingArgs sampling;
    std::string in, out;
    int64_t n = 1;
    EngineOptions engine;
  };
  auto args = std::make_shared<Args>();
  CLI::App* command = app.add_subcommand("generate", "complete the prompts of a JSONL file");
  args->model.add_to(*command);
  args->sampling.add_to(*command, 64);
  command->add_option("--in", args->in, R"(lines {"prompt"}, {"messages"} or {"ids"})")->required();
  command->add_option("--out", args->out, "lines {id, sample, prompt_ids, ids, logprobs, text, finish}; - is stdout")
      ->required();
  command->add_option("--n", args->n, "samples per prompt")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 20))
      ->capture_default_str();
  command->add_option("--max-running", args->engine.max_running_sequences, "sequences decoded together")
      ->check(CLI::PositiveNumber);
  command->add_option("--prefill-tokens", args->engine.max_prefill_tokens, "prompt tokens per forward pass")
      ->check(CLI::PositiveNumber);
  command->add_option("--kv-blocks", args->engine.kv_blocks, "pages of 64 positions (0: as needed)")
      ->check(CLI::NonNegativeNumber);
  command->callback([args] {
    const std::vector<nlohmann::json> requests = read_requests(args->in);
    LineWriter out(args->out);
    const std::unique_ptr<Policy> policy = args->model.load();
    const ChatTokenizer chat(policy->tokenizer());
    std::vector<Prompt> prompts;
    for (size_t i = 0; i < requests.size(); ++i)
      prompts.push_back(read_prompt(requests[i], static_cast<int64_t>(i), chat));
    Engine engine(*policy, args->engine);
    const std::vector<Group> groups =
        engine.generate(std::move(prompts), args->n, args->sampling.sampling, {args->sampling.seed, 0});
    for (size_t g = 0; g < groups.size(); ++g)
      for (size_t s = 0; s < groups[g].samples.size(); ++s) {
        const Sample& sample = groups[g].samples[s];
        const nlohmann::json& request = requests[g];
        nlohmann::json line = {{"id", request.contains("id") ? request["id"] : nlohmann::json(g)},
                               {"sample", s},
                               {"prompt_ids", groups[g].prompt.ids},
                               {"ids", sample.ids},
                               {"logprobs", sample.logp},
                               {"text", sample.text},
                               {"finish", finish_name(sample.finish)}};
        if (!sample.logp_sampled.empty()) line["logprobs_sampled"] = sample.logp_sampled;
        out.add(line);
      }
    out.finish();
  });
}

void add_logprobs(CLI::App& app) {
  struct Args {
    ModelArgs model;
    std::string in, out;
    float temperature = 1;
  };
  auto args = std::make_shared<Args>();
  CLI::App* command = app.add_subcommand("logprobs", "log-probs of given tokens by the training forward pass");
  args->model.add_to(*command);
  command->add_option("--in", args->in, R"(lines {"ids"})")->required();
  command->add_option("--out", args->out, R"(lines {"logprobs"} of ids[1..]; - is stdout)")->required();
  command->add_option("--temperature", args->temperature, "logits are divided by it")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->callback([args] {
    const std::vector<nlohmann::json> requests = read_requests(args->in);
    LineWriter out(args->out);
    const std::unique_ptr<Policy> policy = args->model.load();
    const at::NoGradGuard no_graph;
    for (size_t i = 0; i < requests.size(); ++i) {
      HONE_CHECK(requests[i].contains("ids"), ErrorKind::data, "request {}: the key ids is missing", i);
      TokenBatch batch{.ids = read_ids(requests[i]["ids"])};
      HONE_CHECK(!batch.ids.empty(), ErrorKind::data, "request {}: ids is empty", i);
      batch.segments = {{0, static_cast<int64_t>(batch.ids.size()), -1}};
      for (size_t t = 1; t < batch.ids.size(); ++t) {
        batch.predict_rows.push_back(static_cast<int32_t>(t - 1));
        batch.targets.push_back(batch.ids[t]);
      }
      std::vector<float> logp;
      if (!batch.targets.empty()) {
        const at::Tensor values = policy->logprobs(batch, args->temperature).logp;
        logp.assign(values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel());
      }
      out.add({{"logprobs", logp}});
    }
    out.finish();
  });
}

}  // namespace hone
