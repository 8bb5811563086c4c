#include "sandbox/sandbox.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "sandbox/io.h"
#include "sandbox/python_source.h"
#include "sandbox/seccomp.h"

namespace hone {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kSetpriv = "/usr/bin/setpriv";
constexpr auto kStartTime = std::chrono::seconds(20);  // until the zygote is ready, on a busy machine
constexpr int kStopMilliseconds = 5000;
constexpr auto kAnswerTime = std::chrono::seconds(20);  // of the zygote, which only ever forks and kills

/// bubblewrap's arguments: what the sandbox sees of the system, and the environment.
std::vector<std::string> bwrap_arguments(const SandboxOptions& options) {
  std::vector<std::string> args = {options.bwrap};
  const auto add = [&](std::initializer_list<std::string> more) { args.insert(args.end(), more); };
  add({"--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"});
  add({"--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--new-session", "--clearenv"});
  // For the zygote, within its own user namespace: it makes the namespaces of the runs. Runs have no capabilities.
  add({"--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"});
  for (const char* part : {"bin", "lib", "lib32", "lib64", "libexec", "include", "share/zoneinfo"}) {
    const std::string path = std::string("/usr/") + part;
    if (fs::is_symlink(path))
      add({"--symlink", fs::read_symlink(path).string(), path});
    else if (fs::exists(path))
      add({"--ro-bind", path, path});
  }
  if (options.python.starts_with("/usr/local/")) add({"--ro-bind", "/usr/local", "/usr/local"});
  for (const char* part : {"bin", "lib", "lib32", "lib64"}) {
    const std::string path = std::string("/") + part;
    if (fs::is_symlink(path))
      add({"--symlink", fs::read_symlink(path).string(), path});
    else if (fs::exists(path))
      add({"--ro-bind", path, path});
  }
  add({"--dir", "/dev", "--dir", "/tmp", "--symlink", "/tmp", "/dev/shm"});
  for (const char* device : {"null", "zero", "full", "random", "urandom"}) {
    const std::string path = std::string("/dev/") + device;
    add({"--dev-bind", path, path});
  }
  add({"--remount-ro", "/", "--chdir", "/"});
  return args;
}

const std::vector<std::string>& environment() {
  static const std::vector<std::string> variables = {
      "PATH=/usr/bin:/bin", "HOME=/tmp", "TMPDIR=/tmp", "LANG=C.UTF-8",
      "PYTHONHASHSEED=0",    // sets iterate in the same order in every run
      "MALLOC_ARENA_MAX=1",  // an arena a thread would eat up the limit on address space
  };
  return variables;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& text : strings) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

/// Starts a program with `control` as 3 and `filter` as 4, its messages going to `messages`, and no other descriptor
/// of this process. Returns 0 or an error number.
int spawn(const std::vector<std::string>& args, const UniqueFd& control, const UniqueFd& filter,
          const UniqueFd& messages, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, messages.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, messages.get(), 2);
  posix_spawn_file_actions_adddup2(&actions, control.get(), 3);
  posix_spawn_file_actions_adddup2(&actions, filter.get(), 4);
  posix_spawn_file_actions_addclosefrom_np(&actions, 5);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A session of its own: Ctrl-C at the host's terminal must not reach it. The host's signal settings stay behind.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  const int error =
      posix_spawn(&pid, args[0].c_str(), &actions, &attributes, pointers(args).data(), pointers(environment()).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

std::vector<std::string> command(const SandboxOptions& options, Sandbox::Mode mode) {
  std::vector<std::string> args;
  if (geteuid() == 0 && mode != Sandbox::Mode::as_root) {
    args = {kSetpriv, "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--"};
  }
  if (mode != Sandbox::Mode::bare) {
    for (std::string& arg : bwrap_arguments(options)) args.push_back(std::move(arg));
    for (const std::string& variable : environment()) {
      const size_t equals = variable.find('=');
      args.insert(args.end(), {"--setenv", variable.substr(0, equals), variable.substr(equals + 1)});
    }
    args.push_back("--");
  }
  args.insert(args.end(), {options.python, "-s", "-S", "-B", "-c"});
  args.push_back(std::string(kZygoteSource) + options.roles + "\nzygote()\n");
  return args;
}

const std::string& filter_program() {
  static const std::string program = seccomp_program();
  return program;
}

const char* mode_name(Sandbox::Mode mode) {
  if (mode == Sandbox::Mode::full) return "bubblewrap";
  return mode == Sandbox::Mode::as_root ? "bubblewrap as root" : "without bubblewrap";
}

}  // namespace

Sandbox::Sandbox(const SandboxOptions& options) {
  if (launch(options, Mode::full)) return;
  if (options.allow_weak) {
    if (geteuid() == 0 && launch(options, Mode::as_root)) return;
    if (launch(options, Mode::bare)) return;
  }
  throw SandboxFailure(problems_);
}

Sandbox::~Sandbox() { stop(); }

bool Sandbox::launch(const SandboxOptions& options, Mode mode) {
  mode_ = mode;
  FdPair control = socket_pair(SOCK_SEQPACKET);
  const UniqueFd messages = memory_file("messages");
  const auto args = command(options, mode);
  std::string problem;
  if (mode != Mode::bare && access(options.bwrap.c_str(), X_OK) != 0) {
    problem = options.bwrap + " is missing (Debian: apt install bubblewrap)";
  } else if (const int error = spawn(args, control.run, sealed_file("seccomp", filter_program()), messages, pid_)) {
    problem = args[0] + ": " + std::strerror(error);
    pid_ = -1;
  } else {
    control_ = std::move(control.host);
    control.run.reset();
    const auto ready = receive_packet(control_.get(), SandboxClock::now() + kStartTime);
    facts_ = json::parse(ready.value_or(""), nullptr, /*allow_exceptions=*/false);
    usable_ = facts_.is_object();
    if (usable_) return true;
    const std::string said = read_memory_file(messages);
    problem = said.empty() ? "it does not start" : quote_for_message(trim(said), 300);
    stop();
  }
  problems_ += (problems_.empty() ? "" : "; ") + std::string(mode_name(mode)) + ": " + problem;
  return false;
}

void Sandbox::stop() {
  usable_ = false;
  control_.reset();  // the zygote exits, and its process 1 with it
  if (pid_ < 0) return;
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  pollfd ended = {process.get(), POLLIN, 0};
  if (!process || poll(&ended, 1, kStopMilliseconds) <= 0) kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

json Sandbox::ask(const json& request, const std::vector<int>& fds) {
  std::optional<std::string> answer;
  if (usable_ && send_packet(control_.get(), request.dump(), fds)) {
    answer = receive_packet(control_.get(), SandboxClock::now() + kAnswerTime);
  }
  json parsed = json::parse(answer.value_or(""), nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object() || parsed.contains("error")) {
    usable_ = false;
    throw SandboxFailure(parsed.is_object() ? parsed["error"].get<std::string>() : "the sandbox does not answer");
  }
  return parsed;
}

SandboxRun::SandboxRun(Sandbox& sandbox, const std::string& role, const RunLimits& limits,
                       std::vector<std::pair<std::string, UniqueFd*>> fds, const json& extra)
    : sandbox_(sandbox), status_(output_pipe()) {
  json request = {{"op", "start"},
                  {"role", role},
                  {"isolated", sandbox.mode() != Sandbox::Mode::bare},
                  {"cpu_s", limits.cpu_s},
                  {"cpu_total_s", limits.cpu_total_s},
                  {"memory_mb", limits.memory_mb},
                  {"tmp_mb", limits.tmp_mb},
                  {"stack_mb", limits.stack_mb}};
  if (extra.is_object()) request.update(extra);
  fds.emplace_back("status", &status_.run);
  std::vector<int> numbers;
  for (const auto& [name, fd] : fds) {
    request["fds"].push_back(name);
    numbers.push_back(fd->get());
  }
  pid_ = sandbox.ask(request, numbers).at("pid").get<int64_t>();
  for (const auto& [name, fd] : fds) fd->reset();
}

SandboxRun::~SandboxRun() {
  try {
    sandbox_.ask({{"op", "kill"}, {"pid", pid_}}, {});
  } catch (const std::exception&) {  // the sandbox is marked as unusable; whoever owns it stops all of it
  }
}

std::optional<RunStatus> SandboxRun::wait(SandboxClock::time_point deadline) {
  std::string text;
  const ReadEnd end = read_until_end(status_.host.get(), deadline, 4096, text);
  if (end == ReadEnd::deadline) return std::nullopt;
  const json status = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!status.is_object()) throw SandboxFailure("a run could not be prepared");
  return RunStatus{status.at("signal"), status.at("code"), status.at("cpu_s"), status.at("peak_mb")};
}

}  // namespace hone
