#include "stage/reward_model.h"

#include <cmath>

#include <gmock/gmock.h>

#include "base/text.h"
#include "stage/model_rewards.h"
#include "stage/preferences.h"
#include "unit/tiny_model.h"

namespace hone {
namespace {

using hone::testing::TemporaryFolder;
using hone::testing::write_tiny_model;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

double softplus(double x) { return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0); }

TEST(RewardModelLoss, PairsAreBradleyTerry) {
  const std::vector<float> r = {1.5f, -0.25f, -3.f, 2.f, 0.f, 0.f}, margins = {0.f, 0.5f, 0.25f};
  at::Tensor rewards = at::tensor(r).requires_grad_();
  const double center = 0.01;
  const at::Tensor loss = pair_loss(rewards, at::tensor(margins), center);
  loss.backward();
  double expected = 0;
  for (size_t i = 0; i < margins.size(); ++i) {
    const double c = r[2 * i], l = r[2 * i + 1], d = c - l - margins[i];
    expected += softplus(-d) + center * (c + l) * (c + l);
    const double slope = -1 / (1 + std::exp(d));  // d loss / d (c - l)
    EXPECT_NEAR(rewards.grad()[2 * i].item<double>(), slope + 2 * center * (c + l), 1e-6);
    EXPECT_NEAR(rewards.grad()[2 * i + 1].item<double>(), -slope + 2 * center * (c + l), 1e-6);
  }
  EXPECT_NEAR(loss.item<double>(), expected, 1e-5);
  EXPECT_NEAR(pair_loss(at::zeros({2}), at::zeros({1}), 0).item<double>(), std::log(2.0), 1e-6);
}

TEST(RewardModelLoss, LabelsAreBinaryCrossEntropy) {
  const std::vector<float> r = {2.f, -1.f, 40.f, -40.f}, labels = {1.f, 1.f, 0.f, 0.f};
  at::Tensor rewards = at::tensor(r).requires_grad_();
  const at::Tensor loss = label_loss(rewards, at::tensor(labels));
  loss.backward();
  double expected = 0;
  for (size_t i = 0; i < r.size(); ++i) {
    expected += softplus(labels[i] > 0 ? -r[i] : r[i]);
    const double probability = 1 / (1 + std::exp(-double{r[i]}));
    EXPECT_NEAR(rewards.grad()[static_cast<int64_t>(i)].item<double>(), probability - labels[i], 1e-6);
  }
  EXPECT_NEAR(loss.item<double>(), expected, 1e-4);
}

Preference pair(int64_t chosen_length, int64_t rejected_length) {
  Preference p;
  p.chosen = {1}, p.rejected = {2};
  p.chosen_length = chosen_length, p.rejected_length = rejected_length;
  return p;
}

TEST(Preferences, LengthsAreBalancedByLeavingOutTheLast) {
  const std::vector<Preference> items = {pair(9, 1), pair(1, 9), pair(9, 2), pair(5, 5), pair(9, 3), pair(2, 9)};
  EXPECT_THAT(balance_lengths(items, {0, 1, 2, 3, 4, 5}), ElementsAre(0, 1, 2, 3, 5));
  EXPECT_THAT(balance_lengths(items, {4, 3, 2}), ElementsAre(3));  // nothing to set against the two
}

class RewardModelTest : public ::testing::TestWithParam<const char*> {
 protected:
  RewardModelTest() {
    std::filesystem::create_directory(folder_.path() / "lm");
    write_tiny_model(folder_.path() / "lm", GetParam());
  }

