// Attacks on the sandbox and on the verdict. An attack prints "escaped" if it got somewhere, and its test expects that
// output: a contained one is wrong. It prints "contained" otherwise, so that one that does not even run shows.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "code_test_util.h"

namespace hone {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr const char* kSecret = "c0ffee-secret";

/// What there is to steal or to harm on the host.
struct Host {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("hone-escape-" + std::to_string(getpid()));
  std::filesystem::path secret = folder / "secret.txt";
  int leaked_fd = -1;  // to the secret, not close-on-exec
  int listener = -1;
  int port = 0;

  Host() {
    std::filesystem::create_directories(folder);
    std::ofstream(secret) << kSecret;
    setenv("HONE_TEST_SECRET", kSecret, 1);
    leaked_fd = open(secret.c_str(), O_RDONLY);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(listener, 8) == 0) {
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
      port = ntohs(address.sin_port);
    }
  }
  ~Host() {
    close(leaked_fd);
    close(listener);
    std::filesystem::remove_all(folder);
  }
};

const Host& host() {
  static const Host instance;
  return instance;
}

struct Attack {
  const char* name;
  const char* code;  // sets `escaped`, or prints itself; SECRET, PORT, PID stand for the host's
  const char* why = "contained";
};

std::string filled_in(std::string code) {
  const std::pair<const char*, std::string> values[] = {{"SECRET_PATH", host().secret.string()},
                                                        {"SECRET_TEXT", kSecret},
                                                        {"PORT", std::to_string(host().port)},
                                                        {"HOST_PID", std::to_string(getpid())}};
  for (const auto& [name, value] : values) {
    for (size_t at; (at = code.find(name)) != std::string::npos;) code.replace(at, std::strlen(name), value);
  }
  return code;
}

constexpr const char* kProlog = R"(
import ctypes, os, signal, socket, sys, time, threading, subprocess
libc = ctypes.CDLL(None, use_errno=True)
escaped = False
def works(action):
    try:
        result = action()
        return result is None or bool(result)
    except (OSError, MemoryError, RuntimeError, ValueError, subprocess.SubprocessError):
        return False
def syscall(*args):
    return libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in args]) >= 0
)";
constexpr const char* kEpilog = "\nprint('escaped' if escaped else 'contained')\n";

