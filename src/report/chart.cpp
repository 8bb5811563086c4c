#include "report/chart.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "report/html_text.h"

namespace hone {
namespace {

constexpr double kWidth = 1000, kHeight = 400;  // SVG units; stretched to the space on the page
constexpr size_t kBuckets = 250;
constexpr size_t kMaxBars = 120;
constexpr size_t kSmoothFrom = 16;  // points; fewer are shown as they are
constexpr size_t kDotsUpTo = 12;

/// Maps data to SVG units.
struct Frame {
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;
  std::vector<double> x_ticks, y_ticks;
  double x(double step) const { return x_high > x_low ? (step - x_low) / (x_high - x_low) * kWidth : kWidth / 2; }
  double y(double value) const { return kHeight - (value - y_low) / (y_high - y_low) * kHeight; }
};

struct Range {
  double low = INFINITY, high = -INFINITY;
  void add(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

double value_at(const Series& series, double step) {
  const auto at = std::lower_bound(series.steps.begin(), series.steps.end(), step);
  if (at == series.steps.end() || *at != step) return NAN;
  return series.values[static_cast<size_t>(at - series.steps.begin())];
}

/// The stacked bars' data: one column a step, or the mean of neighbouring steps where there are too many for bars.
struct Columns {
  std::vector<double> steps;               // middle of each column
  std::vector<std::vector<double>> parts;  // [column][curve], negative and missing parts are 0
};

Columns stack(const Chart& chart) {
  std::set<double> all;
  for (const Curve& curve : chart.curves) all.insert(curve.data.steps.begin(), curve.data.steps.end());
  const std::vector<double> steps(all.begin(), all.end());
  const size_t count = std::min(steps.size(), kMaxBars);
  Columns columns;
  for (size_t c = 0; c < count; ++c) {
    const size_t begin = c * steps.size() / count, end = (c + 1) * steps.size() / count;
    std::vector<double> parts(chart.curves.size(), 0.0);
    for (size_t k = 0; k < chart.curves.size(); ++k) {
      for (size_t i = begin; i < end; ++i) {
        const double value = value_at(chart.curves[k].data, steps[i]);
        if (value > 0) parts[k] += value / static_cast<double>(end - begin);
      }
    }
    columns.steps.push_back((steps[begin] + steps[end - 1]) / 2);
    columns.parts.push_back(std::move(parts));
  }
  return columns;
}

Range y_range(const Chart& chart, const Columns& columns) {
  Range y;
  for (const auto& parts : columns.parts) {
    double sum = 0;
    for (const double part : parts) sum += part;
    y.add(sum);
  }
  for (const Curve& curve : chart.curves) {
    if (chart.stacked) break;
    for (size_t i = 0; i < curve.data.steps.size(); ++i) {
      const double error = value_at(curve.error, curve.data.steps[i]);
      y.add(curve.data.values[i]);
      y.add(curve.data.values[i] - error);
      y.add(curve.data.values[i] + error);
    }
  }
  for (const double value : chart.band_low.values) y.add(value);
  for (const double value : chart.band_high.values) y.add(value);
  if (!y.empty() && (chart.from_zero || chart.stacked)) y.add(0);
  return y;
}

Frame make_frame(const Chart& chart, Range y) {
  Frame frame;
  Range x;
  for (const Curve& curve : chart.curves) {
    for (const double step : curve.data.steps) x.add(step);
  }
  const double pad = chart.stacked ? 0.5 : 0;  // half a bar on either side
  frame.x_low = x.low - pad;
  frame.x_high = x.high + pad;
  for (const double tick : nice_ticks(x.low, x.high, 5)) {
    if (tick >= x.low && tick <= x.high && tick == std::floor(tick)) frame.x_ticks.push_back(tick);
  }
  if (frame.x_ticks.empty()) frame.x_ticks = {x.low};
  if (y.low == 0 && y.high == 0) {  // a line at exactly zero, in the middle
    frame.y_low = -1;
    frame.y_ticks = {0};
    return frame;
  }
  if (y.low == y.high) {
    const double room = std::abs(y.low) * 0.1;
    y = {y.low - room, y.high + room};
  }
  frame.y_ticks = nice_ticks(y.low, y.high, 4);
  frame.y_low = frame.y_ticks.front();
  frame.y_high = frame.y_ticks.back();
  if (!(frame.y_high > frame.y_low)) frame.y_high = frame.y_low + 1;
  return frame;
}

/// SVG path through the points, broken at NaN. A lone point becomes a line of no length, which round caps draw as a
/// dot.
std::string path_of(const Series& series, const Frame& frame) {
  std::string d;
  bool pen_down = false;
  for (size_t i = 0; i < series.steps.size(); ++i) {
    if (std::isnan(series.values[i])) {
      pen_down = false;
      continue;
    }
    const double x = frame.x(series.steps[i]), y = frame.y(series.values[i]);
    const bool lone = !pen_down && (i + 1 == series.steps.size() || std::isnan(series.values[i + 1]));
    d += fmt::format("{}{:.1f} {:.1f}", pen_down ? 'L' : 'M', x, y);
    if (lone) d += "h0";
    pen_down = true;
  }
  return d;
}

std::string dots_of(const Series& series, const Frame& frame) {
  std::string d;
  for (size_t i = 0; i < series.steps.size(); ++i) {
    if (!std::isnan(series.values[i]))
      d += fmt::format("M{:.1f} {:.1f}h0", frame.x(series.steps[i]), frame.y(series.values[i]));
  }
  return d;
}

std::string whiskers_of(const Curve& curve, const Frame& frame) {
  std::string d;
  for (size_t i = 0; i < curve.data.steps.size(); ++i) {
    const double value = curve.data.values[i], error = value_at(curve.error, curve.data.steps[i]);
    if (std::isnan(value) || std::isnan(error)) continue;
    d += fmt::format("M{:.1f} {:.1f}V{:.1f}", frame.x(curve.data.steps[i]), frame.y(value - error),
                     frame.y(value + error));
  }
  return d;
}

std::string band_of(const Chart& chart, const Frame& frame) {
  const Series low = decimate(chart.band_low, kBuckets), high = decimate(chart.band_high, kBuckets);
  std::string d;
  const auto add = [&](const Series& s, size_t i) {
    if (std::isnan(s.values[i])) return;
    d += fmt::format("{}{:.1f} {:.1f}", d.empty() ? 'M' : 'L', frame.x(s.steps[i]), frame.y(s.values[i]));
  };
  for (size_t i = 0; i < high.steps.size(); ++i) add(high, i);
  for (size_t i = low.steps.size(); i-- > 0;) add(low, i);
  return d.empty() ? "" : fmt::format("<path class=\"band c1\" d=\"{}Z\"/>", d);
}

std::string lines_svg(const Chart& chart, const Frame& frame) {
  std::string svg = band_of(chart, frame);
  for (size_t k = 0; k < chart.curves.size(); ++k) {
    const Curve& curve = chart.curves[k];
    const std::string color = fmt::format("c{}", k % 6 + 1);
    const Series shown = decimate(curve.data, kBuckets);
    const bool smoothed = chart.noisy && !curve.points && curve.data.steps.size() >= kSmoothFrom;
    svg += fmt::format("<path class=\"{} {}\" d=\"{}\"/>", smoothed ? "raw" : "line", color, path_of(shown, frame));
    if (smoothed) {
      const size_t width = std::max<size_t>(4, curve.data.steps.size() / 12);
      const Series smooth_line = decimate(smooth(curve.data, width), kBuckets);
      svg += fmt::format("<path class=\"line {}\" d=\"{}\"/>", color, path_of(smooth_line, frame));
    }
    if (!curve.error.empty())
      svg += fmt::format("<path class=\"whisker {}\" d=\"{}\"/>", color, whiskers_of(curve, frame));
    if (curve.points || curve.data.steps.size() <= kDotsUpTo) {
      svg += fmt::format("<path class=\"dots {}\" d=\"{}\"/>", color, dots_of(curve.data, frame));
    }
  }
  return svg;
}

std::string bars_svg(const Columns& columns, const Frame& frame) {
  if (columns.steps.empty()) return "";
  const double width = kWidth / static_cast<double>(columns.steps.size()) * 0.82;
  std::vector<std::string> paths(columns.parts[0].size());
  for (size_t c = 0; c < columns.steps.size(); ++c) {
    double base = 0;
    for (size_t k = 0; k < paths.size(); ++k) {
      const double part = columns.parts[c][k];
      if (part <= 0) continue;
      paths[k] += fmt::format("M{:.1f} {:.1f}h{:.1f}V{:.1f}h-{:.1f}Z", frame.x(columns.steps[c]) - width / 2,
                              frame.y(base), width, frame.y(base + part), width);
      base += part;
    }
  }
  std::string svg;
  for (size_t k = 0; k < paths.size(); ++k)
    svg += fmt::format("<path class=\"bar c{}\" d=\"{}\"/>", k % 6 + 1, paths[k]);
  return svg;
}

/// A label of the y axis, with as many decimals as the distance of the ticks needs.
std::string tick_label(double tick, double distance, NumberFormat format) {
  if (tick == 0) return format == NumberFormat::percent ? "0%" : "0";
  const double scale = format == NumberFormat::percent ? 100 : 1;
  const double value = tick * scale, gap = distance * scale;
  if (format != NumberFormat::percent && (std::abs(tick) >= 1e4 || (tick != 0 && gap < 1e-3))) {
    return format_number(tick, NumberFormat::plain);
  }
  int decimals = gap > 0 ? std::clamp(static_cast<int>(-std::floor(std::log10(gap) + 1e-9)), 0, 4) : 0;
  if (gap > 0 && decimals < 4 &&
      std::abs(gap * std::pow(10, decimals) - std::round(gap * std::pow(10, decimals))) > 1e-6) {
    ++decimals;  // 0.25 steps need two
  }
  return fmt::format("{:.{}f}{}", value, decimals, format == NumberFormat::percent ? "%" : "");
}

std::string axes_html(const Frame& frame, NumberFormat format, size_t* label_width) {
  std::string html;
  const double distance = frame.y_ticks.size() > 1 ? frame.y_ticks[1] - frame.y_ticks[0] : std::abs(frame.y_ticks[0]);
  for (const double tick : frame.y_ticks) {
    const std::string label = tick_label(tick, distance, format);
    *label_width = std::max(*label_width, label.size());
    html += fmt::format("<i class=\"y\" style=\"top:{:.2f}%\">{}</i>", frame.y(tick) / kHeight * 100, label);
  }
  for (const double tick : frame.x_ticks) {
    html += fmt::format("<i class=\"x\" style=\"left:{:.2f}%\">{:.0f}</i>", frame.x(tick) / kWidth * 100, tick);
  }
  return html;
}

std::string grid_svg(const Frame& frame) {
  std::string d;
  for (const double tick : frame.y_ticks) d += fmt::format("M0 {:.1f}H{:.0f}", frame.y(tick), kWidth);
  return fmt::format("<path class=\"grid\" d=\"{}\"/>", d);
}

double last_value(const Series& series) {
  for (size_t i = series.values.size(); i-- > 0;) {
    if (!std::isnan(series.values[i])) return series.values[i];
  }
  return NAN;
}

std::string legend_html(const Chart& chart) {
  if (chart.curves.size() < 2) return "";
  std::string html = "<ul class=\"legend\">";
  for (size_t k = 0; k < chart.curves.size(); ++k) {
    html += fmt::format("<li class=\"c{}\">{} <b>{}</b></li>", k % 6 + 1, escape_html(chart.curves[k].label),
                        format_number(last_value(chart.curves[k].data), chart.format));
  }
  return html + "</ul>";
}

/// The points in a data attribute, for the pointer's read-out: {"f": format, "x": [steps], "s": [[label, color,
/// values]]}.
std::string hover_data(const Chart& chart, const Frame& frame) {
  std::set<double> all;
  std::vector<Series> shown;
  for (const Curve& curve : chart.curves) {
    shown.push_back(decimate(curve.data, kBuckets));
    all.insert(shown.back().steps.begin(), shown.back().steps.end());
  }
  nlohmann::ordered_json data;
  data["f"] = static_cast<int>(chart.format);
  data["r"] = {frame.x_low, frame.x_high};
  data["x"] = all;
  data["s"] = nlohmann::ordered_json::array();
  for (size_t k = 0; k < shown.size(); ++k) {
    nlohmann::ordered_json values = nlohmann::ordered_json::array();
    for (const double step : all) {
      const double value = value_at(shown[k], step);
      values.push_back(std::isnan(value) ? nlohmann::ordered_json()
                                         : nlohmann::ordered_json(std::stod(fmt::format("{:.5g}", value))));
    }
    data["s"].push_back({chart.curves[k].label, k % 6 + 1, values});
  }
  return escape_html(data.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

int64_t count_gaps(const Chart& chart) {
  int64_t gaps = 0;
  for (const Curve& curve : chart.curves)
    gaps += std::count_if(curve.data.values.begin(), curve.data.values.end(), [](double v) { return std::isnan(v); });
  return gaps;
}

std::string caption_html(const Chart& chart) {
  std::string html = fmt::format("<figcaption><span class=\"title\">{}</span>", escape_html(chart.title));
  if (!chart.badge.empty()) {
    html +=
        fmt::format("<span class=\"badge {}\">{}</span>", chart.badge_good ? "good" : "bad", escape_html(chart.badge));
  } else if (chart.curves.size() == 1) {
    html +=
        fmt::format("<span class=\"last\">{}</span>", format_number(last_value(chart.curves[0].data), chart.format));
  }
  return html + fmt::format("<span class=\"unit\">{}</span></figcaption>", escape_html(chart.unit));
}

}  // namespace

std::string chart_html(const Chart& chart) {
  if (chart.curves.empty()) return "";
  const Columns columns = chart.stacked ? stack(chart) : Columns{};
  const Range y = y_range(chart, columns);
  const int64_t gaps = count_gaps(chart);
  std::string note =
      gaps > 0 ? fmt::format("<p class=\"warn\">{} value{} not finite</p>", gaps, gaps == 1 ? "" : "s") : "";
  if (y.empty())
    return fmt::format("<figure>{}<p class=\"empty\">no finite values</p>{}</figure>", caption_html(chart), note);
  const Frame frame = make_frame(chart, y);
  size_t label_width = 1;
  const std::string axes = axes_html(frame, chart.format, &label_width);
  return fmt::format(
      "<figure style=\"--gutter:{}ch\">{}<div class=\"plot\" data-hover=\"{}\">"
      "<svg viewBox=\"0 0 {:.0f} {:.0f}\" preserveAspectRatio=\"none\" role=\"img\" "
      "aria-label=\"{}\">{}{}</svg>{}</div>"
      "<p class=\"xlabel\">step</p>{}{}</figure>\n",
      label_width + 1, caption_html(chart), hover_data(chart, frame), kWidth, kHeight, escape_html(chart.title),
      grid_svg(frame), chart.stacked ? bars_svg(columns, frame) : lines_svg(chart, frame), axes, legend_html(chart),
      note);
}

}  // namespace hone
