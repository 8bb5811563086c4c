// What a product does for the next one while it runs: the fetching or the widening of its operand, spread evenly over
// the steps of its loops.
#pragma once

#include "kernels/cpu/isa/vec.h"

namespace hone::kernels::HONE_ISA {
namespace {

constexpr int64_t kAheadStep = 16;   // iterations along k of one step
constexpr int64_t kReadStreams = 4;  // places in memory that are read in turn

/// Steps that a loop over k makes.
constexpr int64_t ahead_steps(int64_t k) { return k <= kAheadStep ? 1 : (k + kAheadStep - 1) / kAheadStep; }

struct NothingAhead {
  void step() {}
};

/// Memory that will be needed soon, into the second-level cache, in `steps` steps. Line by line in turn from several
/// places, which the memory system serves faster than one ascending stream (docs/benchmarks.md has the figures).
class Prefetch {
 public:
  /// `lines` of 64 bytes.
  Prefetch(const uint32_t* at, int64_t lines, int64_t steps) : Prefetch(at, 1, 0, lines, steps) {}
  /// `lines` in each of several runs, which begin `stride` words apart.
  Prefetch(const uint32_t* at, int64_t runs, int64_t stride, int64_t lines, int64_t steps)
      : run_lines_(lines), gap_(stride - lines * kLanes) {
    if (at == nullptr || runs * lines == 0) return;
    const int64_t part = (runs * lines + kReadStreams - 1) / kReadStreams;
    int64_t run = 0, line = 0;
    for (Stream& stream : streams_) {
      stream = {at + run * stride + line * kLanes, lines - line};
      for (line += part; line >= lines; line -= lines) ++run;
    }
    left_ = kReadStreams * part;  // a few lines more than there are, where they do not divide
    a_step_ = (left_ + steps - 1) / steps;
  }

  void step() {
    int64_t count = a_step_ < left_ ? a_step_ : left_;
    left_ -= count;
    for (; count > 0; --count, turn_ = (turn_ + 1) % kReadStreams) {
      Stream& stream = streams_[turn_];
      __builtin_prefetch(stream.at, 0, 2);
      stream.at += kLanes;
      if (--stream.lines_left == 0) stream.at += gap_, stream.lines_left = run_lines_;
    }
  }

 private:
  struct Stream {
    const uint32_t* at;
    int64_t lines_left;  // of its run
  };
  Stream streams_[kReadStreams];
  int64_t run_lines_, gap_, left_ = 0, a_step_ = 0;
  uint64_t turn_ = 0;
};

/// Packed bf16 panels [panels][units][32] as panels of floats [panels][2 units][32], the odd element of a unit first.
class Widening {
 public:
  /// `units` of each panel in `steps` steps; the panels stand `panel_stride` words apart.
  Widening(const uint32_t* from, int64_t panel_stride, int64_t panels, int64_t units, uint32_t* to, int64_t steps)
      : from_(from),
        to_(to),
        panel_units_(units),
        gap_(panel_stride - units * kPanel),
        units_left_(units),
        left_(panels * units),
        a_step_((left_ + steps - 1) / steps) {}

  void step() { widen(a_step_ < left_ ? a_step_ : left_); }
  void finish() { widen(left_); }

 private:
  void widen(int64_t count) {
    constexpr int64_t kFetched = 48 * kPanel;  // how far ahead memory is read: some hundred nanoseconds of products
    left_ -= count;
    for (; count > 0; --count, from_ += kPanel, to_ += 2 * kPanel) {
      __builtin_prefetch(from_ + kFetched, 0, 2);
      __builtin_prefetch(from_ + kFetched + kLanes, 0, 2);
      const u32v low = load_units(from_), high = load_units(from_ + kLanes);
      store_units(to_, low & 0xFFFF0000u);
      store_units(to_ + kLanes, high & 0xFFFF0000u);
      store_units(to_ + kPanel, low << 16);
      store_units(to_ + kPanel + kLanes, high << 16);
      if (--units_left_ == 0) from_ += gap_, units_left_ = panel_units_;
    }
  }

  const uint32_t* from_;
  uint32_t* to_;
  int64_t panel_units_, gap_, units_left_, left_, a_step_;
};

}  // namespace
}  // namespace hone::kernels::HONE_ISA
