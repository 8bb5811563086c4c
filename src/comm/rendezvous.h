// Where the ranks meet: a TCPStore at rank 0, with names for whoever is missing.
#pragma once

#include <string>

#include <torch/csrc/distributed/c10d/Store.hpp>

#include "comm/rank_env.h"
#include "hone/comm.h"

namespace hone {

/// Two connections to the same key-value store: `main` may block, `watch` belongs to the watchdog.
struct Rendezvous {
  c10::intrusive_ptr<c10d::Store> main, watch;
  bool hosting = false;  // the store ends with this process
};

/// Returns when every rank has shown up. Error(comm) names the missing ranks and who is here, a rank that was started
/// twice, or a rank that believes in another group size.
Rendezvous meet_ranks(const RankEnv& env, const CommOptions& options);

/// The first line of an exception's text: c10's carry a C++ stack trace behind it.
std::string first_line(const std::exception& error);

}  // namespace hone
