// The judge reward without its transport: prompts, orders, verdicts.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "hone/reward.h"

namespace hone {

/// Asks a chat model and returns its reply; gives up at `until`. Error says why there is none, without secrets. Must be
/// safe to call from several threads. An endpoint behind HTTP today (http_chat.h); a model in the engine can be
/// another.
using ChatFunction =
    std::function<std::string(const std::vector<Message>& messages, std::chrono::steady_clock::time_point until)>;

struct JudgeOptions {
  std::string mode = "auto";
  std::string field = "reference";
  std::string rubric;
  std::string part = "answer";
  double min_score = 1;
  double max_score = 10;
  double threshold = 0.5;
  int64_t max_bytes = 60'000;
  double deadline_s = 25;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("mode", c.mode, "compare with the reference answer, or give a score", one_of({"auto", "pairwise", "pointwise"}));
    v("field", c.field, "field of the record with the reference answer; else `answer`");
    v("rubric", c.rubric, "what makes an answer good, put into the prompt");
    v("part", c.part, "what is judged: all of it or what follows the thinking", one_of({"answer", "whole"}));
    v("min_score", c.min_score, "pointwise: score that is worth 0");
    v("max_score", c.max_score, "pointwise: score that is worth 1");
    v("threshold", c.threshold, "reward from which the verdict is correct", between(0, 1));
    v("max_bytes", c.max_bytes, "longer answers are cut for the judge", between(100, 1e7));
    v("deadline_s", c.deadline_s, "wall clock of one judgement, retries included, seconds", above(0));
  }
};

/// Error(recipe) if the options contradict each other.
RewardFunction judge_reward(const JudgeOptions& options, ChatFunction chat);

}  // namespace hone
