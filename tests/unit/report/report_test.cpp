#include "report/report.h"

#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/rng.h"
#include "base/text.h"
#include "hone/error.h"
#include "report/chart.h"
#include "report/html_text.h"
#include "report/metrics_writer.h"
#include "unit/report/synthetic_run.h"
#include "unit/report/temporary_folder.h"

namespace hone {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

size_t count(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

/// Every element that is opened is closed in order; also that no attribute holds a raw quote or angle bracket.
void expect_well_formed(const std::string& html) {
  std::vector<std::string> open;
  for (size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at)) {
    const size_t end = html.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const std::string tag = html.substr(at + 1, end - at - 1);
    at = end + 1;
    if (tag.starts_with("!") || tag.starts_with("meta") || tag.ends_with("/")) continue;
    if (tag.starts_with("/")) {
      ASSERT_FALSE(open.empty()) << tag;
      ASSERT_EQ(open.back(), tag.substr(1)) << html.substr(at > 200 ? at - 200 : 0, 200);
      open.pop_back();
      continue;
    }
    ASSERT_EQ(tag.find('<'), std::string::npos) << tag;
    open.push_back(tag.substr(0, tag.find(' ')));
    if (open.back() == "style" || open.back() == "script") at = html.find("</" + open.back(), at);
  }
  EXPECT_TRUE(open.empty()) << open.back();
}

TEST(Report, WholeRun) {
  TemporaryFolder run;
  write_synthetic_run(run.path, {});
  const std::filesystem::path path = write_report(run.path);
  EXPECT_EQ(path, run.path / "report.html");
  const std::string html = read_file(path);
  expect_well_formed(html);
  EXPECT_TRUE(is_valid_utf8(html));
  for (const char* part : {"quickstart",
                           "SmolLM2-135M-Instruct",
                           "Held-out accuracy (mean@4, 200 items) rose from",
                           "before",
                           "after cold_start",
                           "after rl",
                           "Reward parts",
                           "Completion length",
                           "KL to the reference",
                           "Entropy",
                           "Gradient norm",
                           "Learning rate",
                           "Throughput",
                           "0 · bit-exact",
                           "on all 60 steps",
                           "Step time",
                           "Memory",
                           "became right",
                           "Recipe, as resolved",
                           "num_prompts_per_step",
                           "Manifest",
                           "sampling/temperature",
                           "Completions of rl, step 60",
                           "not the reference answer"}) {
    EXPECT_THAT(html, HasSubstr(part));
  }
  EXPECT_THAT(html, Not(HasSubstr("before rl"))) << "the same evaluation as after cold_start";
  for (const char* fetch : {"http:", "https:", "src=", "href=", "url(", "@import"})
    EXPECT_THAT(html, Not(HasSubstr(fetch)));
  EXPECT_EQ(render_report(run.path), html) << "the same files give the same page";
  EXPECT_LT(html.size(), 1'000'000u);
}

TEST(Report, HostileCompletionsStayText) {
  TemporaryFolder run;
  write_synthetic_run(run.path, {.rl_steps = 30, .eval_items = 40, .hostile = true});
  const std::string html = render_report(run.path);
  expect_well_formed(html);
  EXPECT_TRUE(is_valid_utf8(html));
  EXPECT_EQ(count(html, "<script"), 1u);
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)"));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, Not(HasSubstr("<svg onload")));
  EXPECT_THAT(html, Not(HasSubstr("\xE2\x80\xAE"))) << "no right-to-left override";
  EXPECT_THAT(html, HasSubstr("[U+202E]evil"));
  EXPECT_THAT(html, HasSubstr("[U+001B][31m"));
  EXPECT_THAT(html, HasSubstr("more characters not shown"));
  EXPECT_THAT(html, HasSubstr("differs from step 9"));
  EXPECT_THAT(html, HasSubstr("values not finite"));
  EXPECT_LT(html.size(), 1'000'000u);
}

