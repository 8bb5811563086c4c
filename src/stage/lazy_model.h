// A model that a reward runs.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "model/policy.h"
#include "text/chat_tokens.h"

namespace hone {

struct LazyModelOptions {
  std::string model;          // Hugging Face folder or .gguf file
  std::string dtype;          // auto | bf16 | fp32
  std::string chat_template;  // file that replaces the model's own; "" for none
  bool reward_head = false;
};

/// Loaded at its first use, since a recipe's rewards are also made only to be checked. Not thread-safe.
class LazyModel {
 public:
  struct Loaded {
    std::unique_ptr<Policy> policy;
    ChatTokenizer chat;
  };

  /// Error(recipe) that begins with `where` for a file that does not exist.
  LazyModel(LazyModelOptions options, const std::string& where);

  /// A model that could not be loaded is not tried again: the same Error every time.
  const Loaded& get();

 private:
  LazyModelOptions options_;
  std::optional<Loaded> loaded_;
  std::string problem_;
};

}  // namespace hone
