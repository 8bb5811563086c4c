#include "comm/rendezvous.h"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"

namespace hone {
namespace {

using StorePtr = c10::intrusive_ptr<c10d::Store>;

std::string hello_key(int rank) { return "hello/" + std::to_string(rank); }

std::string this_process() {
  char host[256] = "?";
  ::gethostname(host, sizeof host - 1);
  return fmt::format("{} pid {}", host, ::getpid());
}

StorePtr connect(const RankEnv& env, bool host, std::chrono::milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(env.port);
  options.isServer = host;
  options.waitWorkers = false;  // meet_ranks waits itself, so that it can say who is missing
  options.timeout = timeout;
  try {
    return c10::make_intrusive<c10d::TCPStore>(env.host, options);
  } catch (const std::exception& e) {
    if (host) {
      fail(ErrorKind::comm,
           "rank 0 cannot listen on port {}: {}; if another run uses it, set MASTER_PORT to a free one", env.port,
           first_line(e));
    }
    fail(ErrorKind::comm,
         "rank {} could not reach rank 0 at {}:{} within {} s: is rank 0 running, and is that its host (MASTER_ADDR)? "
         "{}",
         env.rank, env.host, env.port, timeout.count() / 1000.0, first_line(e));
  }
}

/// Takes this rank's place in the group.
void claim_rank(c10d::Store& store, const RankEnv& env) {
  const std::string me = this_process();
  const std::string owner = store.compareSet("claim/" + std::to_string(env.rank), "", me);
  HONE_CHECK(owner == me, ErrorKind::comm,
             "two processes claim rank {} at {}:{}: this one ({}) and {}; start every rank with its own number",
             env.rank, env.host, env.port, me, owner);
  const std::string size = store.compareSet("size", "", std::to_string(env.size));
  HONE_CHECK(size == std::to_string(env.size), ErrorKind::comm, "rank {} was started for {} ranks, but others for {}",
             env.rank, env.size, size);
}

[[noreturn]] void fail_missing(c10d::Store& store, const RankEnv& env, std::chrono::milliseconds timeout) {
  std::vector<std::string> missing, here;
  for (int r = 0; r < env.size; ++r) {
    if (!store.check({hello_key(r)}))
      missing.push_back(std::to_string(r));
    else
      here.push_back(fmt::format("{} ({})", r, store.get_to_str(hello_key(r))));
  }
  constexpr size_t kNamed = 16;  // the message stays one readable line for a thousand ranks, too
  const auto some = [](std::vector<std::string> names) {
    const size_t count = names.size();
    if (count > kNamed) names.resize(kNamed), names.push_back(fmt::format("... {} in all", count));
    return join(names, ", ");
  };
  fail(ErrorKind::comm, "rendezvous at {}:{}: waited {} s for {} of {} ranks: missing {}; here are {}", env.host,
       env.port, timeout.count() / 1000.0, missing.size(), env.size, some(missing), some(here));
}

}  // namespace

std::string first_line(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  const std::string text = torch_error != nullptr ? torch_error->what_without_backtrace() : error.what();
  return text.substr(0, text.find('\n'));
}

Rendezvous meet_ranks(const RankEnv& env, const CommOptions& options) {
  Rendezvous out;
  out.hosting = env.rank == 0 && !env.agent_store;
  // The host gives up last, so that the others can still ask it who is missing.
  const auto grace = std::chrono::seconds(out.hosting ? 1 : 0);
  const auto deadline = std::chrono::steady_clock::now() + options.rendezvous_timeout + grace;
  const StorePtr main = connect(env, out.hosting, options.rendezvous_timeout);
  const StorePtr watch = connect(env, false, options.rendezvous_timeout);
  try {
    // torchrun's agent keeps its store over restarts: each attempt gets its own keys.
    const std::string attempt = fmt::format("hone/{}", env.attempt);
    out.main = c10::make_intrusive<c10d::PrefixStore>(attempt, main);
    out.watch = c10::make_intrusive<c10d::PrefixStore>(attempt, watch);
    claim_rank(*out.main, env);
    out.main->set(hello_key(env.rank), this_process());
    std::vector<std::string> everyone;
    for (int r = 0; r < env.size; ++r) everyone.push_back(hello_key(r));
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    try {
      out.main->wait(everyone, std::max(left, std::chrono::milliseconds(1)));
    } catch (const std::exception&) {
      fail_missing(*out.main, env, options.rendezvous_timeout);
    }
  } catch (const Error&) {
    throw;
  } catch (const std::exception& e) {
    fail(ErrorKind::comm, "rendezvous at {}:{}: rank 0 gave up or died (its own message says why): {}", env.host,
         env.port, first_line(e));
  }
  return out;
}

}  // namespace hone