TEST(Report, RunsThatAreNotFinished) {
  TemporaryFolder run;
  EXPECT_THROW(write_report(run.path / "missing"), Error);
  std::string html = render_report(run.path);  // an empty folder
  expect_well_formed(html);
  EXPECT_THAT(html, HasSubstr("Nothing has been logged yet"));

  write_synthetic_run(run.path, {.sft_steps = 0, .rl_steps = 0});  // only evaluated
  html = render_report(run.path);
  expect_well_formed(html);
  EXPECT_THAT(html, HasSubstr("mean@4"));
  EXPECT_THAT(html, Not(HasSubstr("nan")));

  TemporaryFolder one;
  MetricsWriter(one.path).log("rl", 1, {{"reward", 0.5}, {"kl", NAN}, {"loss", 0.0}});
  html = render_report(one.path);
  expect_well_formed(html);
  EXPECT_THAT(html, HasSubstr("no finite values"));
  EXPECT_THAT(html, HasSubstr("h0")) << "the lone point is drawn";
  EXPECT_THAT(html, Not(ContainsRegex("[^a-z]nan[^a-z]")));
}

TEST(Report, TornAndStrangeFiles) {
  TemporaryFolder run;
  write_synthetic_run(run.path, {.rl_steps = 10, .eval_items = 5});
  const std::string metrics = read_file(run.path / "metrics.jsonl");
  write_file_atomic(run.path / "metrics.jsonl", metrics + "[]\n{\"stage\":3}\n{\"stage\":\"rl\",\"step\":1e300}\n" +
                                                    std::string(5000, '[') + "\n{\"stage\":\"rl\",\"step\":11,\"rew");
  write_file_atomic(run.path / "manifest.json", "{\"stages\": [1, {\"name\": 2, \"status\": []}");
  write_file_atomic(run.path / "samples" / "rl-000010.jsonl",
                    "3\n{\"prompt\": 5, \"reward\": \"high\", \"parts\": [1], \"completion\": null}\n");
  write_file_atomic(run.path / "samples" / "rl-eval-000010.jsonl",
                    "{\"prompt_id\": {\"a\": 1}, \"greedy\": 7, \"samples\": [1]}\n{\"prompt_id\": 1000, \"greedy\": "
                    "{\"correct\": \"yes\"}}\n");
  std::filesystem::create_directory(run.path / "recipe.resolved.yaml.d");
  const std::string html = render_report(run.path);
  expect_well_formed(html);
  EXPECT_THAT(html, HasSubstr("metrics.jsonl: 5 lines could not be read"));
  EXPECT_THAT(html, HasSubstr("manifest.json: not valid JSON"));
  EXPECT_THAT(html, HasSubstr("samples/rl-000010.jsonl: 1 lines could not be read"));
}

