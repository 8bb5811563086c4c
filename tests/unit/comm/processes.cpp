#include "unit/comm/processes.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"

extern char** environ;

namespace hone::testing {
namespace {

using Clock = std::chrono::steady_clock;

pid_t start(const std::map<std::string, std::string>& changes, const std::string& output) {
  std::map<std::string, std::string> env;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string entry = *e;
    const size_t at = entry.find('=');
    if (at != std::string::npos) env[entry.substr(0, at)] = entry.substr(at + 1);
  }
  for (const auto& [name, value] : changes) {
    if (value.empty())
      env.erase(name);
    else
      env[name] = value;
  }
  std::vector<std::string> entries;
  for (const auto& [name, value] : env) entries.push_back(name + "=" + value);
  std::vector<char*> envp;
  for (std::string& entry : entries) envp.push_back(entry.data());
  envp.push_back(nullptr);
  std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::string filter = "--gtest_filter=RankProcess.DISABLED_Run", also = "--gtest_also_run_disabled_tests";
  char* argv[] = {program.data(), filter.data(), also.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, program.c_str(), &actions, nullptr, argv, envp.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("posix_spawn failed");
  return pid;
}

}  // namespace

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool ok = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  if (!ok) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

std::vector<RankResult> launch_ranks(const Launch& launch) {
  std::string folder = std::filesystem::temp_directory_path() / "hone-ranks-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  const std::string port = std::to_string(free_port());
  std::vector<pid_t> pids;
  const auto output = [&](size_t rank) { return folder + "/" + std::to_string(rank); };
  for (int rank = 0; rank < launch.ranks; ++rank) {
    std::map<std::string, std::string> env = {{"RANK", std::to_string(rank)},
                                              {"WORLD_SIZE", std::to_string(launch.ranks)},
                                              {"LOCAL_RANK", std::to_string(rank)},
                                              {"MASTER_ADDR", "127.0.0.1"},
                                              {"MASTER_PORT", port},
                                              {"HONE_TEST_SCENARIO", launch.scenario},
                                              {"OMP_NUM_THREADS", "1"}};
    if (const auto own = launch.env.find(rank); own != launch.env.end()) {
      for (const auto& [name, value] : own->second) env[name] = value;
    }
    pids.push_back(start(env, output(static_cast<size_t>(rank))));
  }
  std::vector<RankResult> results(pids.size());
  const auto deadline = Clock::now() + launch.limit;
  for (size_t left = pids.size(); left > 0;) {
    for (size_t r = 0; r < pids.size(); ++r) {
      int status = 0;
      if (pids[r] < 0 || ::waitpid(pids[r], &status, WNOHANG) != pids[r]) continue;
      results[r].exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
      pids[r] = -1;
      --left;
    }
    if (left > 0 && Clock::now() > deadline) {
      for (const pid_t pid : pids) {
        if (pid > 0) ::kill(pid, SIGKILL);
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  for (size_t r = 0; r < results.size(); ++r) results[r].output = read_file(output(r));
  std::filesystem::remove_all(folder);
  return results;
}

}  // namespace hone::testing