constexpr Attack kAttacks[] = {
    {"read_host_file", "escaped = works(lambda: open('SECRET_PATH').read())"},
    {"read_etc",
     "escaped = any(os.path.exists(p) for p in ('/etc/passwd', '/etc/shadow', '/root', '/home', '/work', '/var'))"},
    {"write_system",
     "escaped = any(works(lambda: open(p, 'w')) for p in ('/x', '/usr/x', '/usr/bin/python3', '/dev/x', '/lib/x'))"},
    {"environment", "escaped = 'SECRET_TEXT' in str(os.environ) or 'HONE_TEST_SECRET' in os.environ"},
    {"proc",
     "escaped = os.path.exists('/proc/self') or os.path.exists('/proc/1/environ') or os.path.exists('/sys/kernel')"},
    {"inherited_descriptors", "escaped = any(works(lambda: os.fstat(fd)) for fd in range(3, 1024))"},
    {"mount_proc", "os.mkdir('p'); escaped = libc.mount(b'proc', b'p', b'proc', 0, None) == 0"},
    {"tcp", "escaped = works(lambda: socket.create_connection(('127.0.0.1', PORT), 1))"},
    {"udp",
     "escaped = works(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT)))"},
    {"raw_socket", "escaped = works(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))"},
    {"netlink", "escaped = works(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))"},
    {"unix_socket", "escaped = works(lambda: socket.socket(socket.AF_UNIX).bind('\\0hone'))"},
    {"dns", "escaped = works(lambda: socket.gethostbyname('example.org'))"},
    {"ptrace_parent", "escaped = libc.ptrace(16, os.getppid(), 0, 0) == 0"},
    {"ptrace_me", "escaped = libc.ptrace(0, 0, 0, 0) == 0"},
    {"read_parent_memory", "escaped = syscall(310, os.getppid(), 0, 0, 0, 0, 0)"},
    {"write_parent_memory", "escaped = syscall(311, os.getppid(), 0, 0, 0, 0, 0)"},
    {"io_uring", "escaped = syscall(425, 8, ctypes.create_string_buffer(120))"},
    {"bpf", "escaped = syscall(321, 0, ctypes.create_string_buffer(64), 64)"},
    {"perf_events", "escaped = syscall(298, ctypes.create_string_buffer(128), 0, -1, -1, 0)"},
    {"userfaultfd", "escaped = syscall(323, 1)"},
    {"keyring", "escaped = syscall(250, 0, -3, 1)"},
    {"memfd", "escaped = syscall(319, b'x', 0)"},
    {"system_v_memory", "escaped = libc.shmget(7, 1 << 20, 0o1600) >= 0"},
    {"user_namespace", "escaped = libc.unshare(0x10000000) == 0"},
    {"clone_namespaces", "escaped = syscall(56, 0x10000000 | 17, 0, 0, 0, 0)"},
    {"clone3", "escaped = syscall(435, ctypes.create_string_buffer(88), 88)"},
    {"chroot", "os.mkdir('r'); escaped = works(lambda: os.chroot('r'))"},
    {"become_root",
     "escaped = works(lambda: os.setuid(0)) or works(lambda: os.setresuid(0, 0, 0)) or os.geteuid() == 0"},
    {"set_user_program", R"(
for path in ('/usr/bin/su', '/usr/bin/passwd', '/usr/bin/mount', '/usr/bin/newgrp'):
    pid = os.fork()
    if pid == 0:
        os.execv('/bin/sh', ['sh', '-c', 'exec 2>/dev/null; ' + path + ' -c "cat SECRET_PATH > /tmp/stolen"'])
    os.waitpid(pid, 0)
escaped = os.path.exists('/tmp/stolen'))"},
    {"device_node",
     "escaped = works(lambda: os.mknod('d', 0o60666, os.makedev(254, 0))) or os.path.exists('/dev/mem')"},
    {"clock", "escaped = works(lambda: time.clock_settime(time.CLOCK_REALTIME, 0))"},
    {"host_name", "escaped = works(lambda: socket.sethostname('x')) or os.uname().nodename != 'sandbox'"},
    {"reboot_and_modules", "escaped = syscall(169, 0xfee1dead, 672274793, 0x89abcdef, 0) or syscall(313, 0, b'', 0)"},
    {"terminal_injection",
     "import fcntl\nescaped = works(lambda: fcntl.ioctl(0, 0x5412, b'x')) or os.path.exists('/dev/tty')"},
    {"symlink_to_host", R"(
for name in ('solution', 'result', 'solution.py', 'stdout'):
    os.symlink('SECRET_PATH', name)
escaped = any(works(lambda: open(name).read()) or works(lambda: open(name, 'w')) for name in os.listdir('.')))"},
    {"hard_link_to_system", "escaped = works(lambda: os.link('/usr/bin/su', 'su'))"},
    {"execute_from_tmp",
     "open('x', 'w').write('#!/bin/sh\\necho escaped')\nos.chmod('x', 0o755)\nescaped = works(lambda: "
     "subprocess.run(['./x'], check=True))"},
    {"kill_init", R"(
for sig in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSTOP, signal.SIGPROF):
    works(lambda: os.kill(1, sig))
    works(lambda: os.kill(os.getppid(), sig))
time.sleep(0.05))"},
    {"kill_everybody", R"(
signal.signal(signal.SIGTERM, signal.SIG_IGN)
works(lambda: os.kill(-1, signal.SIGKILL)); works(lambda: os.kill(0, signal.SIGTERM))
escaped = works(lambda: os.kill(HOST_PID, 0)))"},
    {"other_processes",
     "escaped = any(works(lambda: os.kill(pid, 0)) for pid in range(3, 3000) if pid != os.getpid())"},
    {"sparse_file", "escaped = works(lambda: open('f', 'wb').truncate(1 << 40))"},
    {"fill_disk", R"(
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
total = 0
try:
    for i in range(40):
        with open(f'f{i}', 'wb', buffering=0) as f:
            for _ in range(8): total += f.write(bytes(1 << 20))
except OSError: pass
escaped = total > 65 << 20)"},
    {"fill_inodes", R"(
made = 0
try:
    for i in range(20000):
        os.mkdir(f'd{i}'); made += 1
except OSError: pass
escaped = made > 4096)"},
    {"memory", "escaped = works(lambda: bytearray(4 << 30))"},
    {"raise_limits", R"(
import resource
escaped = any(works(lambda: resource.setrlimit(r, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
              for r in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)))"},
    {"fork_bomb", R"(
pids = []
try:
    while len(pids) < 1000:
        pid = os.fork()
        if pid == 0: time.sleep(60)
        pids.append(pid)
except OSError: pass
escaped = len(pids) > 60)"},
    {"thread_bomb", R"(
started = 0
threading.stack_size(65536)
try:
    while started < 1000:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start(); started += 1
except RuntimeError: pass
escaped = started > 60)"},
    {"recursive_fork_bomb", "while True:\n    try: os.fork()\n    except OSError: pass", "ran longer"},
    {"huge_output", "while True: os.write(1, b'x' * 65536)", "wrote more than"},
    {"huge_messages", "for _ in range(300): os.write(2, b'x' * 65536)"},
    {"closed_output", "os.close(0); os.close(1); os.close(2); os._exit(0)", "printed ''"},
    {"output_held_open", R"(
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: time.sleep(100)
print('contained', flush=True); os._exit(0))"},
    {"sleeps", "time.sleep(100)", "ran longer"},
    {"ignores_clock",
     "for s in (signal.SIGPROF, signal.SIGXCPU, signal.SIGTERM): signal.signal(s, signal.SIG_IGN)\nwhile True: pass",
     "ran longer"},
    {"stops_itself", "os.kill(os.getpid(), signal.SIGSTOP)", "ran longer"},
    {"crash", "ctypes.string_at(0)", "signal 11"},
};

