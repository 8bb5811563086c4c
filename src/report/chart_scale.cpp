// Numbers of charts: ticks, labels, thinning, smoothing.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "report/chart.h"

namespace hone {
namespace {

/// "1e-6" rather than printf's "1e-06".
std::string scientific(double value, int digits) {
  std::string text = fmt::format("{:.{}e}", value, digits);
  const size_t e = text.find('e');
  std::string mantissa = text.substr(0, e);
  if (mantissa.find('.') != std::string::npos) {
    mantissa.erase(mantissa.find_last_not_of('0') + 1);
    if (mantissa.back() == '.') mantissa.pop_back();
  }
  return fmt::format("{}e{}", mantissa, std::stoi(text.substr(e + 1)));
}

}  // namespace

std::string format_number(double value, NumberFormat format) {
  if (!std::isfinite(value)) return "n/a";
  if (value == 0) return format == NumberFormat::percent ? "0 %" : "0";
  if (format == NumberFormat::percent) return fmt::format("{:.1f} %", value * 100);
  const std::string unit = format == NumberFormat::seconds ? " s" : "";
  const double size = std::abs(value);
  if (size < 1e-3 || size >= 1e15) return scientific(value, 2) + unit;
  if (size >= 1e9) return fmt::format("{:.2f} G{}", value / 1e9, unit);
  if (size >= 1e6) return fmt::format("{:.2f} M{}", value / 1e6, unit);
  if (size >= 1e4) return fmt::format("{:.1f} k{}", value / 1e3, unit);
  if (size >= 1000) return fmt::format("{:.0f}{}", value, unit);
  return fmt::format("{:.3g}{}", value, unit);
}

std::vector<double> nice_ticks(double low, double high, int count) {
  const double span = high - low;
  if (!(span > 0) || !std::isfinite(span)) return {low};
  const double rough = span / std::max(count, 1);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (factor * power >= rough * 0.999) {
      step = factor * power;
      break;
    }
  }
  const double first = std::floor(low / step + 1e-9), gaps = std::ceil(high / step - 1e-9) - first;
  // Where the range is below the precision of its ends, no round numbers lie in it.
  if (!(gaps >= 1) || gaps > 4.0 * count + 4 || first + 1 == first) return {low, high};
  std::vector<double> ticks;
  for (int i = 0; i <= static_cast<int>(gaps); ++i) ticks.push_back((first + i) * step + 0.0);  // + 0.0: never "-0"
  return ticks;
}

Series decimate(const Series& series, size_t buckets) {
  const size_t n = series.steps.size();
  if (buckets == 0 || n <= 2 * buckets) return series;
  Series out;
  const auto keep = [&](size_t i) {
    out.steps.push_back(series.steps[i]);
    out.values.push_back(series.values[i]);
  };
  for (size_t bucket = 0; bucket < buckets; ++bucket) {
    const size_t begin = bucket * n / buckets, end = (bucket + 1) * n / buckets;
    size_t low = begin, high = begin;
    for (size_t i = begin; i < end; ++i) {
      const double value = series.values[i];
      if (std::isnan(value)) continue;
      if (std::isnan(series.values[low]) || value < series.values[low]) low = i;
      if (std::isnan(series.values[high]) || value > series.values[high]) high = i;
    }
    keep(std::min(low, high));
    if (low != high) keep(std::max(low, high));
  }
  return out;
}

Series smooth(const Series& series, size_t width) {
  const size_t n = series.values.size(), half = width / 2;
  Series out = series;
  for (int pass = 0; pass < 2; ++pass) {
    std::vector<double> sum(n + 1), count(n + 1);  // of the finite values before each index
    for (size_t i = 0; i < n; ++i) {
      const bool finite = !std::isnan(out.values[i]);
      sum[i + 1] = sum[i] + (finite ? out.values[i] : 0);
      count[i + 1] = count[i] + (finite ? 1 : 0);
    }
    for (size_t i = 0; i < n; ++i) {
      if (std::isnan(out.values[i])) continue;
      const size_t begin = i - std::min(half, i), end = std::min(i + half, n - 1) + 1;
      out.values[i] = (sum[end] - sum[begin]) / (count[end] - count[begin]);
    }
  }
  return out;
}

}  // namespace hone
