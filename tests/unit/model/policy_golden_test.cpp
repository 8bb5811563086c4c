// Forward and backward of every family against transformers: tests/golden/model, made by tools/goldens/model.py.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "model/policy.h"
#include "unit/tiny_model.h"

namespace hone {
namespace {

constexpr int64_t kKeptRows = 8;  // last positions whose logits the golden holds

std::filesystem::path folder_of(const std::string& name) {
  return std::filesystem::path(HONE_TEST_GOLDEN) / "model" / name;
}

template <class T>
std::vector<T> values(const SafetensorsFile& file, const std::string& name) {
  const TensorView& tensor = file.at(name);
  std::vector<T> out(static_cast<size_t>(tensor.numel()));
  EXPECT_EQ(tensor.data.size(), out.size() * sizeof(T)) << name;
  std::memcpy(out.data(), tensor.data.data(), tensor.data.size());
  return out;
}

/// Both sequences in one batch; every next token is predicted.
TokenBatch pack(const SafetensorsFile& golden) {
  TokenBatch batch;
  for (const char* name : {"ids0", "ids1"}) {
    const std::vector<int64_t> ids = values<int64_t>(golden, name);
    const auto start = static_cast<int32_t>(batch.ids.size());
    batch.segments.push_back({.start = start, .length = static_cast<int64_t>(ids.size())});
    for (const int64_t id : ids) batch.ids.push_back(static_cast<int32_t>(id));
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      batch.predict_rows.push_back(start + static_cast<int32_t>(i));
      batch.targets.push_back(static_cast<int32_t>(ids[i + 1]));
    }
  }
  return batch;
}

std::vector<float> both(const SafetensorsFile& golden, const std::string& name) {
  std::vector<float> out = values<float>(golden, name + "0");
  const std::vector<float> second = values<float>(golden, name + "1");
  out.insert(out.end(), second.begin(), second.end());
  return out;
}

double largest_difference(const at::Tensor& actual, const std::vector<float>& expected) {
  const at::Tensor flat = actual.detach().contiguous().view(-1);
  EXPECT_EQ(flat.numel(), static_cast<int64_t>(expected.size()));
  double largest = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(flat.const_data_ptr<float>()[i] - expected[i]);
    if (!(difference <= largest)) largest = difference;  // NaN counts
  }
  return largest;
}

/// ||actual - expected|| / ||expected||
double relative_error(std::span<const float> actual, const std::vector<float>& expected) {
  EXPECT_EQ(actual.size(), expected.size());
  double error = 0, norm = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    error += std::pow(double{actual[i]} - expected[i], 2);
    norm += std::pow(double{expected[i]}, 2);
  }
  return std::sqrt(error / norm);
}

class PolicyGolden : public ::testing::TestWithParam<const char*> {
 protected:
  std::unique_ptr<Policy> load(const std::string& dtype) const {
    return Policy::load(folder_of(GetParam()), {.dtype = dtype, .trainable = true});
  }
  const SafetensorsFile golden_{folder_of(GetParam()) / "golden.safetensors"};
  const TokenBatch batch_ = pack(golden_);
};

TEST_P(PolicyGolden, LogprobsAndGradients) {
  const std::unique_ptr<Policy> policy = load("fp32");
  for (const int64_t recomputed_blocks : {0, 1, 100}) {
    std::ranges::fill(policy->gradients(), 0.f);
    const at::Tensor logp = policy->logprobs(batch_, 1.f, recomputed_blocks).logp;
    const double difference = largest_difference(logp, both(golden_, "logp"));
    EXPECT_LT(difference, 1e-4);
    (-logp.mean()).backward();
    double worst = 0;
    for (const Parameter& p : policy->parameters()) {
      const auto slice = policy->gradients().subspan(static_cast<size_t>(p.offset), static_cast<size_t>(p.count));
      const double error = relative_error(slice, values<float>(golden_, "grad." + p.name));
      EXPECT_LT(error, 1e-3) << p.name;
      worst = std::max(worst, error);
    }
    if (recomputed_blocks == 0) {
      RecordProperty("logp_difference", std::to_string(difference));
      RecordProperty("gradient_error", std::to_string(worst));
    }
  }
}

TEST_P(PolicyGolden, EngineLogits) {
  const std::unique_ptr<Policy> policy = load("fp32");
  const std::shared_ptr<const RowPlan> plan = plan_rows(batch_, policy->config().max_positions);
  const Tensor hidden = policy->hidden_states(batch_.ids, plan, policy->make_cache(plan->num_blocks));
  std::vector<int32_t> rows;
  for (const Segment& s : batch_.segments)
    for (int64_t i = s.length - kKeptRows; i < s.length; ++i) rows.push_back(static_cast<int32_t>(s.start + i));
  EXPECT_LT(largest_difference(policy->logits(hidden, rows), both(golden_, "logits")), 1e-4);
}

TEST_P(PolicyGolden, SavedFolderHoldsTheSameWeights) {
  const std::unique_ptr<Policy> policy = load("fp32");
  const testing::TemporaryFolder temporary;
  policy->save_hf(temporary.path() / "saved", Type::f32);
  const std::unique_ptr<Policy> again = Policy::load(temporary.path() / "saved", {.dtype = "fp32", .trainable = true});
  EXPECT_TRUE(std::ranges::equal(policy->weights(), again->weights()));
  EXPECT_EQ(policy->config().windows, again->config().windows);
  const at::NoGradGuard no_graph;
  EXPECT_TRUE(at::equal(policy->logprobs(batch_, 1.f).logp, again->logprobs(batch_, 1.f).logp));
}

// Rounding noise only: a wrong family detail moves log-probs by whole nats.
TEST_P(PolicyGolden, Bf16StaysNear) {
  const at::NoGradGuard no_graph;
  EXPECT_LT(largest_difference(load("bf16")->logprobs(batch_, 1.f).logp, both(golden_, "logp")), 0.3);
}

INSTANTIATE_TEST_SUITE_P(Families, PolicyGolden,
                         ::testing::Values("llama", "llama_untied", "mistral", "qwen2", "qwen3", "gemma3"),
                         [](const auto& info) { return std::string(info.param); });

/// Reward models against transformers: tests/golden/reward_model, made by tools/goldens/reward_model.py.
class RewardModelGolden : public ::testing::TestWithParam<const char*> {};

TEST_P(RewardModelGolden, Scores) {
  const std::filesystem::path folder = std::filesystem::path(HONE_TEST_GOLDEN) / "reward_model" / GetParam();
  const auto policy = Policy::load(folder, {.dtype = "fp32", .reward_head = true});
  const SafetensorsFile golden(folder / "golden.safetensors");
  TokenBatch batch = pack(golden);
  batch.targets.clear();
  batch.predict_rows.clear();
  for (const Segment& s : batch.segments) batch.predict_rows.push_back(static_cast<int32_t>(s.start + s.length - 1));
  const at::NoGradGuard no_graph;
  EXPECT_LT(largest_difference(policy->scores(batch), both(golden, "score")), 2e-5);
}

INSTANTIATE_TEST_SUITE_P(Families, RewardModelGolden, ::testing::Values("llama", "llama_untied", "qwen3", "gemma3"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace hone