class Escape : public NeedsSandbox {
 protected:
  /// Only attacks on the clock get little time: the others must be able to end on a busy machine.
  static Verdict attack(const std::string& code, const std::string& language = "python", double time_limit_s = 20) {
    json fields = stdin_tests("", "escaped");
    fields["language"] = language;
    fields["time_limit_s"] = time_limit_s;
    return score_code(code, fields);
  }
  static void expect_healthy() {
    const Verdict verdict = score_code("print(input()[::-1])", stdin_tests("abc", "cba"));
    EXPECT_EQ(kind(verdict), "correct") << verdict.why;
  }
};

/// Calls `make(i)` for 0 to count - 1, several at once, since much of it waits for clocks.
std::vector<Verdict> all_at_once(size_t count, const std::function<Verdict(size_t)>& make) {
  std::vector<Verdict> verdicts(count);
  std::vector<std::thread> threads;
  std::atomic<size_t> next = 0;
  code_reward();  // made before the threads ask for it
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      for (size_t i; (i = next++) < count;) verdicts[i] = make(i);
    });
  }
  for (auto& thread : threads) thread.join();
  return verdicts;
}

TEST_F(Escape, SystemAttacksAreContained) {
  const auto verdicts = all_at_once(std::size(kAttacks), [](size_t i) {
    const bool clock = std::string_view(kAttacks[i].why) == "ran longer";
    return attack(kProlog + filled_in(kAttacks[i].code) + kEpilog, "python", clock ? 0.5 : 20);
  });
  for (size_t i = 0; i < verdicts.size(); ++i) {
    SCOPED_TRACE(kAttacks[i].name);
    EXPECT_EQ(kind(verdicts[i]), "wrong") << verdicts[i].why;
    EXPECT_THAT(verdicts[i].why, HasSubstr(kAttacks[i].why));
  }
  expect_healthy();
  EXPECT_TRUE(std::filesystem::exists(host().secret));
}