TEST(Report, ThousandsOfStepsStaySmall) {
  TemporaryFolder run;
  std::string lines;
  for (int step = 1; step <= 20000; ++step) {
    lines += fmt::format(
        "{{\"stage\":\"rl\",\"step\":{},\"time\":{},\"reward\":{},\"loss\":{},\"timing_s/gen\":{},\"timing_s/"
        "update\":2}}\n",
        step, 1.7e9 + step, std::sin(step * 0.01), step == 12345 ? 99.5 : 0.5, 1 + step % 3);
  }
  write_file_atomic(run.path / "metrics.jsonl", lines);
  const std::string html = render_report(run.path);
  expect_well_formed(html);
  EXPECT_LT(html.size(), 150'000u);
  EXPECT_THAT(html, HasSubstr("99.5")) << "thinning keeps the one outlier";
}

TEST(Report, ModelTextIsBalancedAndCut) {
  EXPECT_EQ(
      model_text("<think>a</think><answer>4</answer>"),
      "<span class=\"tag\">&lt;think&gt;</span><span class=\"think\">a</span><span class=\"tag\">&lt;/think&gt;</span>"
      "<span class=\"tag\">&lt;answer&gt;</span><span class=\"answer\">4</span><span "
      "class=\"tag\">&lt;/answer&gt;</span>");
  EXPECT_EQ(model_text("<answer>4"), "<span class=\"tag\">&lt;answer&gt;</span><span class=\"answer\">4</span>");
  EXPECT_EQ(model_text("<|im_end|>"), "<span class=\"tag\">&lt;|im_end|&gt;</span>");
  EXPECT_EQ(model_text("<|a\nb|>"), "&lt;|a\nb|&gt;");
  EXPECT_EQ(model_text("日本語", 2), "日本<span class=\"cut\"> … 1 more characters not shown</span>");
  EXPECT_EQ(escape_html("<a b='c'>&\"\xC3"), "&lt;a b=&#39;c&#39;&gt;&amp;&quot;\xEF\xBF\xBD");
  Rng rng(1);
  const std::string pieces[] = {"<think>", "</think>", "<answer>", "</answer>", "<|x|>", "<", "a", "\xE2\x80", "\n"};
  for (int i = 0; i < 500; ++i) {
    std::string text;
    for (int k = 0; k < 12; ++k) text += pieces[rng.integer(0, 8)];
    expect_well_formed(model_text(text, static_cast<size_t>(rng.integer(0, 40))));
  }
}

TEST(Chart, TicksAreRoundCoverTheRangeAndEnd) {
  EXPECT_EQ(nice_ticks(0, 1, 4), (std::vector<double>{0, 0.25, 0.5, 0.75, 1}));
  EXPECT_EQ(nice_ticks(0.13, 0.97, 4), (std::vector<double>{0, 0.25, 0.5, 0.75, 1}));
  EXPECT_EQ(nice_ticks(5, 5, 4), (std::vector<double>{5}));
  Rng rng(2);
  for (int i = 0; i < 2000; ++i) {
    const double low = (rng.uniform() - 0.5) * std::pow(10.0, static_cast<double>(rng.integer(-300, 300)));
    const double high = low + std::abs(low) * std::pow(10.0, -static_cast<double>(rng.integer(0, 18)));
    const std::vector<double> ticks = nice_ticks(low, high, 4);
    ASSERT_FALSE(ticks.empty());
    EXPECT_LE(ticks.size(), 21u);
    const double slack = 1e-9 * std::max(std::abs(low), std::abs(high));
    EXPECT_LE(ticks.front(), low + slack);
    EXPECT_GE(ticks.back(), high > low ? high - slack : low);
  }
  EXPECT_FALSE(nice_ticks(-1.7e308, 1.7e308, 4).empty());
}

TEST(Chart, SmoothingDoesNotLag) {
  Series line;
  for (int i = 0; i < 50; ++i) {
    line.steps.push_back(i);
    line.values.push_back(i == 20 ? NAN : 3.0);
  }
  for (const size_t width : {0, 1, 4, 9, 1000}) {
    const Series flat = smooth(line, width);
    for (int i = 0; i < 50; ++i) {
      const double value = flat.values[static_cast<size_t>(i)];
      EXPECT_TRUE(i == 20 ? std::isnan(value) : std::abs(value - 3) < 1e-12) << i;
    }
  }
  for (int i = 0; i < 50; ++i) line.values[static_cast<size_t>(i)] = 2.0 * i;
  const Series ramp = smooth(line, 9);
  for (int i = 0; i < 50; ++i) {
    const bool inside = i >= 8 && i < 42;  // the two passes reach 4 points each
    EXPECT_NEAR(ramp.values[static_cast<size_t>(i)], 2.0 * i, inside ? 1e-9 : 8.0) << i;
  }
  EXPECT_TRUE(smooth({}, 4).empty());
}

TEST(Chart, Numbers) {
  EXPECT_EQ(format_number(0.8313, NumberFormat::percent), "83.1 %");
  EXPECT_EQ(format_number(1.5e-5, NumberFormat::plain), "1.5e-5");
  EXPECT_EQ(format_number(1e-6, NumberFormat::plain), "1e-6");
  EXPECT_EQ(format_number(1234567, NumberFormat::plain), "1.23 M");
  EXPECT_EQ(format_number(12.345, NumberFormat::seconds), "12.3 s");
  EXPECT_EQ(format_number(NAN, NumberFormat::plain), "n/a");
}

// For looking at the page, and for tools/goldens/report.py --check: HONE_KEEP_REPORTS=DIR leaves some runs there.
TEST(Report, KeepForLooking) {
  const char* folder = std::getenv("HONE_KEEP_REPORTS");
  if (folder == nullptr) GTEST_SKIP() << "HONE_KEEP_REPORTS names no folder to leave reports in";
  const std::pair<const char*, SyntheticRun> runs[] = {{"quickstart", {}},
                                                       {"hostile", {.rl_steps = 30, .eval_items = 40, .hostile = true}},
                                                       {"long", {.rl_steps = 3000, .eval_steps = 250}},
                                                       {"early", {.rl_steps = 3, .eval_steps = 100}}};
  for (const auto& [name, options] : runs) {
    std::filesystem::remove_all(std::filesystem::path(folder) / name);
    write_synthetic_run(std::filesystem::path(folder) / name, options);
    write_report(std::filesystem::path(folder) / name);
  }
  MetricsWriter resumed(std::filesystem::path(folder) / "quickstart");  // TensorBoard must then forget rl's steps 42-60
  resumed.resume("rl", 41);
  resumed.log("rl", 42, {{"reward", 0.9}});
}

}  // namespace
}  // namespace hone
