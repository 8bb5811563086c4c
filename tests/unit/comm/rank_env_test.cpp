#include "comm/rank_env.h"

#include <map>

#include <gmock/gmock.h>

#include "hone/error.h"

namespace hone {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using Variables = std::map<std::string, std::string>;

RankEnv read(const Variables& variables) {
  return read_rank_env([&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end() || found->second.empty()) return std::nullopt;
    return found->second;
  });
}

std::string error_of(const Variables& variables) {
  try {
    read(variables);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::usage);
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    return e.what();
  }
  return "no error";
}

Variables with(Variables base, const Variables& changes) {
  for (const auto& [name, value] : changes) base[name] = value;
  return base;
}

const Variables kTorchrun = {{"RANK", "3"},
                             {"WORLD_SIZE", "4"},
                             {"LOCAL_RANK", "1"},
                             {"LOCAL_WORLD_SIZE", "2"},
                             {"MASTER_ADDR", "node0"},
                             {"MASTER_PORT", "29501"}};
const Variables kSlurm = {{"SLURM_PROCID", "5"},     {"SLURM_NTASKS", "8"},  {"SLURM_LOCALID", "1"},
                          {"SLURM_JOB_ID", "12345"}, {"SLURM_STEP_ID", "0"}, {"SLURM_JOB_NODELIST", "gpu[03-04,07]"}};