TEST_F(Escape, RunsLeaveNothingToTheNext) {
  const std::string leave = "open('/tmp/left', 'w').write('x'); print('ok')";
  const std::string look = "import os; print('escaped' if os.listdir('/tmp') else 'contained')";
  EXPECT_EQ(kind(score_code(leave, stdin_tests("", "ok"))), "correct");
  EXPECT_THAT(attack(look).why, HasSubstr("contained"));
  const std::string daemon =
      "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(100)\n    "
      "os._exit(0)\nprint('ok')";
  EXPECT_EQ(kind(score_code(daemon, stdin_tests("", "ok"))), "correct");
}

TEST_F(Escape, CompilerAttacksAreContained) {
  if (access("/usr/bin/g++", X_OK) != 0) GTEST_SKIP() << "no g++ on this machine";
  const std::pair<const char*, const char*> attacks[] = {
      {"#include \"SECRET_PATH\"\nint main() {}", "does not compile"},
      {"#include </etc/passwd>\nint main() {}", "does not compile"},
      {"asm(\".incbin \\\"SECRET_PATH\\\"\");\nint main() {}", "does not compile"},
      {"template <int N> struct T { T<N + 1> t; }; T<0> t; int main() {}", "does not compile"},
      {"char big[3L << 30] = {1}; int main() {}", "does not compile"},
      {"#include <cstdlib>\nint main() { return system(\"cat SECRET_PATH /etc/passwd && echo escaped\"); }",
       "printed ''"},
      {"#include <unistd.h>\nint main() { for (;;) fork(); }", "ran longer"},
      {"#include <cstdio>\n#include <sys/ptrace.h>\nint main() { puts(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0 ? "
       "\"escaped\" : \"contained\"); }",
       "contained"},
  };
  const auto verdicts = all_at_once(std::size(attacks), [&](size_t i) {
    const bool clock = std::string_view(attacks[i].second) == "ran longer";
    return attack(filled_in(attacks[i].first), "cpp", clock ? 0.5 : 20);
  });
  for (size_t i = 0; i < verdicts.size(); ++i) {
    SCOPED_TRACE(attacks[i].first);
    EXPECT_EQ(kind(verdicts[i]), "wrong") << verdicts[i].why;
    EXPECT_THAT(verdicts[i].why, HasSubstr(attacks[i].second));
  }
}

