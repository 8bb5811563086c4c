// Top of the page: what was run, and what it changed on held-out items.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "report/chart.h"
#include "report/html_text.h"
#include "report/page.h"
#include "report/terminal_text.h"

namespace hone {
namespace {

double value_of(const Milestone& milestone, const std::string& metric) {
  const auto found = milestone.eval.find(metric);
  return found == milestone.eval.end() ? NAN : found->second;
}

double error_of(const Milestone& milestone, const std::string& metric) {
  return value_of(milestone, metric + "_stderr");
}

/// First and last milestone that have the metric; null where fewer than two do.
std::pair<const Milestone*, const Milestone*> ends(const RunData& run, const std::string& metric) {
  const Milestone *first = nullptr, *last = nullptr;
  for (const Milestone& milestone : run.milestones) {
    if (std::isnan(value_of(milestone, metric))) continue;
    if (first == nullptr) first = &milestone;
    last = &milestone;
  }
  return first == last ? std::pair<const Milestone*, const Milestone*>{} : std::pair{first, last};
}

std::string delta_html(const RunData& run, const std::string& metric) {
  const auto [first, last] = ends(run, metric);
  if (first == nullptr) return "";
  const double delta = 100 * (value_of(*last, metric) - value_of(*first, metric));
  const double error = 100 * std::hypot(error_of(*last, metric), error_of(*first, metric));
  const char* direction = std::abs(delta) < 0.05 ? "same" : delta > 0 ? "up" : "down";
  const std::string spread = std::isnan(error) ? "" : fmt::format(" <small>± {:.1f}</small>", error);
  return fmt::format("<span class=\"delta {}\">{}{:.1f}{} points</span>", direction, delta < -0.05 ? "−" : "+",
                     std::abs(delta), spread);
}

std::string percent_with_error(double value, double error) {
  if (std::isnan(value)) return "–";
  if (std::isnan(error)) return fmt::format("{:.1f} %", 100 * value);
  return fmt::format("{:.1f} % <small>± {:.1f}</small>", 100 * value, 100 * error);
}

std::string bars_html(const RunData& run, const EvalMetric& metric) {
  std::string html = fmt::format("<div class=\"card metric\"><h3>{}{}</h3><ol>", escape_html(metric.label),
                                 delta_html(run, metric.name));
  for (const Milestone& milestone : run.milestones) {
    const double value = value_of(milestone, metric.name), error = error_of(milestone, metric.name);
    if (std::isnan(value)) continue;
    const double width = std::clamp(100 * value, 0.0, 100.0);
    std::string whisker;
    if (!std::isnan(error)) {
      const double low = std::clamp(100 * (value - error), 0.0, 100.0),
                   high = std::clamp(100 * (value + error), 0.0, 100.0);
      whisker = fmt::format("<i style=\"left:{:.2f}%;width:{:.2f}%\"></i>", low, high - low);
    }
    html += fmt::format(
        "<li{}><span class=\"name\">{}</span><span class=\"value\">{}</span><span class=\"track\"><b "
        "style=\"width:{:.2f}%\"></b>{}</span></li>",
        &milestone == &run.milestones.back() ? " class=\"final\"" : "", escape_html(milestone.label),
        percent_with_error(value, error), width, whisker);
  }
  return html + "</ol></div>";
}

std::string table_html(const RunData& run, const std::vector<EvalMetric>& metrics) {
  std::string html = "<div class=\"scroll\"><table><thead><tr><th>model</th>";
  for (const EvalMetric& metric : metrics) html += fmt::format("<th>{}</th>", escape_html(metric.label));
  html += "<th>mean length</th><th>items</th></tr></thead><tbody>";
  for (const Milestone& milestone : run.milestones) {
    html += fmt::format("<tr><th>{}</th>", escape_html(milestone.label));
    for (const EvalMetric& metric : metrics) {
      html += fmt::format("<td>{}</td>",
                          percent_with_error(value_of(milestone, metric.name), error_of(milestone, metric.name)));
    }
    const double length = value_of(milestone, "eval/mean_length"), items = value_of(milestone, "eval/num_items");
    html += fmt::format("<td>{}</td><td>{}</td></tr>", std::isnan(length) ? "–" : fmt::format("{:.1f}", length),
                        std::isnan(items) ? "–" : fmt::format("{:.0f}", items));
  }
  return html + "</tbody></table></div>";
}

/// "Held-out accuracy (mean@4, 200 items) rose from 3.1 % to 61.2 %."
std::string sentence_html(const RunData& run) {
  for (const EvalMetric& metric : eval_metrics(run)) {
    const auto [first, last] = ends(run, metric.name);
    if (first == nullptr) continue;
    const double from = value_of(*first, metric.name), to = value_of(*last, metric.name);
    const double items = value_of(*last, "eval/num_items");
    const std::string on = std::isnan(items) ? "" : fmt::format(", {:.0f} items", items);
    const char* verb = std::abs(to - from) < 5e-4 ? "stayed the same, from" : to > from ? "rose from" : "fell from";
    const char* what = metric.label == "format" ? "share of well-formed answers" : "accuracy";
    return fmt::format("Held-out {} ({}{}) {} {:.1f} % to <strong>{:.1f} %</strong>.", what, escape_html(metric.label),
                       on, verb, 100 * from, 100 * to);
  }
  return run.stages.empty() ? "Nothing has been logged yet." : "No evaluation before and after to compare yet.";
}

/// The sum over stages of each stage's last value, e.g. of tokens; NaN where no stage has it.
double total_of(const RunData& run, const std::string& metric) {
  double total = NAN;
  for (const StageData& stage : run.stages) {
    const Series* series = stage.find(metric);
    if (series != nullptr && !std::isnan(series->values.back()))
      total = (std::isnan(total) ? 0 : total) + series->values.back();
  }
  return total;
}

double largest_of(const RunData& run, const std::string& metric) {
  double largest = NAN;
  for (const StageData& stage : run.stages) {
    const Series* series = stage.find(metric);
    if (series == nullptr) continue;
    for (const double value : series->values) largest = std::fmax(largest, value);
  }
  return largest;
}

std::string fact(std::string_view name, const std::string& value, std::string_view note = "") {
  return fmt::format("<div><dt>{}</dt><dd>{}{}</dd></div>", name, escape_html(value),
                     note.empty() ? "" : fmt::format(" <small>{}</small>", note));
}

/// How training agreed with the engine over all steps that compared them.
std::string exactness_fact(const RunData& run) {
  size_t steps = 0, differing = 0;
  for (const StageData& stage : run.stages) {
    const Series* series = stage.find("rollout_corr/max_abs_diff");
    if (series == nullptr) continue;
    steps += series->values.size();
    differing += static_cast<size_t>(
        std::count_if(series->values.begin(), series->values.end(), [](double v) { return v != 0; }));
  }
  if (steps == 0) return "";
  if (differing == 0) return fact("Rollout vs training", "bit-exact", fmt::format("on all {} steps", steps));
  return fact("Rollout vs training", fmt::format("{} of {} steps differ", differing, steps));
}

std::string start_date(double unix_seconds) {
  if (!(unix_seconds > 0) || unix_seconds > 4e9) return "";
  return fmt::format("{:%d %B %Y, %H:%M} UTC", fmt::gmtime(static_cast<std::time_t>(unix_seconds)));
}

}  // namespace

std::vector<EvalMetric> eval_metrics(const RunData& run) {
  std::set<std::string> names;
  for (const Milestone& milestone : run.milestones) {
    for (const auto& [name, value] : milestone.eval) names.insert(name);
  }
  std::vector<EvalMetric> metrics;
  for (const std::string start : {"eval/mean@", "eval/greedy", "eval/pass@", "eval/format"}) {
    for (const std::string& name : names) {
      if (name.starts_with(start) && !name.ends_with("_stderr")) metrics.push_back({name, name.substr(5)});
    }
  }
  return metrics;
}

std::string header_html(const RunData& run) {
  int64_t steps = 0;
  std::string stages;
  for (const StageData& stage : run.stages) {
    steps += stage.last_step;
    stages += (stages.empty() ? "" : " → ") + stage.name;
  }
  std::string html =
      fmt::format("<header><p class=\"eyebrow\">{}</p><h1>{}</h1><p class=\"lede\">{}</p><dl class=\"facts\">",
                  run.model.empty() ? "hone run" : escape_html(run.model), escape_html(run.name), sentence_html(run));
  if (!stages.empty()) html += fact("Stages", stages);
  if (steps > 0) html += fact("Steps", fmt::format("{}", steps));
  if (run.seconds > 0) html += fact("Time", short_duration(run.seconds));
  if (const double tokens = total_of(run, "num_tokens"); !std::isnan(tokens))
    html += fact("Tokens", format_number(tokens, NumberFormat::plain));
  if (const double memory = largest_of(run, "perf/peak_rss_gb"); !std::isnan(memory))
    html += fact("Peak memory", fmt::format("{:.1f} GB", memory));
  html += exactness_fact(run);
  if (const std::string date = start_date(run.start_time); !date.empty()) html += fact("Started", date);
  html += "</dl>";
  for (const std::string& problem : run.problems) html += fmt::format("<p class=\"warn\">{}</p>", escape_html(problem));
  return html + "</header>\n";
}

std::string improvement_html(const RunData& run) {
  const std::vector<EvalMetric> metrics = eval_metrics(run);
  if (metrics.empty()) return "";
  std::string html = "<section><h2>What changed on held-out items</h2><div class=\"metrics\">";
  for (const EvalMetric& metric : metrics) html += bars_html(run, metric);
  return html + "</div>" + table_html(run, metrics) + "</section>\n";
}

}  // namespace hone
