#include "hone/loss.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "base/check.h"
#include "rl/loss_types.h"

namespace hone {
namespace {

void check_tensor(const char* name, const at::Tensor& tensor, const at::Tensor& logp) {
  HONE_CHECK(
      tensor.sizes() == logp.sizes() && tensor.scalar_type() == logp.scalar_type() && tensor.device() == logp.device(),
      ErrorKind::shape, "policy_loss: {} must be like logp ({} tokens, {}, {}), got {} elements, {}, {}", name,
      logp.numel(), c10::toString(logp.scalar_type()), logp.device().str(), tensor.numel(),
      c10::toString(tensor.scalar_type()), tensor.device().str());
}

bool kl_in_loss(const LossConfig& config) { return config.beta > 0 && config.kl_place == "loss"; }

void check_inputs(const LossInputs& in, double denominator) {
  HONE_CHECK(in.logp.defined() && in.logp.dim() == 1 &&
                 (in.logp.scalar_type() == at::kFloat || in.logp.scalar_type() == at::kDouble),
             ErrorKind::shape, "policy_loss: logp must be a flat tensor of fp32 or fp64");
  HONE_CHECK(in.logp_old.defined() && in.advantages.defined(), ErrorKind::shape,
             "policy_loss: logp_old and advantages are required");
  check_tensor("logp_old", in.logp_old, in.logp);
  check_tensor("advantages", in.advantages, in.logp);
  if (in.logp_ref.defined()) check_tensor("logp_ref", in.logp_ref, in.logp);
  if (in.entropy.defined()) check_tensor("entropy", in.entropy, in.logp);
  for (const int64_t length : in.lengths) {
    HONE_CHECK(length >= 1, ErrorKind::shape, "policy_loss: sequence of {} tokens; leave masked sequences out", length);
  }
  const int64_t tokens = count_tokens(in.lengths).tokens;
  HONE_CHECK(tokens == in.logp.numel(), ErrorKind::shape, "policy_loss: lengths add up to {} tokens, logp has {}",
             tokens, in.logp.numel());
  HONE_CHECK(std::isfinite(denominator) && denominator > 0, ErrorKind::internal,
             "policy_loss: the denominator must be a positive number, got {}", denominator);
}

void check_options(const LossInputs& in, const LossConfig& config) {
  HONE_CHECK(config.epsilon >= 0 && upper_epsilon(config) >= 0, ErrorKind::usage,
             "epsilon and epsilon_high must be at least 0, got {} and {}", config.epsilon, upper_epsilon(config));
  HONE_CHECK(!config.delta || *config.delta > 1, ErrorKind::usage, "delta must be above 1, got {}", *config.delta);
  HONE_CHECK(config.kl_place == "loss" || config.kl_place == "reward", ErrorKind::usage,
             "kl_place: unknown value '{}', expected loss | reward", config.kl_place);
  HONE_CHECK(!kl_in_loss(config) || in.logp_ref.defined(), ErrorKind::usage,
             "beta is {} but no log-probs of a reference model were given", config.beta);
  HONE_CHECK(
      config.entropy_coef == 0 || (in.entropy.defined() && in.entropy.requires_grad() == in.logp.requires_grad()),
      ErrorKind::usage, "entropy_coef is {} but no entropy with a gradient was given", config.entropy_coef);
}

/// KL estimate of each token, [T]; undefined without a reference.
at::Tensor token_kl(const LossInputs& in, const LossConfig& config, const at::Tensor& log_ratio) {
  if (!in.logp_ref.defined()) return {};
  const at::Tensor kl = kl_penalty(in.logp, in.logp_ref, config.kl_estimator);
  if (config.kl_estimator != "k3_unbiased") return kl;
  return kl * importance_ratio(log_ratio);
}

/// A CPU copy in double, for sums that are logged. Undefined stays undefined.
at::Tensor for_metrics(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.detach().to(at::kCPU, at::kDouble).contiguous() : tensor;
}

void add_ratio_metrics(const LossInputs& in, const LossConfig& config, const at::Tensor& log_ratio, LossMetrics& m) {
  const at::Tensor log_ratios = for_metrics(log_ratio), advantages = for_metrics(in.advantages);
  const double* log_r = log_ratios.const_data_ptr<double>();
  const double* adv = advantages.const_data_ptr<double>();
  int64_t t = 0;
  for (const int64_t length : in.lengths) {
    int64_t low = 0, high = 0;
    for (const int64_t end = t + length; t < end; ++t) {
      const double ratio = std::exp(log_r[t]);
      low += ratio < 1 - config.epsilon && adv[t] < 0;
      high += ratio > 1 + upper_epsilon(config) && adv[t] > 0;
      m.dual_clipped += config.delta && ratio > *config.delta && adv[t] < 0;
      m.ratio_sum += ratio;
      m.ratio_min = std::min(m.ratio_min, ratio);
      m.ratio_max = std::max(m.ratio_max, ratio);
      m.log_ratio_abs_max = std::max(m.log_ratio_abs_max, std::abs(log_r[t]));
    }
    m.clipped_low += low;
    m.clipped_high += high;
    m.clipped_low_min = std::min(m.clipped_low_min, static_cast<double>(low) / static_cast<double>(length));
    m.clipped_high_max = std::max(m.clipped_high_max, static_cast<double>(high) / static_cast<double>(length));
  }
}

}  // namespace

LossMetrics& LossMetrics::operator+=(const LossMetrics& other) {
  tokens += other.tokens;
  sequences += other.sequences;
  loss += other.loss;
  policy_loss += other.policy_loss;
  kl_sum += other.kl_sum;
  entropy_sum += other.entropy_sum;
  clipped_low += other.clipped_low;
  clipped_high += other.clipped_high;
  dual_clipped += other.dual_clipped;
  clipped_low_min = std::min(clipped_low_min, other.clipped_low_min);
  clipped_high_max = std::max(clipped_high_max, other.clipped_high_max);
  ratio_sum += other.ratio_sum;
  ratio_min = std::min(ratio_min, other.ratio_min);
  ratio_max = std::max(ratio_max, other.ratio_max);
  log_ratio_abs_max = std::max(log_ratio_abs_max, other.log_ratio_abs_max);
  return *this;
}

LossOutput policy_loss(const LossInputs& in, const LossConfig& config, double denominator) {
  const LossType& type = find_loss_type(config.loss_type);
  check_inputs(in, denominator);
  check_options(in, config);

  const std::vector<double> weights = token_weights(config.loss_type, in.lengths);
  const at::Tensor weight = at::tensor(weights, in.logp.options().requires_grad(false));
  const auto aggregate = [&](const at::Tensor& per_token) { return (per_token * weight).sum() / denominator; };

  const at::Tensor log_ratio = in.logp - in.logp_old;
  const at::Tensor kl = token_kl(in, config, log_ratio);
  const at::Tensor policy_term = aggregate(type.surrogate(in, config, log_ratio));
  at::Tensor loss = policy_term;
  if (kl_in_loss(config)) loss = loss + config.beta * aggregate(kl);
  if (config.entropy_coef > 0) loss = loss - config.entropy_coef * aggregate(in.entropy);

  LossMetrics m{.tokens = in.logp.numel(), .sequences = static_cast<int64_t>(in.lengths.size())};
  m.loss = loss.item<double>();
  m.policy_loss = policy_term.item<double>();
  if (kl.defined()) m.kl_sum = for_metrics(kl).sum().item<double>();
  if (in.entropy.defined()) m.entropy_sum = for_metrics(in.entropy).sum().item<double>();
  add_ratio_metrics(in, config, log_ratio, m);
  return {loss, m};
}

}  // namespace hone