// Code that computes nothing right (expected: 7) and goes for the judge instead.
constexpr Attack kVerdictAttacks[] = {
    {"exit", "import sys\ndef f(x): sys.exit(0)"},
    {"hard_exit", "import os\ndef f(x): os._exit(0)"},
    {"exit_on_import", "import os\nos._exit(0)"},
    {"raise_system_exit", "def f(x): raise SystemExit"},
    {"keyboard_interrupt", "def f(x): raise KeyboardInterrupt"},
    {"lying_eq", "class L:\n    def __eq__(s, o): return True\ndef f(x): return L()"},
    {"lying_int",
     "class L(int):\n    def __eq__(s, o): return True\n    __hash__ = int.__hash__\ndef f(x): return L(3)"},
    {"lying_class", "class L:\n    __class__ = int\n    def __eq__(s, o): return True\ndef f(x): return L()"},
    {"lying_index",
     "class L(int):\n    def __index__(s): return 7\n    def __eq__(s, o): return True\ndef f(x): return L(3)"},
    {"subtraction",
     "class L:\n    def __sub__(s, o): return 0\n    __rsub__ = __sub__\n    def __abs__(s): return 0\ndef f(x): "
     "return L()"},
    {"contains",
     "class L:\n    def __contains__(s, o): return True\n    def __len__(s): return 0\ndef f(x): return L()"},
    {"patched_builtins",
     "import builtins\nbuiltins.AssertionError = type('A', (Exception,), {'__init__': lambda *a: None})\n"
     "builtins.isinstance = lambda *a: True\nbuiltins.abs = lambda x: 0\ndef f(x): return 3"},
    {"shadowed_builtins", "abs = lambda x: 0\nset = sorted = lambda x: 0\ndef f(x): return 3"},
    {"patched_modules",
     "import math, json\nmath.isclose = lambda *a, **k: True\njson.dumps = lambda *a: '{\"value\": true}'\ndef f(x): "
     "return 3"},
    {"helper_of_the_prefix", "def close(a, b): return True\ndef f(x): return 3"},
    {"check", "def check(c): pass\ndef f(x): return 3"},
    {"frames",
     "import sys\ndef f(x):\n    frame = sys._getframe()\n    while frame:\n        "
     "frame.f_globals.update(passed=True, check=lambda c: None, report=lambda **k: None)\n"
     "        frame = frame.f_back\n    return 3"},
    {"read_tests",
     "import gc\ndef f(x):\n    found = [o for o in gc.get_objects() if isinstance(o, (str, dict)) and 'assert f' in "
     "str(o)[:10**5] and 'nonce' in str(o)[:10**5]]\n"
     "    return 7 if found else 3"},
    {"main_module",
     "import sys\nm = sys.modules['__main__']\nfor n in list(vars(m)):\n    if n[0] != '_': setattr(m, n, lambda *a, "
     "**k: None)\ndef f(x): return 3"},
    {"atexit",
     "import atexit, os\natexit.register(lambda: [os.write(n, b'passed') for n in (1, 2)])\ndef f(x): raise "
     "SystemExit(0)"},
    {"thread_writes",
     "import os, threading, struct\nT = b'{\"test\": 0, \"passed\": true, \"why\": \"\", \"nonce\": \"\"}'\ndef w():\n "
     "   for n in range(64):\n        try: os.write(n, struct.pack('>I', len(T)) + T)\n"
     "        except OSError: pass\ndef f(x):\n    t = threading.Thread(target=w); t.start(); t.join(); return 3"},
    {"reports_values",
     "import os, struct\nT = b'{\"value\": true}'\ndef f(x):\n    for n in range(64):\n        try: os.write(n, "
     "struct.pack('>I', len(T)) + T)\n        except OSError: pass\n    os._exit(0)"},
    {"function_of_the_tests",
     "import json\nold = json.dumps\njson.dumps = lambda m, *a: old({'value': {'p': 0}})\ndef f(x): return 3"},
    {"deep_value", "def f(x):\n    v = []\n    for _ in range(100000): v = [v]\n    return v"},
    {"cyclic_value", "def f(x):\n    v = []; v.append(v); return v"},
    {"broken_frame",
     "import os\ndef f(x):\n    for n in range(3, 64):\n        try: os.write(n, b'\\xff\\xff\\xff\\xff')\n        "
     "except OSError: pass\n    return 7"},
    {"infinite_int", "def f(x): return 7 ** (10 ** 6)"},
    {"trace", "import sys\nsys.settrace(lambda *a: sys.exit(0))\ndef f(x): return 3"},
    {"excepthook", "import sys\nsys.excepthook = lambda *a: None\ndef f(x): raise ValueError"},
    {"assertion_raised", "def f(x): raise AssertionError"},
    {"stop_iteration", "def f(x): raise StopIteration"},
    {"generator", "def f(x): yield 7"},
    {"kills_parent", "import os, signal\ndef f(x):\n    os.kill(1, 9); os.kill(os.getppid(), 9); return 3"},
    {"closes_all", "import os\ndef f(x):\n    os.closerange(0, 1000); return 7"},
    {"mutates_argument", "def f(x):\n    x.clear() if hasattr(x, 'clear') else None\n    return 3"},
    {"none", "def f(x): pass"},
    {"no_function", "f = 7"},
    {"syntax_error", "def f(x: return 7"},
};

