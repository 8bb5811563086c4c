#include "comm/rank_env.h"

#include <charconv>
#include <cstdlib>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"

namespace hone {
namespace {

constexpr int kDefaultPort = 29500;       // PyTorch's
constexpr int kFirstDerivedPort = 20000;  // below Linux's ephemeral range, which starts at 32768
constexpr int kDerivedPorts = 12000;

/// The whole number in variable `name`, or none if it is unset.
std::optional<int64_t> number(const EnvLookup& env, const std::string& name, int64_t low, int64_t high) {
  const std::optional<std::string> text = env(name);
  if (!text) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  HONE_CHECK(error == std::errc{} && end == text->data() + text->size() && value >= low && value <= high,
             ErrorKind::usage, "environment variable {}: expected a whole number from {} to {}, got {}", name, low,
             high, quote_for_message(*text));
  return value;
}

int required(const EnvLookup& env, const std::string& name, int64_t low, int64_t high, const std::string& because) {
  const std::optional<int64_t> value = number(env, name, low, high);
  HONE_CHECK(value, ErrorKind::usage, "{} is set but {} is not: set both, or neither for one rank", because, name);
  return static_cast<int>(*value);
}

constexpr int64_t kMaxRanks = 1 << 20;

/// Names of the three variables that a launcher gives every process.
struct RankVariables {
  std::string rank, size, local_rank;
};

RankEnv read_ranks(const EnvLookup& env, const std::string& launcher, const RankVariables& names) {
  RankEnv out;
  out.launcher = launcher;
  const std::string& present = env(names.rank) ? names.rank : names.size;
  out.rank = required(env, names.rank, 0, kMaxRanks - 1, present);
  out.size = required(env, names.size, 1, kMaxRanks, present);
  HONE_CHECK(out.rank < out.size, ErrorKind::usage, "{}={} must be below {}={}", names.rank, out.rank, names.size,
             out.size);
  // Kubernetes sets no local rank: there every process has its own machine.
  out.local_rank = static_cast<int>(number(env, names.local_rank, 0, kMaxRanks - 1).value_or(0));
  HONE_CHECK(out.local_rank <= out.rank, ErrorKind::usage,
             "{}={} cannot exceed {}={}: ranks of one machine follow each other", names.local_rank, out.local_rank,
             names.rank, out.rank);
  return out;
}

int derived_port(uint64_t job) { return kFirstDerivedPort + static_cast<int>(job % kDerivedPorts); }

std::optional<std::string> slurm_node_list(const EnvLookup& env) {
  for (const char* name : {"SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"}) {
    if (auto list = env(name)) return list;
  }
  return std::nullopt;
}

RankEnv from_torchrun(const EnvLookup& env) {
  RankEnv out = read_ranks(env, "torchrun", {"RANK", "WORLD_SIZE", "LOCAL_RANK"});
  if (const auto local_size = number(env, "LOCAL_WORLD_SIZE", 1, kMaxRanks)) {
    HONE_CHECK(out.local_rank < *local_size && *local_size <= out.size, ErrorKind::usage,
               "LOCAL_RANK={}, LOCAL_WORLD_SIZE={} and WORLD_SIZE={} contradict each other", out.local_rank,
               *local_size, out.size);
  }
  if (out.size == 1) return out;
  const auto host = env("MASTER_ADDR");
  HONE_CHECK(host, ErrorKind::usage, "WORLD_SIZE={} but MASTER_ADDR is not set: give the host of rank 0", out.size);
  out.host = *host;
  out.port = required(env, "MASTER_PORT", 1, 65535, "MASTER_ADDR");
  out.agent_store = env("TORCHELASTIC_USE_AGENT_STORE") == "True";
  out.attempt = static_cast<int>(number(env, "TORCHELASTIC_RESTART_COUNT", 0, INT32_MAX).value_or(0));
  return out;
}

RankEnv from_openmpi(const EnvLookup& env) {
  RankEnv out =
      read_ranks(env, "openmpi", {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"});
  if (out.size == 1) return out;
  if (const auto host = env("MASTER_ADDR")) {
    out.host = *host;
  } else if (number(env, "OMPI_COMM_WORLD_LOCAL_SIZE", 1, kMaxRanks) == out.size) {
    out.host = "127.0.0.1";
  } else if (const auto list = slurm_node_list(env)) {
    out.host = first_slurm_node(*list);
  } else {
    fail(ErrorKind::usage,
         "OMPI_COMM_WORLD_SIZE={} spans machines, but MASTER_ADDR does not say where rank 0 is: start with `mpirun -x "
         "MASTER_ADDR=<host of rank 0> ...`",
         out.size);
  }
  out.port = kDefaultPort;
  for (const char* name : {"PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "OMPI_MCA_orte_ess_jobid"}) {
    if (const auto job = env(name)) {
      uint64_t hash = 14695981039346656037ull;  // FNV-1a: equal on every rank and build
      for (unsigned char c : *job) hash = (hash ^ c) * 1099511628211ull;
      out.port = derived_port(hash);
      break;
    }
  }
  out.port = static_cast<int>(number(env, "MASTER_PORT", 1, 65535).value_or(out.port));
  return out;
}

RankEnv from_slurm(const EnvLookup& env) {
  RankEnv out = read_ranks(env, "slurm", {"SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"});
  if (out.size == 1) return out;
  if (const auto host = env("MASTER_ADDR")) {
    out.host = *host;
  } else {
    const auto list = slurm_node_list(env);
    HONE_CHECK(list, ErrorKind::usage,
               "SLURM_NTASKS={} but neither SLURM_JOB_NODELIST nor MASTER_ADDR says where rank 0 is", out.size);
    out.host = first_slurm_node(*list);
  }
  if (const auto port = number(env, "MASTER_PORT", 1, 65535)) {
    out.port = static_cast<int>(*port);
  } else {
    const auto job = number(env, "SLURM_JOB_ID", 0, INT64_MAX);
    const auto step = number(env, "SLURM_STEP_ID", 0, INT64_MAX);
    out.port =
        job ? derived_port(static_cast<uint64_t>(*job) * 31 + static_cast<uint64_t>(step.value_or(0))) : kDefaultPort;
  }
  return out;
}

/// A batch script sees its allocation's task count and task id 0 although nothing started it once per task; only srun
/// does, and sets a step id.
bool in_slurm_step(const EnvLookup& env) {
  if (!env("SLURM_PROCID")) return false;
  const bool in_step = env("SLURM_STEP_ID") || env("SLURM_STEPID") || env("ENVIRONMENT") != "BATCH";
  if (!in_step && number(env, "SLURM_NTASKS", 1, kMaxRanks).value_or(1) > 1) {
    log_warn("this Slurm job has SLURM_NTASKS={} but was not started by srun: running as one rank",
             *env("SLURM_NTASKS"));
  }
  return in_step;
}

}  // namespace

std::string first_slurm_node(std::string_view list) {
  std::string node;
  size_t i = 0;
  for (; i < list.size() && list[i] != ','; ++i) {
    if (list[i] != '[') {
      node += list[i];
      continue;
    }
    const size_t close = list.find(']', i);
    HONE_CHECK(close != std::string_view::npos, ErrorKind::usage, "Slurm node list {}: '[' without ']'",
               quote_for_message(list));
    const std::string_view range = list.substr(i + 1, close - i - 1);
    node += range.substr(0, range.find_first_of(",-"));
    i = close;
  }
  const auto is_host_char = [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '-' || c == '_'; };
  HONE_CHECK(!node.empty() && std::all_of(node.begin(), node.end(), is_host_char), ErrorKind::usage,
             "Slurm node list {} does not start with a host name", quote_for_message(list));
  return node;
}

RankEnv read_rank_env(const EnvLookup& env) {
  if (env("RANK") || env("WORLD_SIZE")) return from_torchrun(env);
  // Before Slurm: under mpirun in an allocation, Slurm's task ids are those of mpirun's daemons.
  if (env("OMPI_COMM_WORLD_RANK") || env("OMPI_COMM_WORLD_SIZE")) return from_openmpi(env);
  if (in_slurm_step(env)) return from_slurm(env);
  return {};
}

RankEnv read_rank_env() {
  return read_rank_env([](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  });
}

}  // namespace hone
