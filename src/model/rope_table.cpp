#include <cmath>

#include "model/config.h"
#include "ops/attention.h"

namespace hone {
namespace {

/// Llama 3.1's scaling: long wavelengths are stretched by `factor`, short ones kept, those between interpolated.
double llama3_scaled(double frequency, const RopeConfig& rope) {
  const double wavelength = 2 * M_PI / frequency, original = static_cast<double>(rope.original_max_positions);
  if (wavelength < original / rope.high_freq_factor) return frequency;
  if (wavelength > original / rope.low_freq_factor) return frequency / rope.factor;
  const double smooth = (original / wavelength - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
  return (1 - smooth) * frequency / rope.factor + smooth * frequency;
}

}  // namespace

RopeTable make_rope_table(const RopeConfig& rope, int64_t positions, int64_t head_dim) {
  const int64_t half = head_dim / 2;
  RopeTable table{at::empty({positions, half}, at::kFloat), at::empty({positions, half}, at::kFloat)};
  for (int64_t i = 0; i < half; ++i) {
    double frequency = std::pow(rope.theta, -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
    if (rope.scaling == "linear") frequency /= rope.factor;
    if (rope.scaling == "llama3") frequency = llama3_scaled(frequency, rope);
    for (int64_t p = 0; p < positions; ++p) {
      const double angle = static_cast<double>(p) * frequency;
      table.cos.mutable_data_ptr<float>()[p * half + i] = static_cast<float>(std::cos(angle));
      table.sin.mutable_data_ptr<float>()[p * half + i] = static_cast<float>(std::sin(angle));
    }
  }
  return table;
}

}  // namespace hone
