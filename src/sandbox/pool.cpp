#include "sandbox/pool.h"

namespace hone {

std::unique_ptr<Sandbox> SandboxPool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto sandbox = std::move(idle_.back());
      idle_.pop_back();
      return sandbox;
    }
  }
  return std::make_unique<Sandbox>(options_);
}

void SandboxPool::give_back(std::unique_ptr<Sandbox> sandbox) {
  if (!sandbox->usable()) return;
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(sandbox));
}

}  // namespace hone
