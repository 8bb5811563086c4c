#include "report/chart_table.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

namespace hone {
namespace {

struct Line {
  std::string metric;
  std::string label;
};

/// One row of the table. `spread` is a standard deviation around the first line; `low` and `high` are its bounds.
struct Row {
  std::string title;
  std::string unit;
  NumberFormat format = NumberFormat::plain;
  bool from_zero = false;
  std::vector<Line> lines;
  std::string spread, low, high;
  bool noisy = true;
};

const std::vector<Row>& table() {
  constexpr auto plain = NumberFormat::plain, percent = NumberFormat::percent;
  static const std::vector<Row> rows = {
      {"Reward", "mean ± std over completions", plain, false, {{"reward", "reward"}}, "reward_std"},
      {"Held-out accuracy",
       "share of pairs or labels judged right",
       percent,
       false,
       {{"eval/accuracy", "reward model"},
        {"eval/length_baseline", "length alone"},
        {"eval/label_baseline", "commoner label"}}},
      {"Margin",
       "reward of the better response minus the worse one's",
       plain,
       false,
       {{"margin", "training"}, {"eval/margin", "held out"}}},
      {"Pair accuracy", "share of training records judged right", percent, false, {{"accuracy", "accuracy"}}},
      {"Loss", "nats per token", plain, false, {{"loss", "loss"}}},
      {"Token accuracy", "share of trained tokens", percent, false, {{"mean_token_accuracy", "accuracy"}}},
      {"Completion length",
       "tokens, range shaded",
       plain,
       true,
       {{"completions/mean_length", "mean"}, {"completions/mean_terminated_length", "mean of the finished"}},
       "",
       "completions/min_length",
       "completions/max_length"},
      {"Cut by length", "share of completions", percent, true, {{"completions/clipped_ratio", "cut"}}},
      {"KL to the reference", "nats per token", plain, true, {{"kl", "kl"}}},
      {"Entropy", "nats per token", plain, true, {{"entropy", "entropy"}}},
      {"Gradient norm", "before clipping", plain, true, {{"grad_norm", "norm"}}},
      {"Learning rate", "", plain, true, {{"learning_rate", "lr"}}, "", "", "", /*noisy=*/false},
      {"Ratio clipping",
       "share of tokens",
       percent,
       true,
       {{"clip_ratio/region_mean", "either side"}, {"clip_ratio/low_mean", "low"}, {"clip_ratio/high_mean", "high"}}},
      {"No signal",
       "share",
       percent,
       true,
       {{"frac_reward_zero_std", "groups of equal rewards"}, {"unscorable_frac", "unscorable completions"}}},
      {"Throughput",
       "tokens per second",
       plain,
       true,
       {{"perf/gen_tok_per_s", "rollout"}, {"perf/train_tok_per_s", "training"}}},
      {"Memory", "peak, GB", plain, true, {{"perf/peak_rss_gb", "peak"}}, "", "", "", /*noisy=*/false},
      {"Tokens seen", "", plain, true, {{"num_tokens", "tokens"}}, "", "", "", /*noisy=*/false},
  };
  return rows;
}

Series combine(const Series& mean, const Series& spread, double factor) {
  Series out;
  for (size_t i = 0; i < mean.steps.size(); ++i) {
    const auto at = std::lower_bound(spread.steps.begin(), spread.steps.end(), mean.steps[i]);
    if (at == spread.steps.end() || *at != mean.steps[i]) continue;
    out.steps.push_back(mean.steps[i]);
    out.values.push_back(mean.values[i] + factor * spread.values[static_cast<size_t>(at - spread.steps.begin())]);
  }
  return out;
}

Chart from_row(const Row& row, const StageData& stage) {
  Chart chart{
      .title = row.title, .unit = row.unit, .format = row.format, .from_zero = row.from_zero, .noisy = row.noisy};
  for (const Line& line : row.lines) {
    if (const Series* series = stage.find(line.metric)) chart.curves.push_back({.label = line.label, .data = *series});
  }
  if (chart.curves.empty()) return chart;
  const Series *spread = stage.find(row.spread), *low = stage.find(row.low), *high = stage.find(row.high);
  if (spread != nullptr) {
    chart.band_low = combine(chart.curves[0].data, *spread, -1);
    chart.band_high = combine(chart.curves[0].data, *spread, 1);
  } else if (low != nullptr && high != nullptr) {
    chart.band_low = *low;
    chart.band_high = *high;
  }
  return chart;
}

bool is_error(const std::string& metric) { return metric.ends_with("_stderr"); }

/// Shares of held-out items or completions: mean@k, pass@k, greedy, format.
bool is_eval_share(const std::string& metric) {
  return !is_error(metric) && (metric.starts_with("eval/mean@") || metric.starts_with("eval/pass@") ||
                               metric == "eval/greedy" || metric == "eval/format");
}

Chart eval_chart(const StageData& stage) {
  Chart chart{
      .title = "Held-out accuracy", .unit = "± standard error", .format = NumberFormat::percent, .from_zero = true};
  for (const std::string start : {"eval/mean@", "eval/greedy", "eval/pass@", "eval/format"}) {
    for (const auto& [name, series] : stage.metrics) {
      if (!is_eval_share(name) || !name.starts_with(start)) continue;
      const Series* error = stage.find(name + "_stderr");
      chart.curves.push_back({name.substr(5), series, error != nullptr ? *error : Series{}, /*points=*/true});
    }
  }
  return chart;
}

/// The name between "rewards/" and "/mean"; empty for other metrics.
std::string reward_part(const std::string& metric) {
  if (!metric.starts_with("rewards/") || !metric.ends_with("/mean") || metric.size() <= 13) return "";
  return metric.substr(8, metric.size() - 13);
}

Chart parts_chart(const StageData& stage) {
  Chart chart{.title = "Reward parts", .unit = "mean, before weights", .from_zero = true};
  for (const auto& [name, series] : stage.metrics) {
    if (const std::string part = reward_part(name); !part.empty())
      chart.curves.push_back({.label = part, .data = series});
  }
  return chart;
}

Chart mismatch_chart(const StageData& stage) {
  Chart chart{.title = "Rollout vs training", .unit = "max |Δ log-prob|, nats", .from_zero = true};
  const Series* series = stage.find("rollout_corr/max_abs_diff");
  if (series == nullptr) return chart;
  chart.curves.push_back({.label = "max_abs_diff", .data = *series});
  const auto differs = std::find_if(series->values.begin(), series->values.end(), [](double v) { return v != 0; });
  chart.badge_good = differs == series->values.end();
  chart.badge = chart.badge_good ? "0 · bit-exact"
                                 : fmt::format("differs from step {:.0f}",
                                               series->steps[static_cast<size_t>(differs - series->values.begin())]);
  return chart;
}

const std::vector<Line>& phases() {  // of a step, in the order they happen
  static const std::vector<Line> lines = {{"timing_s/gen", "rollout"},
                                          {"timing_s/reward_wait", "rewards"},
                                          {"timing_s/ref", "reference"},
                                          {"timing_s/update", "update"}};
  return lines;
}

const std::vector<Line>& pauses() {  // beside step_time
  static const std::vector<Line> lines = {{"timing_s/eval", "eval"}, {"timing_s/save", "save"}};
  return lines;
}

/// What of step_time no phase accounts for; empty if that is next to nothing.
Series unaccounted(const StageData& stage, const Series& step_time) {
  Series rest = step_time;
  for (const Line& phase : phases()) {
    if (const Series* series = stage.find(phase.metric)) rest = combine(rest, *series, -1);
  }
  double whole = 0, left = 0;
  for (const double value : step_time.values) whole += std::isnan(value) ? 0 : value;
  for (double& value : rest.values) {
    value = std::max(value, 0.0);
    left += std::isnan(value) ? 0 : value;
  }
  return left > 0.01 * whole ? rest : Series{};
}

Chart time_chart(const StageData& stage) {
  Chart chart{.title = "Step time", .unit = "seconds, by phase", .format = NumberFormat::seconds, .stacked = true};
  const auto add = [&](const std::vector<Line>& lines) {
    for (const Line& line : lines) {
      if (const Series* series = stage.find(line.metric))
        chart.curves.push_back({.label = line.label, .data = *series});
    }
  };
  add(phases());
  if (const Series* step_time = stage.find("step_time")) {
    Series rest = unaccounted(stage, *step_time);
    const char* label = chart.curves.empty() ? "training" : "rest";
    if (!rest.empty()) chart.curves.push_back({.label = label, .data = std::move(rest)});
  }
  add(pauses());
  return chart;
}

}  // namespace

std::vector<Chart> stage_charts(const StageData& stage) {
  std::vector<Chart> charts;
  const auto add = [&](Chart chart) {
    if (!chart.curves.empty()) charts.push_back(std::move(chart));
  };
  for (const Row& row : table()) {
    add(from_row(row, stage));
    if (row.title == "Reward") {
      add(eval_chart(stage));
      add(parts_chart(stage));
      add(mismatch_chart(stage));
    }
    if (row.title == "Throughput") add(time_chart(stage));
  }
  return charts;
}

std::vector<Chart> other_charts(const StageData& stage) {
  std::set<std::string> shown = {"rollout_corr/max_abs_diff", "step_time"};
  for (const auto& lines : {phases(), pauses()}) {
    for (const Line& line : lines) shown.insert(line.metric);
  }
  for (const Row& row : table()) {
    for (const Line& line : row.lines) shown.insert(line.metric);
    shown.insert({row.spread, row.low, row.high});
  }
  std::vector<Chart> charts;
  for (const auto& [name, series] : stage.metrics) {
    if (shown.contains(name) || is_error(name) || is_eval_share(name) || !reward_part(name).empty()) continue;
    charts.push_back({.title = name, .curves = {{.label = name, .data = series, .points = name.starts_with("eval/")}}});
  }
  return charts;
}

}  // namespace hone
