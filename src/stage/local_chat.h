// A chat model in this process, decoded by the rollout engine.
#pragma once

#include <string>

#include "hone/options.h"
#include "reward/judge.h"

namespace hone {

struct LocalChatOptions {
  std::string model;
  std::string dtype = "auto";
  std::string chat_template;
  double temperature = 0;
  int64_t max_tokens = 1024;
  int64_t seed = 0;
  int64_t max_concurrent = 16;
  double kv_memory_gb = 1;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("model", c.model, "Hugging Face folder or .gguf file");
    v("dtype", c.dtype, "compute type", one_of({"auto", "bf16", "fp32"}));
    v("chat_template", c.chat_template, "file with a chat template that replaces the model's own");
    v("temperature", c.temperature, "sampling temperature of the judge; 0 is greedy", between(0, 10));
    v("max_tokens", c.max_tokens, "tokens of a reply", between(1, 1e6));
    v("seed", c.seed, "seed of its draws", at_least(0));
    v("max_concurrent", c.max_concurrent, "replies decoded together", between(1, 1024));
    v("kv_memory_gb", c.kv_memory_gb, "keys and values of the replies being decoded, at most", above(0));
  }
};

/// The model is loaded when it is first asked. Whoever asks first decodes for all who wait; a reply depends on the
/// messages and the options alone, never on what is decoded beside it. Error(recipe) for a missing path.
ChatFunction make_local_chat(const LocalChatOptions& options, const std::string& where);

}  // namespace hone
