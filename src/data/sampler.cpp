#include <numeric>

#include "base/check.h"
#include "base/rng.h"
#include "hone/data.h"

namespace hone {

std::vector<int64_t> epoch_order(int64_t size, uint64_t seed, int64_t epoch) {
  HONE_CHECK(size > 0, ErrorKind::data, "an epoch needs at least one record, got {}", size);
  std::vector<int64_t> order(static_cast<size_t>(size));
  std::iota(order.begin(), order.end(), int64_t{0});
  Rng rng(mix_key(seed, 0x65706f6368 /* "epoch" */, epoch));
  shuffle(order, rng);
  return order;
}

EpochSampler::EpochSampler(int64_t size, uint64_t seed, DataCursor start)
    : size_(size), seed_(seed), cursor_(start), order_(epoch_order(size, seed, start.epoch)) {
  HONE_CHECK(start.epoch >= 0 && start.offset >= 0 && start.offset < size, ErrorKind::data,
             "data cursor (epoch {}, offset {}) lies outside a data set of {} records; was the data set changed?",
             start.epoch, start.offset, size);
}

std::vector<int64_t> EpochSampler::next(int64_t n) {
  HONE_CHECK(n >= 0, ErrorKind::usage, "cannot draw {} records", n);
  std::vector<int64_t> drawn;
  drawn.reserve(static_cast<size_t>(n));
  while (std::ssize(drawn) < n) {
    drawn.push_back(order_[static_cast<size_t>(cursor_.offset)]);
    if (++cursor_.offset < size_) continue;
    cursor_ = {cursor_.epoch + 1, 0};
    order_ = epoch_order(size_, seed_, cursor_.epoch);
  }
  return drawn;
}

}  // namespace hone
