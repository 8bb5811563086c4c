// code: the completion's program or function passes the record's tests. It runs in a sandbox (src/sandbox); what it
// should produce is compared on this side. reward/code/runner.h has the parts.
#include <memory>

#include "base/check.h"
#include "base/text.h"
#include "hone/options.h"
#include "reward/code/fenced.h"
#include "reward/code/runner.h"
#include "reward/rewards.h"
#include "sandbox/layers.h"
#include "sandbox/pool.h"

namespace hone {
namespace {

constexpr size_t kMaxCode = 1 << 20;  // bytes of a completion's code

struct CodeOptions {
  std::string language = "python";
  double time_limit_s = 4;
  double total_time_limit_s = 25;
  int64_t memory_limit_mb = 512;
  int64_t max_output_kb = 1024;
  bool partial_credit = false;
  std::string output = "lines";
  double tolerance = 1e-6;
  std::string bwrap = SandboxOptions{}.bwrap;
  std::string python = SandboxOptions{}.python;
  bool allow_weak_sandbox = false;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("language", c.language, "of records that do not say it", one_of({"python", "cpp"}));
    v("time_limit_s", c.time_limit_s, "CPU time of one test; wall clock is 1 s plus twice that", above(0));
    v("total_time_limit_s", c.total_time_limit_s, "wall clock of all tests of a completion", above(0));
    v("memory_limit_mb", c.memory_limit_mb, "address space of a process", at_least(64));
    v("max_output_kb", c.max_output_kb, "a program may print", at_least(1));
    v("partial_credit", c.partial_credit, "the reward is the share of tests passed");
    v("output", c.output, "how printed output is compared", one_of({"lines", "tokens", "exact"}));
    v("tolerance", c.tolerance, "of floating point numbers that a function returns", at_least(0));
    v("bwrap", c.bwrap, "path of bubblewrap");
    v("python", c.python, "path of the interpreter, under /usr");
    v("allow_weak_sandbox", c.allow_weak_sandbox, "run even where layers of the sandbox are missing");
  }
};

struct CodeReward {
  CodeTask defaults;
  RunOptions run;
  SandboxPool sandboxes;

  CodeReward(const CodeOptions& options, SandboxOptions sandbox) : sandboxes(std::move(sandbox)) {
    defaults.language = language_from_name(options.language);
    defaults.time_limit_s = options.time_limit_s;
    defaults.memory_limit_mb = options.memory_limit_mb;
    run.output = output_rule_from_name(options.output);
    run.tolerance = options.tolerance;
    run.max_output_kb = options.max_output_kb;
    run.total_time_limit_s = options.total_time_limit_s;
    run.all_tests = options.partial_credit;
  }
};

Verdict judge(const TestCount& counts, bool partial_credit) {
  const auto share = static_cast<float>(counts.passed) / static_cast<float>(counts.total);
  Verdict verdict = counts.passed == counts.total ? correct(fmt::format("passed {} tests", counts.total))
                                                  : wrong(counts.why.empty() ? "not every test ran" : counts.why);
  if (partial_credit) {
    verdict.reward = share;
    verdict.why =
        fmt::format("passed {} of {}", counts.passed, counts.total) + (counts.why.empty() ? "" : "; " + counts.why);
  }
  return verdict;
}

Verdict score(const ScoreInput& in, CodeReward& reward) {
  try {
    const CodeTask task = read_code_task(in.fields, reward.defaults);
    const std::string_view code = extract_code(in.completion, in.finish);
    if (trim(code).empty()) return wrong("no code found");
    if (code.size() > kMaxCode) return wrong("the code is longer than 1 MB");
    const TestCount counts =
        reward.sandboxes.with([&](Sandbox& sandbox) { return run_tests(sandbox, task, code, reward.run); });
    return judge(counts, reward.run.all_tests);
  } catch (const Error& e) {  // of the record
    return unscorable(e.what());
  } catch (const SandboxFailure& e) {
    return unscorable("the sandbox failed: " + quote_for_message(e.what(), 200));
  }
}

}  // namespace

RewardFunction make_code(const nlohmann::json& json) {
  const auto options = read_options<CodeOptions>(json, "reward 'code'");
  SandboxOptions sandbox = code_sandbox();
  sandbox.bwrap = options.bwrap;
  sandbox.python = options.python;
  sandbox.allow_weak = options.allow_weak_sandbox;
  const SandboxReport report = probe_sandbox(sandbox);
  HONE_CHECK(report.problem.empty() && (report.strong() || options.allow_weak_sandbox), ErrorKind::recipe,
             "reward 'code': no safe sandbox on this machine, missing: {}{}", report.missing(),
             options.allow_weak_sandbox ? "" : "; allow_weak_sandbox: true runs the code without them");
  return [reward = std::make_shared<CodeReward>(options, std::move(sandbox))](const ScoreInput& in) {
    return score(in, *reward);
  };
}

}  // namespace hone
