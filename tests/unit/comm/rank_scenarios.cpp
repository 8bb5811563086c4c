// What a rank does in the process tests: this test program runs itself with HONE_TEST_SCENARIO set. Prints `ok ...` or
// `error: ...` and ends with exit code 0 or 3.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>
#include <xxhash.h>

#include "hone/comm.h"

namespace hone {
namespace {

void say(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

at::Tensor rank_values(int rank, int64_t count) {
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(77 + static_cast<uint64_t>(rank));
  return at::randn({count}, generator, at::kFloat) * (1 + 1000 * rank);
}

/// Every collective once; prints a hash of the bits of a large sum.
void all_collectives(Comm& comm) {
  const int64_t count = 1'234'567;
  at::Tensor sum = rank_values(comm.rank(), count);
  comm.all_reduce_sum(sum);
  at::Tensor expected = rank_values(0, count);
  for (int r = 1; r < comm.size(); ++r) expected = expected + rank_values(r, count);
  if (!at::equal(sum, expected)) say("error: the sum is not in rank order");
  std::string text = fmt::format("ok {:016x}", XXH3_64bits(sum.data_ptr<float>(), sum.nbytes()));
  text += fmt::format(" {} {}", comm.all_reduce_sum(1.5 * comm.rank()), comm.all_reduce_max(int64_t{comm.rank()}));
  for (const std::string& part : comm.all_gather_bytes(std::string(static_cast<size_t>(3 * comm.rank()), 'x')))
    text += fmt::format(" {}", part.size());
  size_t large = 0;
  for (const std::string& part : comm.all_gather_bytes(std::string(static_cast<size_t>(700'000 * comm.rank()), 'y')))
    large += part.size();
  at::Tensor sent = at::full({3}, comm.rank(), at::kLong);
  comm.broadcast(sent, comm.size() - 1);
  text +=
      fmt::format(" {} {} {}", large, sent[2].item<int64_t>(), comm.broadcast_bytes(std::to_string(comm.rank()), 1));
  comm.barrier();
  say(text);
}

const std::map<std::string, std::function<void(const CommOptions&)>> kScenarios = {
    {"collectives", [](const CommOptions& o) { all_collectives(*make_comm(o)); }},
    {"broken_pipe",  // what Gloo raises when it writes to a rank that is gone
     [](const CommOptions& o) {
       const auto comm = make_comm(o);
       ::raise(SIGPIPE);
       say("ok");
     }},
    {"abort",  // rank 1 fails while the others wait for it
     [](const CommOptions& o) {
       const auto comm = make_comm(o);
       with_abort(*comm, [&] {
         comm->barrier();
         if (comm->rank() == 1) throw Error(ErrorKind::data, "reward server: 7 elephants");
         comm->all_reduce_sum(1.0);
       });
     }},
    {"abort_host",  // the rank that holds the store fails
     [](const CommOptions& o) {
       const auto comm = make_comm(o);
       with_abort(*comm, [&] {
         comm->barrier();
         if (comm->rank() == 0) throw Error(ErrorKind::data, "the head is gone");
         comm->all_reduce_sum(1.0);
       });
     }},
    {"unwind",  // no with_abort: the Comm notices that an exception passes
     [](const CommOptions& o) {
       const auto comm = make_comm(o);
       comm->barrier();
       if (comm->rank() == 1) throw Error(ErrorKind::data, "unnoticed");
       comm->barrier();
     }},
    {"alive_but_aborted",  // the others compute for long and never wait for the failed rank's data
     [](const CommOptions& o) {
       const auto comm = make_comm(o);
       comm->barrier();
       if (comm->rank() == 1) return comm->abort("early");
       std::this_thread::sleep_for(std::chrono::seconds(1));
       comm->barrier();
     }},
    {"stuck",  // rank 0 waits for rank 2, which is busy, when rank 1 fails
     [](const CommOptions& o) {
       const auto comm = make_comm(o);
       comm->barrier();
       const auto start = std::chrono::steady_clock::now();
       if (comm->rank() == 1) return comm->abort("early");
       if (comm->rank() == 2) std::this_thread::sleep_for(std::chrono::seconds(4));
       try {
         comm->broadcast(at::ones({1000}), 2);
       } catch (const Error&) {
         const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - start;
         if (comm->rank() == 0 && waited.count() > 3) say("error: waited too long");
         throw;
       }
     }},
    {"killed",
     [](const CommOptions& o) {
       const auto comm = make_comm(o);
       comm->barrier();
       if (comm->rank() == 1) ::raise(SIGKILL);
       comm->barrier();
     }},
    {"killed_host",
     [](const CommOptions& o) {
       const auto comm = make_comm(o);
       comm->barrier();
       if (comm->rank() == 0) ::raise(SIGKILL);
       comm->barrier();
     }},
    {"leaves",
     [](const CommOptions& o) {
       const auto comm = make_comm(o);
       comm->barrier();
       if (comm->rank() == 1) return;
       comm->barrier();
     }},
    {"hangs",  // rank 1 is alive but does not come
     [](CommOptions o) {
       o.collective_timeout = std::chrono::milliseconds(500);
       const auto comm = make_comm(o);
       comm->barrier();
       if (comm->rank() == 1) std::this_thread::sleep_for(std::chrono::seconds(3));
       comm->barrier();
     }},
    {"disagree",
     [](const CommOptions& o) {
       const auto comm = make_comm(o);
       comm->all_reduce_sum(at::ones({comm->rank() + 10}));
     }},
    {"device",  // a tensor that is not on the CPU
     [](const CommOptions& o) {
       const auto comm = make_comm(o);
       comm->all_reduce_sum(at::empty({4}, at::TensorOptions(at::kMeta)));
     }},
};

TEST(RankProcess, DISABLED_Run) {
  const char* scenario = std::getenv("HONE_TEST_SCENARIO");
  ASSERT_NE(scenario, nullptr) << "only started by the process tests";
  CommOptions options;
  options.rendezvous_timeout = std::chrono::seconds(20);
  options.collective_timeout = std::chrono::seconds(30);
  options.watch_interval = std::chrono::milliseconds(200);
  if (const char* limit = std::getenv("HONE_TEST_RENDEZVOUS_MS")) {
    options.rendezvous_timeout = std::chrono::milliseconds(std::atoi(limit));
  }
  const char* rank = std::getenv("RANK");
  if (const char* absent = std::getenv("HONE_TEST_ABSENT"); absent != nullptr && std::string(absent) == rank) return;
  try {
    kScenarios.at(scenario)(options);
    say("ok end");
  } catch (const Error& e) {
    say(std::string("error: ") + e.what());
    std::exit(3);
  }
}

}  // namespace
}  // namespace hone
