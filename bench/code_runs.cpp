// Runs of the code reward per second: code_runs [THREADS [SECONDS]]. One line of JSON per kind of test.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "hone/error.h"
#include "hone/reward.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Workload {
  const char* name;
  const char* completion;
  const char* fields;
};

constexpr Workload kWorkloads[] = {
    {"stdin", "a, b = map(int, input().split())\nprint(a + b)",
     R"({"tests": {"type": "stdin", "cases": [{"input": "1 2", "output": "3"}]}})"},
    {"call", "def f(a, b): return a + b",
     R"({"tests": {"type": "call", "entry_point": "f", "cases": [{"args": [1, 2], "output": 3}]}})"},
    {"asserts", "def f(a, b): return a + b",
     R"({"tests": {"type": "asserts", "asserts": ["assert f(1, 2) == 3", "assert f(2, 2) == 4"]}})"},
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

int main(int argc, char** argv) try {
  const int threads = argc > 1 ? std::stoi(argv[1]) : 2;
  const double seconds = argc > 2 ? std::stod(argv[2]) : 5;
  const hone::RewardFunction reward = hone::rule_rewards().make("code");
  for (const Workload& work : kWorkloads) {
    const auto fields = nlohmann::json::parse(work.fields);
    std::atomic<int64_t> runs = 0, wrong = 0;
    const auto start = Clock::now();
    std::vector<std::thread> pool;
    for (int t = 0; t < threads; ++t) {
      pool.emplace_back([&] {
        while (seconds_since(start) < seconds) {
          wrong += reward({.prompt = "", .completion = work.completion, .fields = fields}).reward != 1.f;
          ++runs;
        }
      });
    }
    for (auto& thread : pool) thread.join();
    std::printf("{\"tests\": \"%s\", \"threads\": %d, \"runs_per_s\": %.1f, \"not_correct\": %lld}\n", work.name,
                threads, static_cast<double>(runs) / seconds_since(start), static_cast<long long>(wrong));
  }
} catch (const hone::Error& e) {
  std::fprintf(stderr, "code_runs: %s\n", e.what());
  return 1;
}
