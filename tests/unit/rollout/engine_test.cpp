// The engine's promises: a sample is a pure function of weights, prompt, options and key; and the training forward
// gives the log-probs that the engine recorded, bit for bit.
#include "rollout/engine.h"

#include <gmock/gmock.h>

#include "base/threads.h"
#include "train/packing.h"
#include "unit/tiny_model.h"

namespace hone {
namespace {

using namespace hone::testing;

const std::vector<std::string> kFamilies = {"llama", "qwen2", "qwen3", "gemma3_text"};

std::vector<Prompt> prompts() {
  std::vector<Prompt> out;
  for (const int64_t length : {1, 5, 63, 64, 65, 100, 130}) {
    Prompt p;
    p.id = length;
    for (int64_t i = 0; i < length; ++i) p.ids.push_back(static_cast<int32_t>((i * i * 7 + length) % 250));
    out.push_back(std::move(p));
  }
  return out;
}

SamplingConfig sampling(double temperature = 1.0, double top_p = 1.0) {
  SamplingConfig s;
  s.temperature = temperature, s.top_p = top_p, s.max_completion_length = 24;
  return s;
}

std::map<std::pair<int64_t, size_t>, std::pair<std::vector<int32_t>, std::vector<float>>> by_id(
    const std::vector<Group>& groups) {
  std::map<std::pair<int64_t, size_t>, std::pair<std::vector<int32_t>, std::vector<float>>> out;
  for (const Group& g : groups)
    for (size_t s = 0; s < g.samples.size(); ++s) out[{g.prompt.id, s}] = {g.samples[s].ids, g.samples[s].logp};
  return out;
}

/// Every recorded log-prob against the training forward of `batches`.
void expect_equal_logprobs(const Policy& policy, const std::vector<Group>& groups,
                           const std::vector<MicroBatch>& batches, float temperature, const std::string& what) {
  const at::NoGradGuard no_graph;
  int64_t compared = 0;
  for (const MicroBatch& b : batches) {
    const at::Tensor logp = policy.logprobs(b.tokens, temperature).logp;
    int64_t at = 0;
    for (size_t i = 0; i < b.samples.size(); ++i) {
      const Sample& s =
          groups[static_cast<size_t>(b.samples[i].group)].samples[static_cast<size_t>(b.samples[i].sample)];
      for (size_t t = 0; t < s.logp.size(); ++t, ++at, ++compared)
        ASSERT_EQ(logp.const_data_ptr<float>()[at], s.logp[t])
            << what << ": group " << b.samples[i].group << " token " << t;
    }
  }
  int64_t recorded = 0;
  for (const Group& g : groups)
    for (const Sample& s : g.samples) recorded += static_cast<int64_t>(s.logp.size());
  EXPECT_EQ(compared, recorded);
}

class EngineTest : public ::testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  void SetUp() override {
    const auto& [family, dtype] = GetParam();
    write_tiny_model(folder_.path(), family);
    policy_ = Policy::load(folder_.path(), {.dtype = dtype});
  }
  TemporaryFolder folder_;
  std::unique_ptr<Policy> policy_;
};
INSTANTIATE_TEST_SUITE_P(Families, EngineTest,
                         ::testing::Combine(::testing::ValuesIn(kFamilies), ::testing::Values("bf16", "fp32")),
                         [](const auto& info) { return std::get<0>(info.param) + "_" + std::get<1>(info.param); });

TEST_P(EngineTest, TrainingGivesTheRecordedLogProbsBitForBit) {
  for (const auto& [temperature, top_p] : {std::pair{1.0, 1.0}, {0.7, 1.0}, {1.3, 0.9}}) {
    Engine engine(*policy_);
    const std::vector<Group> groups = engine.generate(prompts(), 3, sampling(temperature, top_p), {7, 1});
    std::vector<SampleRef> refs;
    for (size_t g = 0; g < groups.size(); ++g)
      for (int32_t s = 0; s < 3; ++s) refs.push_back({static_cast<int32_t>(g), s});
    const float t = static_cast<float>(temperature);
    for (const int threads : {1, 2}) {
      set_num_threads(threads);
      for (const int64_t budget : {1, 150, 100000})
        expect_equal_logprobs(*policy_, groups, pack_samples(groups, refs, budget), t,
                              "budget " + std::to_string(budget));
    }
    std::reverse(refs.begin(), refs.end());
    expect_equal_logprobs(*policy_, groups, pack_samples(groups, refs, 400), t, "reversed order");
  }
}

TEST_P(EngineTest, SamplesDoNotDependOnTheSchedule) {
  Engine plain(*policy_);
  const auto expected = by_id(plain.generate(prompts(), 4, sampling(), {3, 9}));
  EngineOptions tiny_chunks{.max_prefill_tokens = 7}, few{.max_running_sequences = 3}, one{.max_running_sequences = 1};
  EngineOptions starved{.max_running_sequences = 16, .kv_blocks = 14};
  for (const EngineOptions& options : {tiny_chunks, few, one, starved}) {
    Engine engine(*policy_, options);
    EXPECT_EQ(by_id(engine.generate(prompts(), 4, sampling(), {3, 9})), expected);
    if (options.kv_blocks > 0) {
      EXPECT_GT(engine.stats().preemptions, 0);
    }
  }
  set_num_threads(1);
  std::vector<Prompt> reversed = prompts();
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(by_id(Engine(*policy_).generate(reversed, 4, sampling(), {3, 9})), expected);
  set_num_threads(2);
  // Fewer samples of fewer prompts are a subset.
  for (const auto& [key, value] : by_id(Engine(*policy_).generate({prompts()[4]}, 2, sampling(), {3, 9})))
    EXPECT_EQ(value, expected.at(key));
  EXPECT_NE(by_id(plain.generate(prompts(), 4, sampling(), {3, 10})), expected);
}

TEST_P(EngineTest, PromptsComputedOnceOrWithEachSampleGiveTheSameBits) {
  const std::vector<Group> groups = Engine(*policy_).generate(prompts(), 2, sampling(), {11, 0});
  const at::NoGradGuard no_graph;
  for (const Group& g : groups)
    for (const Sample& s : g.samples) {
      TokenBatch alone{.ids = g.prompt.ids};
      alone.ids.insert(alone.ids.end(), s.ids.begin(), s.ids.end());
      alone.segments = {{0, static_cast<int64_t>(alone.ids.size()), -1}};
      for (size_t t = 0; t < s.ids.size(); ++t) {
        alone.predict_rows.push_back(static_cast<int32_t>(g.prompt.ids.size() + t) - 1);
        alone.targets.push_back(s.ids[t]);
      }
      const at::Tensor logp = policy_->logprobs(alone, 1.f).logp;
      EXPECT_EQ(std::vector<float>(logp.const_data_ptr<float>(), logp.const_data_ptr<float>() + logp.numel()), s.logp);
    }
}

TEST_P(EngineTest, ARowKeepsItsBitsBesideAnyNumberOfOthers) {
  const at::NoGradGuard no_graph;
  // Sequence i has 1 + i % 9 tokens; the last of n sequences is looked at.
  const auto batch_of = [](int64_t first, int64_t count) {
    TokenBatch b;
    for (int64_t i = first; i < first + count; ++i) {
      b.segments.push_back({static_cast<int64_t>(b.ids.size()), 1 + i % 9, -1});
      for (int64_t t = 0; t <= i % 9; ++t) b.ids.push_back(static_cast<int32_t>((i * 31 + t * 7) % 250));
      b.predict_rows.push_back(static_cast<int32_t>(b.ids.size()) - 1);
      b.targets.push_back(static_cast<int32_t>(i % 250));
    }
    return b;
  };
  const float alone = policy_->logprobs(batch_of(129, 1), 1.f).logp.item<float>();
  for (int64_t n = 1; n <= 130; ++n) {
    const at::Tensor logp = policy_->logprobs(batch_of(130 - n, n), 1.f).logp;
    ASSERT_EQ(logp.const_data_ptr<float>()[n - 1], alone) << n << " sequences";
  }
}

TEST(EngineErrors, NameThePrompt) {
  TemporaryFolder folder;
  write_tiny_model(folder.path(), "llama");
  const auto policy = Policy::load(folder.path(), {.dtype = "fp32"});
  Engine engine(*policy);
  const auto message = [&](std::vector<int32_t> ids) {
    Prompt p;
    p.id = 42, p.ids = std::move(ids);
    try {
      engine.generate({p}, 1, sampling(), {});
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_THAT(message({}), ::testing::HasSubstr("prompt 42"));
  EXPECT_THAT(message(std::vector<int32_t>(256, 1)), ::testing::HasSubstr("context of 256"));
  EXPECT_THAT(message({300}), ::testing::HasSubstr("vocabulary"));
  EXPECT_EQ(message(std::vector<int32_t>(250, 1)), "");  // stops when the context is full
}

TEST(Engine, StopStringsEndTheText) {
  TemporaryFolder folder;
  write_tiny_model(folder.path(), "llama");
  const auto policy = Policy::load(folder.path(), {.dtype = "fp32"});
  Prompt p;
  p.ids = {10, 20, 30};
  SamplingConfig s = sampling();
  const Sample whole = Engine(*policy).generate({p}, 1, s, {5, 5})[0].samples[0];
  ASSERT_GT(whole.text.size(), 6u);
  s.stop = {whole.text.substr(3, 2)};
  const Sample cut = Engine(*policy).generate({p}, 1, s, {5, 5})[0].samples[0];
  EXPECT_EQ(cut.text, whole.text.substr(0, whole.text.find(s.stop[0])));
  EXPECT_EQ(cut.finish, Finish::stop);
}

}  // namespace
}  // namespace hone
