// One rank: nothing to carry.
#include "base/check.h"
#include "hone/comm.h"

namespace hone {
namespace {

class SingleComm final : public Comm {
 public:
  SingleComm() : Comm(0, 1, 0) {}

  void abort(std::string_view message) noexcept override {
    try {
      if (failure_.empty()) failure_ = "rank 0 failed: " + std::string(message);
    } catch (const std::bad_alloc&) {  // the message is lost, the caller's own exception is not
    }
  }

 private:
  void check_alive() override { HONE_CHECK(failure_.empty(), ErrorKind::comm, "{}", failure_); }
  // Never called: collectives of one rank move nothing.
  void all_gather(std::span<const std::byte>, std::span<std::byte>) override { HONE_ASSERT(false); }
  void all_to_all(std::span<const std::byte>, std::span<std::byte>) override { HONE_ASSERT(false); }
  void broadcast_raw(std::span<std::byte>, int) override { HONE_ASSERT(false); }

  std::string failure_;
};

}  // namespace

std::unique_ptr<Comm> make_single_comm() { return std::make_unique<SingleComm>(); }

}  // namespace hone
