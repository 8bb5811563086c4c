// tokenize and score: no model weights needed.
#include "base/check.h"
#include "cli/command.h"
#include "cli/requests.h"
#include "hone/reward.h"

namespace hone {

void add_tokenize(CLI::App& app) {
  struct Args {
    std::string model, in, out;
    bool no_special = false;
  };
  auto args = std::make_shared<Args>();
  CLI::App* command = app.add_subcommand("tokenize", "token ids of texts or conversations");
  command->add_option("--model", args->model, "Hugging Face folder, tokenizer.json, .model or .gguf")->required();
  command->add_option("--in", args->in, R"(lines {"text"} or {"messages"})")->required();
  command->add_option("--out", args->out, R"(lines {"ids", "text"}; - is stdout)")->required();
  command->add_flag("--no-special", args->no_special, "no BOS or EOS around texts");
  command->callback([args] {
    const std::vector<nlohmann::json> requests = read_requests(args->in);
    const ChatTokenizer chat(Tokenizer::load(args->model));
    LineWriter out(args->out);
    for (size_t i = 0; i < requests.size(); ++i) {
      const nlohmann::json& request = requests[i];
      std::string text;
      std::vector<int32_t> ids;
      if (request.contains("messages")) {
        const std::vector<Message> messages = read_messages(request["messages"]);
        text = chat.render_prompt(messages);
        ids = chat.encode_rendered(text);
      } else {
        HONE_CHECK(request.contains("text") && request["text"].is_string(), ErrorKind::data,
                   "request {}: expected text or messages", i);
        text = request["text"].get<std::string>();
        ids = chat.tokenizer().encode(text, !args->no_special);
      }
      out.add({{"ids", ids}, {"text", text}});
    }
    out.finish();
  });
}

void add_score(CLI::App& app) {
  struct Args {
    std::string reward, in, out;
    std::vector<std::string> options;
  };
  auto args = std::make_shared<Args>();
  CLI::App* command = app.add_subcommand("score", "score completions with a reward");
  command->add_option("--reward", args->reward, "name of the reward")->required();
  command->add_option("--set", args->options, "option of the reward, key=value");
  command->add_option("--in", args->in, R"(lines {"completion", "answer", ...})")->required();
  command->add_option("--out", args->out, R"(lines {"reward", "verdict", "why"}; - is stdout)")->required();
  command->callback([args] {
    nlohmann::json options = nlohmann::json::object();
    for (const std::string& option : args->options) {
      const size_t eq = option.find('=');
      HONE_CHECK(eq != std::string::npos && eq > 0, ErrorKind::usage, "--set {}: expected key=value", option);
      const std::string value = option.substr(eq + 1);
      const nlohmann::json parsed = nlohmann::json::parse(value, nullptr, /*allow_exceptions=*/false);
      options[option.substr(0, eq)] = parsed.is_discarded() ? nlohmann::json(value) : parsed;
    }
    const RewardFunction score = builtin_rewards().make(args->reward, options);
    LineWriter out(args->out);
    const std::vector<nlohmann::json> requests = read_requests(args->in);
    for (size_t i = 0; i < requests.size(); ++i) {
      HONE_CHECK(requests[i].contains("completion") && requests[i]["completion"].is_string(), ErrorKind::data,
                 "request {}: expected a completion (text)", i);
      const std::string completion = requests[i]["completion"].get<std::string>();
      const std::string prompt = requests[i].contains("prompt") && requests[i]["prompt"].is_string()
                                     ? requests[i]["prompt"].get<std::string>()
                                     : "";
      ScoreInput input{prompt, completion, requests[i]};
      const Verdict verdict = score(input);
      nlohmann::json line = {
          {"reward", verdict.reward}, {"verdict", verdict_name(verdict.verdict)}, {"why", verdict.why}};
      if (!verdict.parts.empty()) line["parts"] = verdict.parts;
      out.add(line);
    }
    out.finish();
  });
}

}  // namespace hone