const Variables kOpenMpi = {{"OMPI_COMM_WORLD_RANK", "1"},
                            {"OMPI_COMM_WORLD_SIZE", "2"},
                            {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                            {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};

TEST(RankEnv, NothingSetIsOneRank) {
  const RankEnv env = read({{"MASTER_ADDR", "node0"}, {"LOCAL_RANK", "0"}, {"RANK", ""}});
  EXPECT_EQ(env.rank, 0);
  EXPECT_EQ(env.size, 1);
  EXPECT_EQ(env.launcher, "");
}

TEST(RankEnv, Torchrun) {
  const RankEnv env = read(kTorchrun);
  EXPECT_EQ(env.rank, 3);
  EXPECT_EQ(env.size, 4);
  EXPECT_EQ(env.local_rank, 1);
  EXPECT_EQ(env.host, "node0");
  EXPECT_EQ(env.port, 29501);
  EXPECT_EQ(env.launcher, "torchrun");
  EXPECT_FALSE(env.agent_store);
  const RankEnv agent =
      read(with(kTorchrun, {{"TORCHELASTIC_USE_AGENT_STORE", "True"}, {"TORCHELASTIC_RESTART_COUNT", "2"}}));
  EXPECT_TRUE(agent.agent_store);
  EXPECT_EQ(agent.attempt, 2);
}

TEST(RankEnv, OneRankNeedsNoAddress) {
  EXPECT_EQ(read({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).size, 1);
  EXPECT_EQ(read({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "1"}}).size, 1);
}

TEST(RankEnv, Slurm) {
  const RankEnv env = read(kSlurm);
  EXPECT_EQ(env.rank, 5);
  EXPECT_EQ(env.size, 8);
  EXPECT_EQ(env.local_rank, 1);
  EXPECT_EQ(env.host, "gpu03");
  EXPECT_EQ(env.launcher, "slurm");
  EXPECT_GE(env.port, 1024);
  EXPECT_LT(env.port, 32768);
  EXPECT_EQ(env.port, read(with(kSlurm, {{"SLURM_PROCID", "0"}, {"SLURM_LOCALID", "0"}})).port);
  EXPECT_NE(env.port, read(with(kSlurm, {{"SLURM_JOB_ID", "12346"}})).port);
  EXPECT_NE(env.port, read(with(kSlurm, {{"SLURM_STEP_ID", "1"}})).port);
  const RankEnv moved = read(with(kSlurm, {{"MASTER_ADDR", "10.0.0.9"}, {"MASTER_PORT", "4000"}}));
  EXPECT_EQ(moved.host, "10.0.0.9");
  EXPECT_EQ(moved.port, 4000);
  // A step on a part of the allocation has its own first node.
  EXPECT_EQ(read(with(kSlurm, {{"SLURM_STEP_NODELIST", "gpu07"}})).host, "gpu07");
}

TEST(RankEnv, SlurmBatchScriptWithoutSrunIsOneRank) {
  const RankEnv env = read(with(kSlurm, {{"SLURM_PROCID", "0"}, {"SLURM_STEP_ID", ""}, {"ENVIRONMENT", "BATCH"}}));
  EXPECT_EQ(env.size, 1);
}

TEST(RankEnv, OpenMpi) {
  const RankEnv env = read(kOpenMpi);
  EXPECT_EQ(env.rank, 1);
  EXPECT_EQ(env.size, 2);
  EXPECT_EQ(env.local_rank, 1);
  EXPECT_EQ(env.host, "127.0.0.1");
  EXPECT_EQ(env.launcher, "openmpi");
  EXPECT_EQ(read(with(kOpenMpi, {{"PMIX_NAMESPACE", "job-a"}})).port,
            read(with(kOpenMpi, {{"PMIX_NAMESPACE", "job-a"}})).port);
  EXPECT_NE(read(with(kOpenMpi, {{"PMIX_NAMESPACE", "job-a"}})).port,
            read(with(kOpenMpi, {{"PMIX_NAMESPACE", "job-b"}})).port);
  const Variables spread = with(kOpenMpi, {{"OMPI_COMM_WORLD_LOCAL_SIZE", "1"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "0"}});
  EXPECT_THAT(error_of(spread), AllOf(HasSubstr("MASTER_ADDR"), HasSubstr("OMPI_COMM_WORLD_SIZE=2")));
  EXPECT_EQ(read(with(spread, {{"MASTER_ADDR", "head"}})).host, "head");
}

TEST(RankEnv, LaunchersInOrder) {
  EXPECT_EQ(read(with(kSlurm, kTorchrun)).launcher, "torchrun");
  // mpirun inside an allocation: Slurm's ids are those of mpirun's daemons.
  EXPECT_EQ(read(with(kSlurm, kOpenMpi)).launcher, "openmpi");
}

TEST(RankEnv, ContradictionsNameTheVariables) {
  EXPECT_THAT(error_of({{"RANK", "1"}}), AllOf(HasSubstr("RANK"), HasSubstr("WORLD_SIZE")));
  EXPECT_THAT(error_of({{"WORLD_SIZE", "2"}}), AllOf(HasSubstr("RANK is not"), HasSubstr("WORLD_SIZE")));
  EXPECT_THAT(error_of(with(kTorchrun, {{"RANK", "4"}})), HasSubstr("RANK=4 must be below WORLD_SIZE=4"));
  EXPECT_THAT(error_of(with(kTorchrun, {{"RANK", "-1"}})), HasSubstr("RANK"));
  EXPECT_THAT(error_of(with(kTorchrun, {{"WORLD_SIZE", "four"}})), AllOf(HasSubstr("WORLD_SIZE"), HasSubstr("'four'")));
  EXPECT_THAT(error_of(with(kTorchrun, {{"WORLD_SIZE", "4x"}})), HasSubstr("'4x'"));
  EXPECT_THAT(error_of(with(kTorchrun, {{"WORLD_SIZE", "0"}})), HasSubstr("WORLD_SIZE"));
  EXPECT_THAT(error_of(with(kTorchrun, {{"WORLD_SIZE", "99999999999999999999"}})), HasSubstr("WORLD_SIZE"));
  EXPECT_THAT(error_of(with(kTorchrun, {{"LOCAL_RANK", "2"}})), HasSubstr("LOCAL_WORLD_SIZE"));
  EXPECT_THAT(error_of(with(kTorchrun, {{"LOCAL_RANK", "9"}})), HasSubstr("LOCAL_RANK"));
  EXPECT_THAT(error_of(with(kTorchrun, {{"MASTER_ADDR", ""}})), HasSubstr("MASTER_ADDR"));
  EXPECT_THAT(error_of(with(kTorchrun, {{"MASTER_PORT", ""}})), HasSubstr("MASTER_PORT"));
  EXPECT_THAT(error_of(with(kTorchrun, {{"MASTER_PORT", "70000"}})), HasSubstr("MASTER_PORT"));
  EXPECT_THAT(error_of(with(kSlurm, {{"SLURM_NTASKS", ""}})), HasSubstr("SLURM_NTASKS"));
  EXPECT_THAT(error_of(with(kSlurm, {{"SLURM_PROCID", "8"}})), HasSubstr("SLURM_PROCID=8"));
  EXPECT_THAT(error_of(with(kSlurm, {{"SLURM_JOB_NODELIST", ""}})), HasSubstr("SLURM_JOB_NODELIST"));
  EXPECT_THAT(error_of(with(kOpenMpi, {{"OMPI_COMM_WORLD_RANK", ""}})), HasSubstr("OMPI_COMM_WORLD_RANK"));
}

TEST(RankEnv, SlurmNodeLists) {
  EXPECT_EQ(first_slurm_node("node7"), "node7");
  EXPECT_EQ(first_slurm_node("node7,node8"), "node7");
  EXPECT_EQ(first_slurm_node("node[7-9]"), "node7");
  EXPECT_EQ(first_slurm_node("node[007,009-011],login"), "node007");
  EXPECT_EQ(first_slurm_node("rack[2-3]node[4-5].cluster"), "rack2node4.cluster");
  EXPECT_EQ(first_slurm_node("a-b_c[1]"), "a-b_c1");
  for (const char* bad : {"", ",node", "node[1-2", "node]1", "no de", "[", "node[1-2]x;rm", "\xff"}) {
    EXPECT_THROW(first_slurm_node(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace hone
