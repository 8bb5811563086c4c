// Starts this test program again as several ranks and collects what they say.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace hone::testing {

struct RankResult {
  int exit_code = -1;  // -signal if it was killed
  std::string output;
};

struct Launch {
  int ranks = 2;
  std::string scenario;                                   // see rank_scenarios.cpp
  std::map<int, std::map<std::string, std::string>> env;  // of single ranks; "" unsets
  std::chrono::seconds limit{60};                         // then every process is killed and counts as failed
};

std::vector<RankResult> launch_ranks(const Launch& launch);

/// A port that was free a moment ago.
int free_port();

}  // namespace hone::testing