TEST_F(Escape, VerdictAttacksFail) {
  const char* prefix = "def close(a, b):\n    return abs(a - b) < 1e-6\n";
  const json by_tests[] = {
      call_tests("f", {5}, 7),
      check_tests("f", "def check(candidate):\n    assert candidate(5) == 7\n", prefix),
      check_tests("f",
                  "import math\ndef check(candidate):\n    assert math.isclose(candidate(5), 7)\n"
                  "    assert close(candidate(5), 7) and abs(candidate(5) - 7) < 1e-6\n",
                  prefix),
      assert_tests({"assert 7 in [f(5)] and set([f(5)]) == set([7])"}),
      assert_tests({"assert not f(5) != 7"}),
  };
  constexpr size_t kForms = std::size(by_tests);
  const auto verdicts = all_at_once(std::size(kVerdictAttacks) * kForms, [&](size_t i) {
    json fields = by_tests[i % kForms];
    fields["time_limit_s"] = 1;
    return score_code(kVerdictAttacks[i / kForms].code, fields);
  });
  for (size_t i = 0; i < verdicts.size(); ++i) {
    SCOPED_TRACE(std::string(kVerdictAttacks[i / kForms].name) + ": " + by_tests[i % kForms].dump());
    EXPECT_EQ(kind(verdicts[i]), "wrong") << verdicts[i].why;
  }
  for (const json& fields : by_tests) {
    const Verdict verdict = score_code("def f(x): return x + 2", fields);
    EXPECT_EQ(kind(verdict), "correct") << fields.dump() << verdict.why;
  }
}

std::set<int> descendants(int of) {
  std::set<int> found = {of};
  for (bool grew = true; grew;) {
    grew = false;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const int pid = std::atoi(entry.path().filename().c_str());
      if (pid <= 0) continue;
      std::ifstream file(entry.path() / "stat");
      std::string text((std::istreambuf_iterator<char>(file)), {});
      int parent = 0;
      if (text.empty() || std::sscanf(text.c_str() + text.rfind(')'), ") %*c %d", &parent) != 1) continue;
      if (found.contains(parent)) grew |= found.insert(pid).second;
    }
  }
  found.erase(of);
  return found;
}

TEST_F(Escape, NothingOutlivesAKilledHost) {
  const pid_t child = fork();
  if (child == 0) {
    json fields = stdin_tests("", "x");
    fields["time_limit_s"] = 20;
    rule_rewards().make("code")(
        {.prompt = "", .completion = "import os\nos.setsid()\nwhile True: pass", .fields = fields});
    _exit(0);
  }
  std::set<int> processes;
  for (int i = 0; i < 400 && processes.size() < 5; ++i) {  // bwrap, its process 1, zygote, init, the program
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    processes = descendants(child);
  }
  EXPECT_GE(processes.size(), 5u);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  size_t left = processes.size();
  for (int i = 0; i < 400 && left > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    left = static_cast<size_t>(std::ranges::count_if(processes, [](int pid) { return kill(pid, 0) == 0; }));
  }
  EXPECT_EQ(left, 0u);
}

TEST_F(Escape, AnEndedRewardLeavesNoProcess) {
  const auto before = descendants(getpid()).size();
  {
    const auto reward = rule_rewards().make("code");
    const json fields = stdin_tests("", "1");
    EXPECT_EQ(kind(reward({.prompt = "", .completion = "print(1)", .fields = fields})), "correct");
    EXPECT_GT(descendants(getpid()).size(), before);
  }
  EXPECT_EQ(descendants(getpid()).size(), before);
}

TEST(EscapeAsUser, TheSameHoldsForAnOrdinaryUser) {
  if (geteuid() != 0) GTEST_SKIP() << "this run is one by an ordinary user already";
  if (access("/usr/bin/setpriv", X_OK) != 0) GTEST_SKIP() << "setpriv is missing";
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string as_user = "/usr/bin/setpriv --reuid=65533 --regid=65533 --clear-groups ";
  if (std::system((as_user + "test -x " + self).c_str()) != 0) GTEST_SKIP() << "an ordinary user cannot read " << self;
  EXPECT_EQ(std::system((as_user + self + " --gtest_filter='Escape.*-*.Verdict*' --gtest_brief=1").c_str()), 0);
}

}  // namespace
}  // namespace hone
