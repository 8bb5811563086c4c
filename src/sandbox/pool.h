// Warm sandboxes for callers on several threads: as many as there were callers at once.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "sandbox/sandbox.h"

namespace hone {

class SandboxPool {
 public:
  explicit SandboxPool(SandboxOptions options) : options_(std::move(options)) {}

  /// Calls `use(sandbox)` with one that nobody else uses meanwhile, started if need be. If the sandbox itself fails,
  /// `use` gets a second try with a new one; SandboxFailure if that fails, too.
  template <class Use>
  auto with(Use&& use) {
    try {
      return with_lease(use);
    } catch (const SandboxFailure&) {
      return with_lease(use);
    }
  }

 private:
  template <class Use>
  auto with_lease(Use& use) {
    const Lease lease(*this);
    return use(*lease.sandbox);
  }

  struct Lease {
    explicit Lease(SandboxPool& owner) : pool(owner), sandbox(owner.take()) {}
    ~Lease() { pool.give_back(std::move(sandbox)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    SandboxPool& pool;
    std::unique_ptr<Sandbox> sandbox;
  };

  std::unique_ptr<Sandbox> take();
  void give_back(std::unique_ptr<Sandbox> sandbox);

  SandboxOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Sandbox>> idle_;
};

}  // namespace hone