  ChatTokenizer chat() const { return ChatTokenizer(Tokenizer::load((folder_.path() / "lm").string())); }
  std::vector<Preference> preferences(const std::vector<std::string>& lines, RewardModelConfig config = {}) const {
    std::vector<Record> records;
    for (const std::string& line : lines) {
      records.push_back(record_from_json(nlohmann::json::parse(line), "test"));
      records.back().id = std::ssize(records) - 1;
    }
    return make_preferences(records, config, chat(), 256);
  }
  /// A reward model with a head that is not zero.
  std::filesystem::path reward_model() const {
    const auto policy = Policy::load(folder_.path() / "lm", {.dtype = "fp32", .trainable = true, .reward_head = true});
    for (const Parameter& p : policy->parameters())
      if (p.name == "score.weight")
        for (int64_t i = 0; i < p.count; ++i)
          policy->weights()[static_cast<size_t>(p.offset + i)] = 0.1f * static_cast<float>(i % 7 - 3);
    policy->repack(1);
    policy->save_hf(folder_.path() / "rm", Type::f32);
    return folder_.path() / "rm";
  }
  std::vector<float> scores(const Policy& policy, const TokenBatch& batch) const {
    const at::NoGradGuard no_graph;
    const at::Tensor t = policy.scores(batch).contiguous();
    return {t.const_data_ptr<float>(), t.const_data_ptr<float>() + t.numel()};
  }

