#include "stage/model_rewards.h"

#include <cmath>
#include <mutex>

#include "base/check.h"
#include "base/text.h"
#include "hone/options.h"
#include "model/model_files.h"
#include "model/policy.h"
#include "reward/extract.h"
#include "reward/judge.h"
#include "reward/rewards.h"
#include "stage/lazy_model.h"
#include "stage/local_chat.h"
#include "stage/preferences.h"

namespace hone {
namespace {

constexpr char kRewardModel[] = "reward 'reward_model'";

struct RewardModelOptions {
  std::string model;
  std::string dtype = "auto";
  std::string chat_template;
  std::string part = "whole";
  std::string output = "sigmoid";
  double threshold = 0;
  int64_t max_length = 8192;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("model", c.model, "Hugging Face folder of a reward model: a classifier with one label");
    v("dtype", c.dtype, "compute type", one_of({"auto", "bf16", "fp32"}));
    v("chat_template", c.chat_template, "file with a chat template that replaces the model's own");
    v("part", c.part, "what of a completion is scored: all of it, or what follows the thinking",
      one_of({"whole", "answer"}));
    v("output", c.output, "the reward: the model's score through a sigmoid, or as it is", one_of({"sigmoid", "score"}));
    v("threshold", c.threshold, "score from which the verdict is correct");
    v("max_length", c.max_length, "longer prompts with their completion, in tokens, are unscorable", between(2, 1e7));
  }
};

/// Options of a judge in this process: the judge's and those of its model.
struct LocalJudgeOptions {
  JudgeOptions judge;
  LocalChatOptions chat;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v.inline_struct(c.judge);
    v.inline_struct(c.chat);
  }
};

/// One call runs at a time: memory stays that of one sequence, and the compute threads are shared anyway.
class RewardScorer {
 public:
  explicit RewardScorer(const RewardModelOptions& options)
      : options_(options), model_({options.model, options.dtype, options.chat_template, true}, kRewardModel) {}

  Verdict score(const ScoreInput& in) {
    const std::string completion(options_.part == "answer" ? after_thinking(in.completion) : in.completion);
    if (trim(completion).empty()) return wrong("there is nothing to score");
    const std::lock_guard lock(mutex_);
    const auto& [policy, chat] = model_.get();
    const std::vector<int32_t> ids = tokens_with_response(record_of(in), replace_invalid_utf8(completion), chat);
    const auto n = static_cast<int64_t>(ids.size());
    const int64_t limit = std::min(options_.max_length, policy->config().max_positions);
    if (n > limit) return unscorable(fmt::format("{} tokens with the prompt, at most {} are scored", n, limit));
    const at::NoGradGuard no_graph;
    const float score =
        policy->scores({.ids = ids, .segments = {{0, n, -1}}, .predict_rows = {static_cast<int32_t>(n) - 1}})
            .item<float>();
    const double reward = options_.output == "sigmoid" ? 1 / (1 + std::exp(-static_cast<double>(score))) : score;
    return {static_cast<float>(reward),
            score >= static_cast<float>(options_.threshold) ? VerdictKind::correct : VerdictKind::wrong,
            fmt::format("score {:.4g}", score),
            {}};
  }

 private:
  /// The record's conversation, so that the reward model's own template renders it; failing that the prompt as it is.
  static Record record_of(const ScoreInput& in) {
    try {
      return record_from_json(in.fields, "");
    } catch (const Error&) {
      Record plain;
      plain.prompt = replace_invalid_utf8(in.prompt);
      return plain;
    }
  }

  const RewardModelOptions options_;
  std::mutex mutex_;
  LazyModel model_;
};

}  // namespace

RewardFunction make_reward_model(const nlohmann::json& json) {
  const auto options = read_options<RewardModelOptions>(json, kRewardModel);
  HONE_CHECK(!options.model.empty(), ErrorKind::recipe, "reward 'reward_model': model is missing; it names the folder");
  HONE_CHECK(
      std::filesystem::exists(std::filesystem::path(options.model) / "config.json"), ErrorKind::recipe,
      "reward 'reward_model': model: {} is no model folder; a stage of type reward_model, run before by a recipe "
      "of its own, leaves one in its final/",
      options.model);
  HONE_CHECK(is_reward_model(options.model), ErrorKind::recipe,
             "reward 'reward_model': model: {} has no scalar head: expected a class ...ForSequenceClassification with "
             "one label in its config.json",
             options.model);
  const auto scorer = std::make_shared<RewardScorer>(options);
  return [scorer](const ScoreInput& in) { return scorer->score(in); };
}

RewardFunction make_any_judge(const nlohmann::json& json) {
  if (json.contains("endpoint")) return make_judge(json);
  const auto options = read_options<LocalJudgeOptions>(json, "reward 'judge'");
  return judge_reward(options.judge, make_local_chat(options.chat, "reward 'judge'"));
}

RewardTable builtin_rewards() {
  RewardTable table = rule_rewards();
  table.add("judge", make_any_judge);
  table.add("reward_model", make_reward_model);
  return table;
}

}  // namespace hone
