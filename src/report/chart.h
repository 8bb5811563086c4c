// A chart as one <figure>: HTML for the words, inline SVG for the shapes. The SVG stretches with the page while strokes
// and words keep their size, so the same markup serves a phone and a wide screen.
#pragma once

#include <string>
#include <vector>

#include "report/run_data.h"

namespace hone {

enum class NumberFormat { plain, percent, seconds };

/// 0.8313 -> "0.831", "83.1 %" or "0.831 s"; "n/a" for NaN.
std::string format_number(double value, NumberFormat format);

struct Curve {
  std::string label;
  Series data;
  Series error;         // standard error at the same steps, drawn as whiskers; may be empty
  bool points = false;  // few and far between: dots joined by a thin line, never smoothed
};

struct Chart {
  std::string title;
  std::string unit;  // of the y axis, in words
  std::vector<Curve> curves;
  Series band_low, band_high;  // shaded range behind the first curve; may be empty
  NumberFormat format = NumberFormat::plain;
  bool from_zero = false;  // the y axis includes 0
  bool noisy = true;       // long curves get a smoothed line over the faint raw one
  bool stacked = false;    // curves are parts of a whole, drawn as stacked bars
  std::string badge;       // short verdict in the caption
  bool badge_good = true;
};

/// Empty text for a chart without curves.
std::string chart_html(const Chart& chart);

/// About `count` round numbers (1, 2, 2.5 or 5 times a power of ten) that cover [low, high].
std::vector<double> nice_ticks(double low, double high, int count);

/// At most about 2 * `buckets` points that keep every bucket's extremes; NaN points are kept as gaps.
Series decimate(const Series& series, size_t buckets);

/// Centred average over about `width` points, twice (so that near points count most): it does not lag behind as a
/// running average does. NaN points are skipped and stay NaN.
Series smooth(const Series& series, size_t width);

}  // namespace hone