  TemporaryFolder folder_;
  const std::vector<std::string> lines_ = {
      R"({"prompt": [{"role": "user", "content": "Hi"}], "chosen": "Hello, how are you?", "rejected": "Hm."})",
      R"({"conversations": [{"from": "human", "value": "1+1?"}], "chosen": {"from": "gpt", "value": "2"}, "rejected": {"from": "gpt", "value": "3, or a long story about it"}})",
      R"({"chosen": [{"role": "user", "content": "Go"}, {"role": "assistant", "content": "<think>x</think>Gone"}], "rejected": [{"role": "user", "content": "Go"}, {"role": "assistant", "content": "<think>y</think>No"}]})",
      R"({"prompt": "plain ", "chosen": "text", "rejected": "other"})"};
};

// The bits of a score do not depend on what else is in the batch, nor on the prompt's being shared.
TEST_P(RewardModelTest, AScoreIsTheSameInEveryBatch) {
  const auto policy = Policy::load(reward_model(), {.dtype = "auto", .reward_head = true});
  const std::vector<Preference> items = preferences(lines_);
  std::vector<float> alone;
  for (const Preference& item : items)
    for (const std::vector<int32_t>* ids : {&item.chosen, &item.rejected})
      alone.push_back(scores(*policy, {.ids = *ids,
                                       .segments = {{0, std::ssize(*ids), -1}},
                                       .predict_rows = {static_cast<int32_t>(ids->size()) - 1}})
                          .at(0));
  for (const int64_t max_tokens : {1, 60, 100000}) {
    std::vector<float> packed;
    for (const PreferenceBatch& batch : pack_preferences(items, {0, 1, 2, 3}, max_tokens))
      for (const float score : scores(*policy, batch.tokens)) packed.push_back(score);
    EXPECT_EQ(packed, alone) << max_tokens;
  }
  EXPECT_NE(alone[0], alone[1]);
}

TEST_P(RewardModelTest, ANewHeadScoresZeroAndLearns) {
  const auto policy = Policy::load(folder_.path() / "lm", {.dtype = "fp32", .trainable = true, .reward_head = true});
  const std::vector<Preference> items = preferences(lines_);
  const std::vector<PreferenceBatch> batches = pack_preferences(items, {0, 1, 2, 3}, 100000);
  const at::Tensor rewards = policy->scores(batches.at(0).tokens);
  for (const float score : scores(*policy, batches.at(0).tokens)) EXPECT_EQ(score, 0.f);
  pair_loss(rewards, at::zeros({4}), 0).backward();
  double head = 0;
  for (const Parameter& p : policy->parameters())
    if (p.name == "score.weight")
      for (int64_t i = 0; i < p.count; ++i) head += std::abs(policy->gradients()[static_cast<size_t>(p.offset + i)]);
  EXPECT_GT(head, 0);
}

TEST_P(RewardModelTest, GradientsOfTheWholeModelMatchFiniteDifferences) {
  const auto policy = Policy::load(reward_model(), {.dtype = "fp32", .trainable = true, .reward_head = true});
  const std::vector<Preference> items = preferences(lines_);
  const TokenBatch batch = pack_preferences(items, {0, 1, 2, 3}, 100000).at(0).tokens;
  const auto loss = [&] { return pair_loss(policy->scores(batch), at::zeros({4}), 0); };
  loss().backward();
  for (const char* name : {"score.weight", "model.layers.0.mlp.down_proj.weight", "model.norm.weight"}) {
    const auto found = std::find_if(policy->parameters().begin(), policy->parameters().end(),
                                    [&](const Parameter& p) { return p.name == name; });
    ASSERT_NE(found, policy->parameters().end());
    const size_t at = static_cast<size_t>(found->offset + found->count / 2);
    const float step = 0.02f, value = policy->weights()[at], slope = policy->gradients()[at];
    const auto at_value = [&](float v) {
      policy->weights()[at] = v;
      policy->repack(1);
      return loss().item<double>();
    };
    const double measured = (at_value(value + step) - at_value(value - step)) / (2.0 * step);
    at_value(value);
    EXPECT_NEAR(slope, measured, 0.03 * std::abs(measured) + 2e-4) << name;
  }
}

TEST_P(RewardModelTest, TheGradientDoesNotDependOnTheSplit) {
  const auto policy = Policy::load(reward_model(), {.dtype = "fp32", .trainable = true, .reward_head = true});
  const std::vector<Preference> items = preferences(lines_);
  const auto gradient = [&](const std::vector<int64_t>& order, int64_t max_tokens) {
    std::fill(policy->gradients().begin(), policy->gradients().end(), 0.f);
    for (const PreferenceBatch& batch : pack_preferences(items, order, max_tokens))
      pair_loss(policy->scores(batch.tokens), at::zeros({std::ssize(batch.items)}), 0.01).backward();
    return at::tensor(std::vector<float>(policy->gradients().begin(), policy->gradients().end()));
  };
  const at::Tensor whole = gradient({0, 1, 2, 3}, 100000);
  const double size = whole.norm().item<double>();
  ASSERT_GT(size, 0);
  for (const int64_t max_tokens : {1, 60, 120})
    EXPECT_LT((gradient({0, 1, 2, 3}, max_tokens) - whole).norm().item<double>(), 1e-5 * size) << max_tokens;
  EXPECT_LT((gradient({2, 0, 3, 1}, 60) - whole).norm().item<double>(), 1e-5 * size);
}

// transformers scores the last token that is no padding, and refuses a batch where the configuration names none.
TEST_P(RewardModelTest, TheConfigurationNamesThePadding) {
  EXPECT_FALSE(nlohmann::json::parse(read_file(reward_model() / "config.json")).contains("pad_token_id"));
  const std::filesystem::path settings = folder_.path() / "lm" / "tokenizer_config.json";
  nlohmann::json changed = nlohmann::json::parse(read_file(settings));
  changed["pad_token"] = "<|end|>";
  write_file_atomic(settings, changed.dump());
  EXPECT_EQ(nlohmann::json::parse(read_file(reward_model() / "config.json")).at("pad_token_id"), 256);
}

TEST_P(RewardModelTest, IsNoLanguageModel) {
  const std::filesystem::path model = reward_model();
  EXPECT_THROW(Policy::load(model, {}), Error);
  const nlohmann::json config = nlohmann::json::parse(read_file(model / "config.json"));
  EXPECT_THAT(config["architectures"][0].get<std::string>(), ::testing::EndsWith("ForSequenceClassification"));
}

TEST_P(RewardModelTest, RewardScoresAsTheStageDoes) {
  const std::filesystem::path model = reward_model();
  const auto policy = Policy::load(model, {.reward_head = true});
  const std::vector<Preference> items = preferences(lines_);
  const std::vector<float> expected = scores(*policy, pack_preferences(items, {0}, 1).at(0).tokens);
  const RewardFunction reward = make_reward_model({{"model", model.string()}, {"output", "score"}});
  const nlohmann::json fields = nlohmann::json::parse(lines_[0]);
  EXPECT_EQ(reward({.completion = "Hello, how are you?", .fields = fields}).reward, expected[0]);
  EXPECT_EQ(reward({.completion = "<think>so</think>Hm.", .fields = fields}).reward,
            reward({.completion = "<think>so</think>Hm.", .fields = fields}).reward);
  EXPECT_EQ(reward({.completion = "Hm.", .fields = fields}).reward, expected[1]);
  const float squashed = make_reward_model({{"model", model.string()}})({.completion = "Hm.", .fields = fields}).reward;
  EXPECT_NEAR(squashed, 1 / (1 + std::exp(-double{expected[1]})), 1e-6);
  EXPECT_EQ(reward({.completion = " \n", .fields = fields}).verdict, VerdictKind::wrong);
  EXPECT_EQ(reward({.completion = std::string(400, 'x'), .fields = fields}).verdict, VerdictKind::unscorable);
  EXPECT_EQ(reward({.completion = "\xff\xfe", .fields = fields}).why.substr(0, 5), "score");
  const nlohmann::json nothing = nlohmann::json::object();
  EXPECT_EQ(reward({.prompt = "as rendered", .completion = "x", .fields = nothing}).why.substr(0, 5), "score");
}

INSTANTIATE_TEST_SUITE_P(Families, RewardModelTest,
                         ::testing::Values("llama", "mistral", "qwen2", "qwen3", "gemma3_text"),
                         [](const auto& info) { return std::string(info.param); });

class PreferenceErrors : public RewardModelTest {};
INSTANTIATE_TEST_SUITE_P(One, PreferenceErrors, ::testing::Values("llama"));

TEST_P(PreferenceErrors, NameTheRecordAndWhatIsWrong) {
  const auto error = [&](const std::string& line, RewardModelConfig config = {}) -> std::string {
    try {
      preferences({lines_[0], line}, config);
    } catch (const Error& e) {
      return e.what();
    }
    return "none";
  };
  EXPECT_THAT(error(R"({"prompt": "x", "chosen": "y"})"),
              HasSubstr("record 1 of 'test' > needs 'chosen' and 'rejected'"));
  EXPECT_THAT(error(R"({"prompt": "x", "chosen": "", "rejected": "y"})"), HasSubstr("'chosen' is empty"));
  EXPECT_THAT(error(R"({"prompt": "x", "chosen": "y", "rejected": "y"})"), HasSubstr("are the same"));
  EXPECT_THAT(error(R"({"prompt": "x", "chosen": 5, "rejected": "y"})"),
              HasSubstr("'chosen' must be a non-empty list"));
  EXPECT_THAT(error(R"({"prompt": "x", "chosen": "z", "rejected": "y", "margin": "much"})"), HasSubstr("'margin'"));
  EXPECT_THAT(error(R"({"prompt": "x", "response": "z", "label": 1})"), HasSubstr("are mixed"));
  EXPECT_THAT(error(R"({"prompt": "x", "response": "z", "label": "perhaps"})"), HasSubstr("'label' must be"));
  RewardModelConfig strict;
  strict.truncation = "error", strict.max_length = 20;
  EXPECT_THAT(error(R"({"prompt": "x", "chosen": "a longer one than twenty", "rejected": "y"})", strict),
              HasSubstr("the limit is 20"));
  EXPECT_THROW(make_reward_model({{"model", (folder_.path() / "lm").string()}}), Error);
  EXPECT_THROW(make_reward_model({{"model", "/nowhere"}}), Error);
  EXPECT_THROW(make_reward_model(nlohmann::json::object()), Error);
}

TEST_P(PreferenceErrors, TheAnswerAloneIsScoredWhereAskedFor) {
  RewardModelConfig config;
  config.part = "answer";
  const std::vector<Preference> items = preferences({lines_[2]}, config);
  EXPECT_EQ(items.at(0).chosen_length, 4);    // Gone
  EXPECT_EQ(items.at(0).rejected_length, 2);  // No
}

}  // namespace
}  // namespace hone
