#include "reward/code/runner.h"

#include <algorithm>
#include <array>
#include <random>

#include <sys/socket.h>

#include "base/check.h"
#include "base/jsonl.h"
#include "base/text.h"
#include "reward/code/program.h"
#include "reward/code/python_source.h"
#include "sandbox/io.h"

namespace hone {
namespace {

using nlohmann::json;

constexpr size_t kMaxReport = 1 << 16;     // of the tester about one test
constexpr size_t kMaxReturned = 16 << 20;  // by a function

/// Everything one completion's tests share.
struct Context {
  Sandbox& sandbox;
  const CodeTask& task;
  const RunOptions& options;
  RunLimits limits;
  SandboxClock::time_point end;  // of all of it

  SandboxClock::time_point test_deadline() const {
    return std::min(end, SandboxClock::now() + wall_limit(task.time_limit_s));
  }
  std::string too_slow() const { return fmt::format("ran longer than {} s", limits.cpu_s); }
};

/// Counts a test; false if none is to follow.
bool count(TestCount& counts, const Context& context, size_t test, bool passed, const std::string& why) {
  counts.passed += passed;
  if (!passed && counts.why.empty()) counts.why = fmt::format("test {} of {}: {}", test + 1, counts.total, why);
  return passed || context.options.all_tests;
}

TestCount run(Context& context, const StdinTests& tests, const std::string& code) {
  TestCount counts{0, std::ssize(tests.cases), ""};
  const Program program(context.sandbox, context.task.language, code);
  if (!program.fault().empty()) {
    counts.why = program.fault();
    return counts;
  }
  for (size_t i = 0; i < tests.cases.size(); ++i) {
    const auto& [input, expected] = tests.cases[i];
    const ProgramRun run = program.run(context.sandbox, input, context.limits,
                                       static_cast<size_t>(context.options.max_output_kb) << 10, context.end);
    std::string why = run.fault;
    if (why.empty() && !same_output(run.output, expected, context.options.output)) {
      why =
          "printed " + quote_for_message(trim(run.output), 60) + ", expected " + quote_for_message(trim(expected), 60);
    }
    if (!count(counts, context, i, why.empty(), why) || run.timed_out) break;
  }
  return counts;
}

/// The process of the tested code: it answers calls on `channel` once it has loaded the code.
struct CandidateRun {
  FdPair channel = socket_pair(SOCK_STREAM);
  SandboxRun run;

  CandidateRun(const Context& context, const std::string& code)
      : run(context.sandbox, "candidate", context.limits, {{"channel", &channel.run}}) {
    send_frame(channel.host.get(), code, context.test_deadline());  // a process that is gone shows at the next read
  }

