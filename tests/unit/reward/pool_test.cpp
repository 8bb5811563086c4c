#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hone/error.h"
#include "hone/reward.h"

namespace hone {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr double kLong = 60;  // a timeout that no test reaches

/// A scorer that does what the completion says; "hang" waits until the test opens the gate.
struct Scripted {
  std::shared_ptr<std::atomic<bool>> gate = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<std::atomic<int>> running = std::make_shared<std::atomic<int>>(0);

  ~Scripted() {
    *gate = true;
    while (*running > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  RewardTable table() const {
    RewardTable table = rule_rewards();
    table.add("scripted", [gate = gate, running = running](const json&) {
      return [gate, running](const ScoreInput& in) -> Verdict {
        const std::string text(in.completion);
        if (text == "hang") {
          ++*running;
          while (!*gate) std::this_thread::sleep_for(std::chrono::milliseconds(1));
          const bool intact = in.completion == "hang" && in.fields.at("answer") == "5";  // the inputs outlive the pool
          EXPECT_TRUE(intact);
          --*running;
          return correct();
        }
        if (text == "throw") throw std::runtime_error("two\nlines");
        if (text == "throw 7") throw 7;
        if (text == "nan") return {std::nanf(""), VerdictKind::correct, "", {}};
        if (text == "inf part") return {1.f, VerdictKind::correct, "", {{"x", INFINITY}}};
        if (text == "skip") return unscorable("no idea");
        if (text == "slow") std::this_thread::sleep_for(std::chrono::milliseconds(3));
        return {0.25f, VerdictKind::wrong, "quarter", {{"a", 0.125f}}};
      };
    });
    return table;
  }
};

Prompt prompt(const std::string& source = "math") {
  Prompt p;
  p.ids = {1};
  p.text = "2+3?";
  p.source = source;
  p.fields = std::make_shared<const json>(json{{"answer", "5"}});
  return p;
}

std::vector<Sample> samples(const std::vector<std::string>& texts) {
  std::vector<Sample> out;
  for (const std::string& text : texts) {
    Sample s;
    s.text = text;
    s.ids = {1, 2, 3};
    out.push_back(s);
  }
  return out;
}

void score_all(RewardPool& pool, const Prompt& p, std::vector<Sample>& batch) {
  for (Sample& s : batch) pool.submit(p, s);
  pool.wait();
}

TEST(RewardPool, SumsTheWeightedPartsThatApply) {
  const Scripted scripted;
  RewardPool pool({{.type = "exact_answer", .weight = 2.0},
                   {.type = "scripted", .weight = -1.0, .name = "script"},
                   {.type = "length", .sources = {"code"}, .options = {{"max", 1}}}},
                  scripted.table(), 2, kLong);
  auto batch = samples({"5", "6"});
  score_all(pool, prompt(), batch);
  EXPECT_TRUE(batch[0].scored && batch[1].scored);
  EXPECT_EQ(batch[0].reward, 1.75f);
  EXPECT_EQ(batch[1].reward, -0.25f);
  EXPECT_THAT(batch[0].parts, testing::ElementsAre(testing::Pair("exact_answer", 1.f), testing::Pair("script", 0.25f),
                                                   testing::Pair("script/a", 0.125f)));
  EXPECT_EQ(batch[1].why, "exact_answer: answered '6', expected '5'; script: quarter");
  auto code = samples({"5"});
  score_all(pool, prompt("code"), code);
  EXPECT_EQ(code[0].parts.at("length"), 0.f);
}

TEST(RewardPool, OneUnscorablePartMakesTheSampleUnscorable) {
  const Scripted scripted;
  RewardPool pool({{.type = "exact_answer"}, {.type = "scripted"}}, scripted.table(), 1, kLong);
  auto batch = samples({"skip", "throw", "throw 7", "nan", "inf part", "fine"});
  score_all(pool, prompt(), batch);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_FALSE(batch[i].scored) << i;
    EXPECT_EQ(batch[i].reward, 0.f);
    EXPECT_EQ(batch[i].parts.count("exact_answer"), 1u);  // the others still show in the metrics
    EXPECT_EQ(batch[i].parts.count("scripted"), 0u);
  }
  EXPECT_THAT(batch[0].why, HasSubstr("scripted: no idea"));
  EXPECT_THAT(batch[1].why, HasSubstr("scorer failed: 'two\\nlines'"));
  EXPECT_THAT(batch[2].why, HasSubstr("says nothing"));
  EXPECT_THAT(batch[3].why, HasSubstr("not finite"));
  EXPECT_TRUE(batch[5].scored);
  const RewardStats stats = pool.take_stats();
  EXPECT_EQ(stats.samples, 6);
  EXPECT_EQ(stats.unscorable, 5);
  EXPECT_EQ(stats.exceptions, 2);
  EXPECT_EQ(stats.timeouts, 0);
  EXPECT_NEAR(stats.unscorable_frac(), 5.0 / 6, 1e-12);
  EXPECT_EQ(pool.take_stats().samples, 0);
  EXPECT_EQ(RewardStats{}.unscorable_frac(), 0.0);
}

TEST(RewardPool, NothingThatAppliesAndSumsThatOverflow) {
  RewardPool pool({{.type = "finish", .weight = 3e38, .sources = {"math"}},
                   {.type = "finish", .weight = 3e38, .name = "again", .sources = {"math"}}},
                  rule_rewards(), 1, kLong);
  auto batch = samples({"x"});
  score_all(pool, prompt("poetry"), batch);
  EXPECT_FALSE(batch[0].scored);
  EXPECT_THAT(batch[0].why, HasSubstr("no reward applies to source 'poetry'"));
  score_all(pool, prompt("math"), batch);
  EXPECT_FALSE(batch[0].scored);
  EXPECT_THAT(batch[0].why, HasSubstr("not finite"));
}

TEST(RewardPool, ResultsDoNotDependOnTheNumberOfWorkers) {
  const Scripted scripted;
  std::vector<std::string> texts;
  for (int i = 0; i < 60; ++i) texts.push_back(i % 3 == 0 ? "slow" : i % 3 == 1 ? "5" : "throw");
  std::vector<std::string> outcomes;
  for (const int workers : {1, 2, 7}) {
    RewardPool pool({{.type = "scripted"}, {.type = "exact_answer", .weight = 0.3}}, scripted.table(), workers, kLong);
    auto batch = samples(texts);
    score_all(pool, prompt(), batch);
    std::string outcome;
    for (const Sample& s : batch) outcome += json({s.reward, s.scored, s.parts, s.why}).dump() + "\n";
    outcomes.push_back(outcome);
  }
  EXPECT_EQ(outcomes[0], outcomes[1]);
  EXPECT_EQ(outcomes[0], outcomes[2]);
}

TEST(RewardPool, AHangingScorerCostsOneSample) {
  const Scripted scripted;
  for (const int workers : {1, 3}) {
    RewardPool pool({{.type = "exact_answer"}, {.type = "scripted"}}, scripted.table(), workers, 0.5);
    auto batch = samples({"5", "hang", "6", "hang", "5"});
    score_all(pool, prompt(), batch);
    for (const size_t i : {0, 2, 4}) EXPECT_TRUE(batch[i].scored);
    for (const size_t i : {1, 3}) {
      EXPECT_FALSE(batch[i].scored);
      EXPECT_THAT(batch[i].why, HasSubstr("scripted: timed out after 0.5 s"));
    }
    EXPECT_EQ(pool.take_stats().timeouts, 2);
    auto more = samples({"5", "5"});
    score_all(pool, prompt(), more);
    EXPECT_TRUE(more[0].scored && more[1].scored);
  }
}

TEST(RewardPool, ALateResultIsDropped) {
  auto scripted = std::make_unique<Scripted>();
  RewardPool pool({{.type = "scripted"}}, scripted->table(), 1, 0.05);
  auto batch = samples({"hang"});
  score_all(pool, prompt(), batch);
  EXPECT_FALSE(batch[0].scored);
  scripted.reset();  // opens the gate: the call returns now
  EXPECT_FALSE(batch[0].scored);
  EXPECT_TRUE(batch[0].parts.empty());
}

TEST(RewardPool, TooManyHangingCallsEndTheRun) {
  const Scripted scripted;
  RewardPool pool({{.type = "scripted"}}, scripted.table(), 80, 0.05);
  auto batch = samples(std::vector<std::string>(80, "hang"));
  for (Sample& s : batch) pool.submit(prompt(), s);
  EXPECT_THROW(pool.wait(), Error);
}

TEST(RewardPool, MayBeDestroyedWithWorkLeft) {
  const Scripted scripted;
  auto batch = samples(std::vector<std::string>(20, "slow"));
  batch[0].text = "hang";
  {
    RewardPool pool({{.type = "scripted"}}, scripted.table(), 2, 0.05);
    for (Sample& s : batch) pool.submit(prompt(), s);
    while (*scripted.running == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  for (const Sample& s : batch) EXPECT_FALSE(s.scored);  // only wait() writes samples
}

TEST(RewardPool, APromptWithoutFieldsAndAnEmptyWait) {
  RewardPool pool({{.type = "exact_answer"}}, rule_rewards(), 1, kLong);
  pool.wait();
  Prompt bare = prompt();
  bare.fields = nullptr;
  auto batch = samples({"5"});
  score_all(pool, bare, batch);
  EXPECT_FALSE(batch[0].scored);
  EXPECT_THAT(batch[0].why, HasSubstr("no usable gold answer"));
}

/// A reward of the whole group: 1 for each sample that has the group's longest completion. It sees what came before.
RewardTable longest_table() {
  RewardTable table = rule_rewards();
  table.add_group("longest", [](const json&) {
    return [](std::span<const ScoreInput> group) {
      size_t longest = 0;
      for (const ScoreInput& in : group) longest = std::max(longest, in.completion.size());
      std::vector<Verdict> verdicts;
      for (const ScoreInput& in : group) {
        if (in.completion == "throw") throw std::runtime_error("no");
        if (in.completion == "too few") return verdicts;
        if (in.completion == "hang") std::this_thread::sleep_for(std::chrono::milliseconds(600));
        verdicts.push_back(in.completion.size() == longest ? correct(std::to_string(group.size())) : wrong("shorter"));
      }
      return verdicts;
    };
  });
  return table;
}

TEST(RewardPool, GroupRewardsSeeTheScoredSamplesOfOnePrompt) {
  for (const int workers : {1, 3}) {
    RewardPool pool({{.type = "longest"}, {.type = "exact_answer"}}, longest_table(), workers, kLong);
    const Prompt first = prompt(), second = prompt();
    Prompt goldless = prompt();
    goldless.fields = std::make_shared<const json>(json::object());
    auto a = samples({"5", "55", "555"}), b = samples({"5", "5555"}), c = samples({"5"});
    for (Sample& s : a) pool.submit(first, s);
    for (Sample& s : b) pool.submit(second, s);
    for (Sample& s : c) pool.submit(goldless, s);
    pool.wait();
    EXPECT_EQ(a[0].reward, 1.f);  // right, not the longest
    EXPECT_EQ(a[2].reward, 1.f);  // wrong, the longest
    EXPECT_THAT(a[2].why, HasSubstr("longest: 3"));
    EXPECT_THAT(b[1].why, HasSubstr("longest: 2"));
    EXPECT_FALSE(c[0].scored);
    EXPECT_EQ(c[0].parts.count("longest"), 0u);
  }
}

TEST(RewardPool, AFailingGroupRewardCostsItsGroup) {
  RewardPool pool({{.type = "longest"}}, longest_table(), 1, 0.2);
  const Prompt prompts[] = {prompt(), prompt(), prompt(), prompt()};
  std::vector<std::vector<Sample>> groups = {samples({"a", "throw"}), samples({"a", "too few"}), samples({"a", "hang"}),
                                             samples({"a", "bb"})};
  for (size_t g = 0; g < groups.size(); ++g) {
    for (Sample& s : groups[g]) pool.submit(prompts[g], s);
  }
  pool.wait();
  for (size_t g = 0; g < 3; ++g) EXPECT_FALSE(groups[g][0].scored || groups[g][1].scored) << g;
  EXPECT_THAT(groups[1][0].why, HasSubstr("1 verdicts for 2 completions"));
  EXPECT_THAT(groups[2][0].why, HasSubstr("timed out"));
  EXPECT_TRUE(groups[3][0].scored && groups[3][1].scored);
  std::this_thread::sleep_for(std::chrono::milliseconds(600));  // the call that hung has ended
}

TEST(RewardPool, LengthRewardFollowsTheAnswersVerdict) {
  RewardPool pool({{.type = "format", .weight = 0.1, .options = {{"tags", {"answer"}}}},
                   {.type = "exact_answer"},
                   {.type = "length", .options = {{"unit", "characters"}}}},
                  rule_rewards(), 2, kLong);
  const Prompt p = prompt();
  auto batch =
      samples({"<answer>5</answer>", "<answer>5.0</answer>", "<answer>66666666</answer>", "<answer>6</answer>"});
  for (Sample& s : batch) pool.submit(p, s);
  pool.wait();
  EXPECT_FLOAT_EQ(batch[0].reward, 1.6f);  // the shortest
  EXPECT_FLOAT_EQ(batch[1].reward, static_cast<float>(1.1 + 0.5 - 2.0 / 7.0));
  EXPECT_FLOAT_EQ(batch[2].reward, -0.4f);
  EXPECT_FLOAT_EQ(batch[3].reward, 0.1f);  // wrong and short: nothing gained
}

TEST(RewardPool, StyleRulesKnowTheVerdictWhateverTheOrder) {
  RewardPool pool(
      {{.type = "cosine_length", .options = {{"max_len", 6}}}, {.type = "format"}, {.type = "exact_answer"}},
      rule_rewards(), 1, kLong);
  auto batch = samples({"5", "6"});  // 3 tokens each
  score_all(pool, prompt(), batch);
  EXPECT_FLOAT_EQ(batch[0].reward, 1.75f);
  EXPECT_FLOAT_EQ(batch[1].reward, -0.75f);
}

TEST(RewardPool, ARecordMayChooseItsRewards) {
  RewardPool pool({{.type = "exact_answer"}, {.type = "finish", .name = "end", .sources = {"code"}}}, rule_rewards(), 1,
                  kLong);
  const auto parts_for = [&](const json& choice) {
    Prompt p = prompt();
    p.fields = std::make_shared<const json>(json{{"answer", "5"}, {"reward", choice}});
    auto batch = samples({"5"});
    score_all(pool, p, batch);
    std::string names = batch[0].scored ? "" : "unscored";
    for (const auto& [name, value] : batch[0].parts) names += name + " ";
    return names;
  };
  EXPECT_EQ(parts_for("end"), "end ");
  EXPECT_EQ(parts_for({"end", "exact_answer"}), "end exact_answer ");
  EXPECT_EQ(parts_for("maths"), "unscored");
  EXPECT_EQ(parts_for(0.5), "exact_answer ");  // no choice: a number of the data set's own
  EXPECT_EQ(parts_for(json::array()), "exact_answer ");
}

TEST(RewardPool, CapsStepsAndRamps) {
  RewardPool pool({{.type = "finish", .weight = 10, .name = "capped", .cap = 0.5},
                   {.type = "finish", .weight = -10, .name = "floored", .cap = 0.25},
                   {.type = "finish", .name = "early", .until_step = 2},
                   {.type = "finish", .weight = 4, .name = "late", .from_step = 2, .ramp_steps = 3}},
                  rule_rewards(), 1, kLong);
  const auto reward_at = [&](std::optional<int64_t> step) {
    if (step) pool.set_step(*step);
    auto batch = samples({"x"});
    score_all(pool, prompt(), batch);
    return batch[0].reward;
  };
  EXPECT_FLOAT_EQ(reward_at(std::nullopt), 0.25f + 1 + 4);  // outside of training everything counts
  EXPECT_FLOAT_EQ(reward_at(0), 0.25f + 1);
  EXPECT_FLOAT_EQ(reward_at(1), 0.25f + 1);
  EXPECT_FLOAT_EQ(reward_at(2), 0.25f + 1);  // early rests now, late is at 1/4
  EXPECT_FLOAT_EQ(reward_at(3), 0.25f + 2);
  EXPECT_FLOAT_EQ(reward_at(4), 0.25f + 3);
  EXPECT_FLOAT_EQ(reward_at(5), 0.25f + 4);
  EXPECT_FLOAT_EQ(reward_at(500), 0.25f + 4);
}

TEST(RewardPool, KeepsWhatScorersSayInBounds) {
  RewardTable table = rule_rewards();
  table.add("chatty", [](const json&) {
    return [](const ScoreInput&) {
      Verdict verdict = correct(std::string(5'000'000, 'w'));
      for (int i = 0; i < 1000; ++i) verdict.parts["p" + std::to_string(i)] = 1;
      return verdict;
    };
  });
  RewardPool pool({{.type = "chatty"}}, table, 1, kLong);
  auto batch = samples({"x", std::string(RewardPool::kMaxCompletion + 1, 'x')});
  score_all(pool, prompt(), batch);
  EXPECT_TRUE(batch[0].scored);
  EXPECT_LT(batch[0].why.size(), 1100u);
  EXPECT_LE(batch[0].parts.size(), 65u);
  EXPECT_FALSE(batch[1].scored);
  EXPECT_THAT(batch[1].why, HasSubstr("more than the 16777216 that are scored"));
}

TEST(RewardPool, RefusesRecipesThatCannotWork) {
  const auto error_of = [](const std::vector<RewardConfig>& rewards, int workers = 1,
                           double timeout = 1) -> std::string {
    try {
      RewardPool(rewards, rule_rewards(), workers, timeout);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_of({}), HasSubstr("at least one reward"));
  EXPECT_THAT(error_of({{.type = "formt"}}), HasSubstr("did you mean 'format'?"));
  EXPECT_THAT(error_of({{.type = "format", .options = {{"strct", true}}}}), HasSubstr("did you mean 'strict'?"));
  EXPECT_THAT(error_of({{.type = "finish"}, {.type = "finish"}}), HasSubstr("two rewards are called 'finish'"));
  EXPECT_THAT(error_of({{.type = "finish", .weight = NAN}}), HasSubstr("must be finite"));
  EXPECT_THAT(error_of({{.type = "finish", .cap = 0.0}}), HasSubstr("cap of 'finish' must be above 0"));
  EXPECT_THAT(error_of({{.type = "finish"}}, 0), HasSubstr("workers must be in"));
  EXPECT_THAT(error_of({{.type = "finish"}}, 1, 0), HasSubstr("timeout must be above 0"));
  EXPECT_THAT(error_of({{.type = "finish"}}, 1, NAN), HasSubstr("timeout must be above 0"));
}

}  // namespace
}  // namespace hone
