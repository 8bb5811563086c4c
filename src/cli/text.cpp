// tokenize and score: no model weights needed.
#include <map>

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

namespace {

/// One line of `score`. Texts are those of the request, which must outlive it.
struct ScoreRequest {
  ScoreInput input;
  std::string group;
};

ScoreRequest read_score_request(const nlohmann::json& request, size_t line) {
  const auto text = [&](const char* key) -> std::string_view {
    const auto found = request.find(key);
    return found != request.end() && found->is_string() ? found->get_ref<const std::string&>() : std::string_view();
  };
  HONE_CHECK(request.contains("completion") && request["completion"].is_string(), ErrorKind::data,
             "request {}: expected a completion (text)", line);
  ScoreInput input{.prompt = text("prompt"), .completion = text("completion"), .fields = request};
  const std::string_view finish = text("finish");
  HONE_CHECK(finish.empty() || finish == "stop" || finish == "length" || finish == "context", ErrorKind::data,
             "request {}: finish: expected stop, length or context", line);
  if (finish == "length") input.finish = Finish::length;
  if (finish == "context") input.finish = Finish::context;
  if (const auto tokens = request.find("num_tokens"); tokens != request.end() && !tokens->is_null()) {
    HONE_CHECK(tokens->is_number_integer() && tokens->get<int64_t>() >= 0, ErrorKind::data,
               "request {}: num_tokens: expected a count", line);
    input.num_tokens = tokens->get<int64_t>();
  }
  const auto group = request.find("group");
  return {input, group == request.end() ? fmt::format("line {}", line) : "group " + group->dump()};
}

/// Scores the lines of each group together, wherever they stand; the verdicts come in the order of the lines.
std::vector<Verdict> score_groups(const std::vector<ScoreRequest>& lines, const GroupRewardFunction& score) {
  std::map<std::string, std::vector<size_t>> groups;
  for (size_t i = 0; i < lines.size(); ++i) groups[lines[i].group].push_back(i);
  std::vector<Verdict> verdicts(lines.size());
  for (const auto& [name, members] : groups) {
    std::vector<ScoreInput> inputs;
    for (const size_t i : members) inputs.push_back(lines[i].input);
    std::vector<Verdict> scored = score(inputs);
    for (size_t k = 0; k < members.size(); ++k) verdicts[members[k]] = std::move(scored[k]);
  }
  return verdicts;
}

}  // namespace

void add_score(CLI::App& app) {
  struct Args {
    std::string reward, in, out;
    std::vector<std::string> options;
  };
  auto args = std::make_shared<Args>();
  CLI::App* command = app.add_subcommand("score", "score completions with a reward");
  command->add_option("--reward", args->reward, "name of the reward")->required();
  command->add_option("--set", args->options, "option of the reward, key=value");
  command->add_option("--in", args->in, R"(lines {"completion", "answer", ...}; lines of one "group" are compared)")
      ->required();
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
    const GroupRewardFunction score = builtin_rewards().make_group(args->reward, options);
    const std::vector<nlohmann::json> requests = read_requests(args->in);
    std::vector<ScoreRequest> lines;
    for (size_t i = 0; i < requests.size(); ++i) lines.push_back(read_score_request(requests[i], i));
    LineWriter out(args->out);
    for (const Verdict& verdict : score_groups(lines, score)) {
      nlohmann::json line = {
          {"reward", verdict.reward}, {"verdict", verdict_name(verdict.verdict)}, {"why", verdict.why}};
      if (!verdict.parts.empty()) line["parts"] = verdict.parts;
      out.add(line);
    }
    out.finish();
  });
}

}  // namespace hone
