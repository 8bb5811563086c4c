// Who this process is, from the variables that launchers set.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hone {

struct RankEnv {
  int rank = 0;
  int size = 1;
  int local_rank = 0;
  std::string launcher;      // torchrun | openmpi | slurm, or empty: started by hand
  std::string host;          // where rank 0 is; empty for one rank
  int port = 0;              // where the rendezvous listens
  bool agent_store = false;  // torchrun's agent already listens there
  int attempt = 0;           // torchrun's restarts so far
};

/// A variable's value; unset and empty are the same.
using EnvLookup = std::function<std::optional<std::string>(const std::string& name)>;

/// Error(usage) names the variables that are missing, malformed or contradict each other.
RankEnv read_rank_env(const EnvLookup& env);
RankEnv read_rank_env();  // of this process

/// The first host of a Slurm node list such as `node[03-07,11],login1`; Error(usage) if it is malformed.
std::string first_slurm_node(std::string_view list);

}  // namespace hone
