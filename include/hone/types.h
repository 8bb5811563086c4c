// The records that flow between stages: a prompt, one sampled completion of it, and the group of its completions.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace hone {

/// One turn of a conversation (OpenAI's names).
struct Message {
  std::string role;  // system | user | assistant | tool
  std::string content;
};

/// What a rollout starts from. `id` is the row of its data set and, with seed, step and sample index, the only thing
/// that a sample's random numbers depend on.
struct Prompt {
  int64_t id = 0;
  std::vector<int32_t> ids;                      // rendered and tokenised, never empty
  std::string text;                              // what `ids` was made from
  std::string source;                            // data source: picks rewards and metric names
  std::shared_ptr<const nlohmann::json> fields;  // the whole record: answer, tests, ...
};

enum class Finish { stop, length, context };  // a stop id or string | max_tokens | the model's context is full

/// One completion as the engine made it.
struct Sample {
  std::vector<int32_t> ids;         // generated tokens, the stop token included
  std::vector<float> logp;          // full-distribution log-prob of each token at the sampling temperature
  std::vector<float> logp_sampled;  // log-prob under the truncated distribution it was drawn from; empty if the same
  std::string text;                 // decoded, without the stop token or stop string
  Finish finish = Finish::stop;
  int64_t version = 0;  // optimiser steps taken by the weights that wrote it

  float reward = 0.f;                  // weighted sum of the parts
  bool scored = false;                 // false: unscorable, leaves its group's statistics
  std::map<std::string, float> parts;  // reward part -> raw value, before its weight
  std::string why;                     // scorer's explanation
};

struct Group {
  Prompt prompt;
  std::vector<Sample> samples;
};

}  // namespace hone
