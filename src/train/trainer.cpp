#include "train/trainer.h"

#include <cmath>

#include "base/check.h"
#include "base/threads.h"
#include "train/adamw.h"
#include "train/schedule.h"

namespace hone {

Trainer::Trainer(Policy& policy, const OptimConfig& optim, int64_t total_updates, Comm& comm)
    : policy_(policy),
      optim_(optim),
      total_updates_(total_updates),
      comm_(comm),
      m_(policy.weights().size()),
      v_(policy.weights().size()) {}

void Trainer::zero_gradients() {
  const std::span<float> g = policy_.gradients();
  parallel_for(static_cast<int64_t>(g.size()), 1 << 20,
               [&](int64_t begin, int64_t end) { std::fill(g.begin() + begin, g.begin() + end, 0.f); });
}

UpdateResult Trainer::update() {
  const std::span<float> weights = policy_.weights(), gradients = policy_.gradients();
  comm_.all_reduce_sum(gradients);
  UpdateResult result;
  result.grad_norm = grad_norm(gradients);
  result.learning_rate = learning_rate_at(updates_, total_updates_, optim_);
  HONE_CHECK(
      std::isfinite(result.grad_norm), ErrorKind::data,
      "the gradient of update {} is not finite; the weights were left as they were. A lower learning rate, a smaller "
      "max_grad_norm or dtype: fp32 usually helps",
      updates_ + 1);
  const double scale = clip_factor(result.grad_norm, optim_.max_grad_norm);
  AdamWOptions options{
      .lr = result.learning_rate, .beta1 = optim_.adam_beta1, .beta2 = optim_.adam_beta2, .eps = optim_.adam_epsilon};
  // Norms and biases stand at the front of the flat array and are not decayed.
  const size_t vectors = static_cast<size_t>(vector_count(policy_.parameters())), rest = weights.size() - vectors;
  const auto step = [&](size_t first, size_t count) {
    adamw_step(weights.subspan(first, count), gradients.subspan(first, count),
               std::span<float>(m_).subspan(first, count), std::span<float>(v_).subspan(first, count), updates_ + 1,
               options, scale);
  };
  step(0, vectors);
  options.weight_decay = optim_.weight_decay;
  step(vectors, rest);
  ++updates_;
  policy_.repack(policy_.version() + 1);
  return result;
}

std::vector<CheckpointTensor> Trainer::tensors() const {
  const int64_t n = static_cast<int64_t>(m_.size());
  return {{"weights", {n}, policy_.weights()}, {"adam_m", {n}, m_}, {"adam_v", {n}, v_}};
}

void Trainer::load(const Checkpoint& checkpoint, int64_t updates) {
  checkpoint.read("weights", policy_.weights());
  checkpoint.read("adam_m", m_);
  checkpoint.read("adam_v", v_);
  updates_ = updates;
  policy_.repack(updates);
}

}  // namespace hone