  /// Why it does not answer any more.
  std::string fault(const Context& context, ReadEnd end) {
    if (end == ReadEnd::too_much) return fmt::format("returned more than {} MB", kMaxReturned >> 20);
    const auto status = end == ReadEnd::end ? run.wait(context.test_deadline()) : std::nullopt;
    if (!status) return context.too_slow();
    const std::string fault = fault_of(*status, context.limits, "");
    return fault.empty() ? "ended its process" : fault;
  }
};

/// The message in a frame; null if it is none.
json parse_message(const std::string& bytes) {
  try {
    return parse_json(bytes, "message");
  } catch (const Error&) {
    return nullptr;
  }
}

std::string text_of(const json& message, const char* name) {
  const auto found = message.is_object() ? message.find(name) : message.end();
  return message.is_object() && found != message.end() && found->is_string() ? found->get<std::string>() : "";
}

TestCount run(Context& context, const CallTests& tests, const std::string& code) {
  TestCount counts{0, std::ssize(tests.cases), ""};
  CandidateRun candidate(context, code);
  const int channel = candidate.channel.host.get();
  const Frame loaded = receive_frame(channel, context.test_deadline(), kMaxReport);
  if (loaded.failure || !parse_message(loaded.bytes).contains("loaded")) {
    counts.why = loaded.failure ? candidate.fault(context, *loaded.failure)
                                : quote_for_message(text_of(parse_message(loaded.bytes), "failed"), 200);
    return counts;
  }
  for (size_t i = 0; i < tests.cases.size(); ++i) {
    const auto& [args, expected] = tests.cases[i];
    json request = {{"op", "call"}, {"name", tests.entry_point}, {"args", json::array()}};
    if (args.is_array()) {
      request["args"] = encode_value(args);
    } else {
      for (const auto& [name, value] : args.items()) request["kwargs"][name] = encode_value(value);
    }
    const auto deadline = context.test_deadline();
    send_frame(channel, dump_json(request), deadline);
    const Frame frame = receive_frame(channel, deadline, kMaxReturned);
    std::string why;
    if (frame.failure) {
      why = candidate.fault(context, *frame.failure);
    } else if (const json reply = parse_message(frame.bytes); !reply.is_object() || !reply.contains("value")) {
      const std::string raised = text_of(reply, "text");
      why = raised.empty() ? "returned something that is not plain data" : "raised " + quote_for_message(raised, 200);
    } else if (!same_value(reply["value"], expected, context.options.tolerance)) {
      why = "returned " + quote_for_message(dump_json(reply["value"]), 60) + ", expected " +
            quote_for_message(dump_json(expected), 60);
    }
    if (!count(counts, context, i, why.empty(), why) || frame.failure) break;
  }
  return counts;
}

std::string make_nonce() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

TestCount run(Context& context, const AssertTests& tests, const std::string& code) {
  TestCount counts{0, tests.code.empty() ? std::ssize(tests.asserts) : 1, ""};
  CandidateRun candidate(context, code);
  FdPair channel = socket_pair(SOCK_STREAM);
  RunLimits limits = context.limits;
  limits.cpu_s = limits.cpu_total_s;
  SandboxRun tester(context.sandbox, "tester", limits, {{"channel", &channel.run}, {"peer", &candidate.channel.host}});
  const std::string nonce = make_nonce();
  const json job = {{"nonce", nonce},
                    {"code", tests.code},
                    {"asserts", tests.asserts},
                    {"setup", tests.setup},
                    {"entry_point", tests.entry_point},
                    {"prefix", context.task.prefix}};
  send_frame(channel.host.get(), dump_json(job), context.test_deadline());
  for (int64_t reported = 0; reported < counts.total;) {
    const Frame frame = receive_frame(channel.host.get(), context.test_deadline(), kMaxReport);
    if (frame.failure) {
      // A tester that dies was overwhelmed by what the code returned: throws only if the sandbox itself is gone.
      const bool died = frame.failure == ReadEnd::end && tester.wait(context.test_deadline());
      const std::string why = died ? "returned what the tests could not take" : context.too_slow();
      count(counts, context, static_cast<size_t>(reported), false, why);
      break;
    }
    const json report = parse_message(frame.bytes);
    if (text_of(report, "nonce") != nonce) throw SandboxFailure("the process of the tests sent a false report");
    HONE_CHECK(!report.contains("unscorable"), ErrorKind::data, "{}", text_of(report, "unscorable"));
    if (report.contains("failed")) {
      counts.why = quote_for_message(text_of(report, "failed"), 200);
      break;
    }
    if (!report.contains("test")) break;  // done early: the tested code is gone
    const bool passed = report.value("passed", false);
    if (!count(counts, context, static_cast<size_t>(reported++), passed,
               quote_for_message(text_of(report, "why"), 200))) {
      break;
    }
  }
  return counts;
}

}  // namespace

SandboxOptions code_sandbox() { return {.roles = kCodeRoles}; }

TestCount run_tests(Sandbox& sandbox, const CodeTask& task, std::string_view code, const RunOptions& options) {
  const auto total = std::chrono::duration<double>(options.total_time_limit_s);
  Context context{sandbox, task, options, {}, SandboxClock::now() + std::chrono::ceil<SandboxClock::duration>(total)};
  context.limits.cpu_s = task.time_limit_s;
  context.limits.cpu_total_s = options.total_time_limit_s;
  context.limits.memory_mb = task.memory_limit_mb;
  if (task.language == Language::cpp) context.limits.stack_mb = 64;
  std::string source = task.prefix;
  source += code;
  return std::visit([&](const auto& tests) { return run(context, tests, source); }, task.tests);
}

}  // namespace hone
