#include "reward/code/program.h"

#include <array>
#include <cstring>

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "sandbox/io.h"

namespace hone {
namespace {

constexpr const char* kCompiler = "/usr/bin/g++";
constexpr size_t kMaxProgram = 64 << 20;
constexpr RunLimits kCompileLimits = {.cpu_s = 20, .cpu_total_s = 20, .memory_mb = 2048};

/// The last line that says something: of a traceback the exception.
std::string_view last_line(std::string_view text) {
  text = trim(text);
  const size_t end = text.rfind('\n');
  return end == std::string_view::npos ? text : text.substr(end + 1);
}

/// The first line of g++'s messages with an error in it.
std::string first_error(std::string_view text) {
  const size_t error = text.find("error:");
  if (error == std::string_view::npos) return quote_for_message(last_line(text), 200);
  return quote_for_message(text.substr(error, text.find('\n', error) - error), 200);
}

}  // namespace

SandboxClock::duration wall_limit(double cpu_s) {
  return std::chrono::duration_cast<SandboxClock::duration>(std::chrono::duration<double>(2 * cpu_s + 1));
}

std::string fault_of(const RunStatus& status, const RunLimits& limits, std::string_view messages) {
  if (status.signal == SIGPROF || status.signal == SIGXCPU) return fmt::format("ran longer than {} s", limits.cpu_s);
  if (status.signal != 0) return fmt::format("killed by signal {} ({})", status.signal, strsignal(status.signal));
  if (status.code == 0) return "";
  const std::string_view said = last_line(messages);
  return fmt::format("exited with status {}{}", status.code, said.empty() ? "" : ": " + quote_for_message(said, 200));
}

Program::Program(Sandbox& sandbox, Language language, std::string code) : language_(language), code_(std::move(code)) {
  if (language_ == Language::python) return;
  HONE_CHECK(access(kCompiler, X_OK) == 0, ErrorKind::data, "{} is missing, so programs in C++ cannot be run",
             kCompiler);
  FdPair channel = socket_pair(SOCK_STREAM);
  const UniqueFd messages = memory_file("messages");
  UniqueFd stderr_end(dup(messages.get()));
  const SandboxRun run(sandbox, "compile", kCompileLimits, {{"channel", &channel.run}, {"stderr", &stderr_end}},
                       {{"flags", {"-O2", "-std=c++20", "-w", "-fmax-errors=3"}}});
  const auto deadline = SandboxClock::now() + wall_limit(kCompileLimits.cpu_s);
  if (!send_frame(channel.host.get(), code_, deadline)) throw SandboxFailure("the compiler's process takes no code");
  const Frame program = receive_frame(channel.host.get(), deadline, kMaxProgram);
  if (program.failure == ReadEnd::deadline) {
    fault_ = "compiling takes too long";
  } else if (program.bytes.empty()) {
    fault_ = "does not compile: " + first_error(read_memory_file(messages));
  } else {
    binary_ = sealed_file("program", program.bytes);
  }
}

ProgramRun Program::run(Sandbox& sandbox, std::string_view input, const RunLimits& limits, size_t max_output,
                        SandboxClock::time_point deadline) const {
  const bool python = language_ == Language::python;
  FdPair channel = socket_pair(SOCK_STREAM), out = output_pipe(), err = output_pipe();
  UniqueFd in = sealed_file("input", input);
  UniqueFd binary(python ? -1 : dup(binary_.get()));
  deadline = std::min(deadline, SandboxClock::now() + wall_limit(limits.cpu_s));
  std::vector<std::pair<std::string, UniqueFd*>> fds = {{"stdin", &in}, {"stdout", &out.run}, {"stderr", &err.run}};
  fds.emplace_back(python ? "channel" : "binary", python ? &channel.run : &binary);
  SandboxRun run(sandbox, python ? "program" : "exec", limits, std::move(fds));
  ProgramRun result;
  std::string messages;
  const bool sent = !python || send_frame(channel.host.get(), code_, deadline);
  const ReadEnd end = read_output(out.host.get(), err.host.get(), deadline, max_output, result.output, messages);
  const auto status = end == ReadEnd::end ? run.wait(deadline) : std::nullopt;
  if (end == ReadEnd::too_much) {
    result.fault = fmt::format("wrote more than {} kB", max_output >> 10);
  } else if (!status) {
    result.timed_out = true;
    result.fault = fmt::format("ran longer than {} s", limits.cpu_s);
  } else {
    result.timed_out = status->signal == SIGPROF || status->signal == SIGXCPU;
    result.fault = sent ? fault_of(*status, limits, messages) : "ended before it started";
  }
  return result;
}

}  // namespace hone
