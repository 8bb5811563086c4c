// Estimators of KL(policy, reference) from the policy's own samples (Schulman, "Approximating KL divergence", 2020).
#include <ATen/ATen.h>

#include "base/check.h"
#include "base/text.h"
#include "hone/loss.h"

namespace hone {
namespace {

// All three have the KL as their mean. As a loss, on-policy, only k2's gradient is the KL's in expectation: k1's is
// zero and k3's is that of KL(reference, policy). k3 times the ratio (k3_unbiased, in policy_loss) is right again.
at::Tensor k1(const at::Tensor& log_ratio) { return log_ratio; }
at::Tensor k2(const at::Tensor& log_ratio) { return log_ratio.square() * 0.5; }
at::Tensor k3(const at::Tensor& log_ratio) { return log_ratio.neg().expm1() + log_ratio; }

struct Estimator {
  std::string_view name;
  at::Tensor (*value)(const at::Tensor& log_ratio);
};
const Estimator kEstimators[] = {{"k1", k1}, {"k2", k2}, {"k3", k3}, {"k3_unbiased", k3}};

}  // namespace

at::Tensor kl_penalty(const at::Tensor& logp, const at::Tensor& logp_ref, const std::string& estimator) {
  HONE_CHECK(logp.defined() && logp_ref.defined() && logp.sizes() == logp_ref.sizes(), ErrorKind::shape,
             "kl_penalty: expected log-probs of policy and reference of one shape, got {} and {} elements",
             logp.defined() ? logp.numel() : 0, logp_ref.defined() ? logp_ref.numel() : 0);
  std::vector<std::string> known;
  for (const Estimator& e : kEstimators) {
    if (e.name == estimator) return e.value(logp - logp_ref);
    known.emplace_back(e.name);
  }
  fail(ErrorKind::usage, "kl_estimator: unknown value '{}', expected one of {}{}", quote_for_message(estimator),
       join(known, " | "), did_you_mean(estimator, known));
}

}  // namespace hone
