#include "report/report.h"

#include <fmt/format.h>
#include <xxhash.h>

#include "base/files.h"
#include "base/text.h"
#include "report/chart_table.h"
#include "report/html_text.h"
#include "report/page.h"
#include "report/run_data.h"
#include "report/terminal_text.h"

namespace hone {
namespace {

std::string stage_html(const StageData& stage) {
  std::string about = fmt::format("{} step{}", stage.last_step, stage.last_step == 1 ? "" : "s");
  if (stage.seconds > 0) about += " · " + short_duration(stage.seconds);
  if (!stage.status.empty()) about += " · " + stage.status;
  std::string charts, others;
  if (stage.last_step > 0) {
    for (const Chart& chart : stage_charts(stage)) charts += chart_html(chart);
    for (const Chart& chart : other_charts(stage)) others += chart_html(chart);
  }
  if (charts.empty() && others.empty()) return "";
  std::string html = fmt::format("<section><h2>{} <small>{}</small></h2>\n<div class=\"charts\">{}</div>\n",
                                 escape_html(stage.name), escape_html(about), charts);
  if (!others.empty())
    html += fmt::format("<details><summary>Other metrics</summary><div class=\"charts\">{}</div></details>\n", others);
  return html + "</section>\n";
}

std::string file_html(std::string_view title, const std::string& text) {
  if (text.empty()) return "";
  return fmt::format("<details><summary>{}</summary><pre class=\"file\">{}</pre></details>\n", title,
                     escape_html(text));
}

}  // namespace

std::string render_report(const std::filesystem::path& run_dir) {
  const RunData run = read_run(run_dir);
  std::string body = header_html(run) + improvement_html(run) + answers_html(run);
  for (const StageData& stage : run.stages) body += stage_html(stage);
  const std::string files =
      training_samples_html(run) + file_html("Recipe, as resolved", run.recipe) + file_html("Manifest", run.manifest);
  if (!files.empty()) body += "<section><h2>Details</h2>" + files + "</section>\n";

  // Escaping is what keeps model output from becoming markup. The policy is the second lock: nothing is fetched, and
  // only the script with the nonce runs, which depends on the whole page and so cannot be known to what is written on
  // it.
  const XXH128_hash_t hash = XXH3_128bits(body.data(), body.size());
  const std::string nonce = fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'nonce-{0}'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" "
      "content=\"light dark\">\n"
      "<title>{1} · hone</title>\n<style>{2}</style></head>\n<body><main>\n{3}"
      "<footer>Written by hone. Metric names are explained in docs/metrics.md.</footer></main>\n"
      "<script nonce=\"{0}\">{4}</script></body></html>\n",
      nonce, escape_html(run.name), kPageStyle, body, kPageScript);
}

std::filesystem::path write_report(const std::filesystem::path& run_dir) {
  const std::filesystem::path path = run_dir / "report.html";
  write_file_atomic(path, render_report(run_dir));
  return path;
}

}  // namespace hone
