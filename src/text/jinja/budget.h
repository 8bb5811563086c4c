// What a rendering may still spend. Everything that walks data pays here, so that no template runs for long.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/check.h"

namespace hone::jinja {

class Budget {
 public:
  explicit Budget(int64_t steps) : total_(steps), left_(steps) {}

  /// Pays for `steps` units of work before they are done.
  void charge(int64_t steps) {
    left_ -= steps;
    HONE_CHECK(left_ >= 0, ErrorKind::data, "the template takes more than {} steps (limits.steps)", total_);
  }
  void charge_bytes(size_t bytes) { charge(1 + static_cast<int64_t>(bytes / 64)); }

 private:
  int64_t total_, left_;
};

}  // namespace hone::jinja
