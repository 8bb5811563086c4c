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
    RewardTable table = builtin_rewards();
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
                  builtin_rewards(), 1, kLong);
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
  RewardPool pool({{.type = "exact_answer"}}, builtin_rewards(), 1, kLong);
  pool.wait();
  Prompt bare = prompt();
  bare.fields = nullptr;
  auto batch = samples({"5"});
  score_all(pool, bare, batch);
  EXPECT_FALSE(batch[0].scored);
  EXPECT_THAT(batch[0].why, HasSubstr("no usable gold answer"));
}

TEST(RewardPool, RefusesRecipesThatCannotWork) {
  const auto error_of = [](const std::vector<RewardConfig>& rewards, int workers = 1,
                           double timeout = 1) -> std::string {
    try {
      RewardPool(rewards, builtin_rewards(), workers, timeout);
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
  EXPECT_THAT(error_of({{.type = "finish"}}, 0), HasSubstr("workers must be in"));
  EXPECT_THAT(error_of({{.type = "finish"}}, 1, 0), HasSubstr("timeout must be above 0"));
  EXPECT_THAT(error_of({{.type = "finish"}}, 1, NAN), HasSubstr("timeout must be above 0"));
}

}  // namespace
}  // namespace hone
