// A deterministic limit on the work that one verdict may cost: the same input runs out at the same step everywhere.
#pragma once

#include <cstdint>

namespace hone::math {

struct OutOfSteps {};  // thrown by Budget::spend, caught where a verdict is made

class Budget {
 public:
  explicit Budget(int64_t steps) : steps_(steps) {}
  void spend(int64_t steps = 1) {
    if ((steps_ -= steps) < 0) throw OutOfSteps{};
  }

 private:
  int64_t steps_;
};

}  // namespace hone::math
