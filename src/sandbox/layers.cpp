#include "sandbox/layers.h"

#include <algorithm>

#include <sys/socket.h>

#include "base/text.h"
#include "sandbox/io.h"

namespace hone {
namespace {

using nlohmann::json;

constexpr auto kProbeTime = std::chrono::seconds(20);
constexpr size_t kProbeBytes = 1 << 16;

json run_probe(Sandbox& sandbox, const RunLimits& limits) {
  FdPair channel = socket_pair(SOCK_STREAM);
  const SandboxRun run(sandbox, "probe", limits, {{"channel", &channel.run}});
  const Frame frame = receive_frame(channel.host.get(), SandboxClock::now() + kProbeTime, kProbeBytes);
  const json found = json::parse(frame.bytes, nullptr, /*allow_exceptions=*/false);
  if (frame.failure || !found.is_object()) throw SandboxFailure("the probe of the sandbox failed");
  return found;
}

std::vector<SandboxLayer> judge(const Sandbox& sandbox, const json& found, const RunLimits& limits) {
  const json& zygote = sandbox.facts();
  const bool bwrap = sandbox.mode() != Sandbox::Mode::bare;
  const bool lone = std::ranges::none_of(found["root_entries"], [](const json& name) {
    return name == "etc" || name == "home" || name == "proc" || name == "root" || name == "var";
  });
  return {
      {"bubblewrap", bwrap, true, "namespaces and a private view of the file system"},
      {"ordinary user", sandbox.mode() == Sandbox::Mode::full, true,
       "the host's root is given up before anything runs"},
      {"user namespace", bwrap && zygote["uid"] == 1000, true, "no user of the host inside"},
      {"process namespace", found["pid"].get<int64_t>() < 10, true, "one for each run; its end kills the run"},
      {"mount namespace", lone && !found["root_writable"].get<bool>(), true,
       "read-only system, no host files, no /proc"},
      {"network namespace", zygote["interfaces"] == json::array({"lo"}), true,
       "no interface but a loopback that is down"},
      {"host name namespace", zygote["host_name"] == "sandbox", true, "uname() tells nothing"},
      {"system call filter", !found["socket"] && !found["ptrace"] && !found["new_user_namespace"] && !found["system_v"],
       true, "seccomp allow-list: no sockets, ptrace, namespaces, shared memory, io_uring"},
      {"no new privileges", found["no_new_privs"] && !found["capabilities"], true, "and no capabilities"},
      {"memory limit", !found["memory"].get<bool>(), true, "address space of a process"},
      {"process limit", !found["many_processes"].get<bool>(), true, "48 processes and threads a sandbox"},
      {"file limit", found["tmp_mb"].get<int64_t>() <= limits.tmp_mb && found["tmp_inodes"].get<int64_t>() <= 4096,
       true, "an own /tmp for each run, its size and number of files limited"},
  };
}

}  // namespace

bool SandboxReport::strong() const {
  return problem.empty() && std::ranges::all_of(layers, [](const SandboxLayer& l) { return l.active || !l.required; });
}

std::string SandboxReport::missing() const {
  std::vector<std::string> names;
  for (const SandboxLayer& layer : layers) {
    if (layer.required && !layer.active) names.push_back(layer.name);
  }
  if (!problem.empty()) names.push_back(problem);
  return join(names, ", ");
}

SandboxReport probe_sandbox(SandboxOptions options) {
  SandboxReport report;
  const RunLimits limits = {.memory_mb = 256};
  try {
    Sandbox sandbox(options);
    report.layers = judge(sandbox, run_probe(sandbox, limits), limits);
  } catch (const std::exception& e) {
    report.problem = e.what();
  }
  return report;
}

}  // namespace hone
