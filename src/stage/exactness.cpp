#include "stage/exactness.h"

#include <cmath>

#include "base/check.h"

namespace hone {

Mismatch compare_logprobs(const at::Tensor& trained, const at::Tensor& recorded, const MicroBatch& batch,
                          const std::vector<Group>& groups, const std::string& mode) {
  Mismatch result;
  const float* a = trained.const_data_ptr<float>();
  const float* b = recorded.const_data_ptr<float>();
  int64_t at = 0;
  for (size_t s = 0; s < batch.lengths.size(); ++s) {
    for (int64_t i = 0; i < batch.lengths[s]; ++i, ++at) {
      ++result.tokens;
      if (a[at] == b[at]) continue;
      ++result.differing;
      const double difference = std::abs(static_cast<double>(a[at]) - static_cast<double>(b[at]));
      result.max_abs_diff = std::isnan(difference) ? difference : std::max(result.max_abs_diff, difference);
      const SampleRef ref = batch.samples[s];
      const Prompt& prompt = groups[static_cast<size_t>(ref.group)].prompt;
      HONE_CHECK(mode != "strict", ErrorKind::internal,
                 "exactness: token {} of sample {} of prompt {} has log-prob {} in training and {} in the rollout; "
                 "report this, "
                 "or set exactness: audit to go on",
                 i, ref.sample, prompt.id, a[at], b[at]);
    }
  }
  return result;
}

}  // namespace hone
