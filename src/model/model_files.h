// Reading and writing whole models: Hugging Face folders and GGUF files.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "hone/tokenizer.h"
#include "model/config.h"
#include "model/parameters.h"

namespace hone {

/// A model on disk: its shape, its tokenizer, and its tensors by Hugging Face name.
class ModelFiles {
 public:
  /// Opens an HF folder (config.json, *.safetensors, tokenizer) or a .gguf file and checks that every tensor of the
  /// family is there with the shape that the configuration asks for. Error(format) names file, tensor, expected and
  /// actual.
  static std::unique_ptr<ModelFiles> open(const std::filesystem::path& path);
  virtual ~ModelFiles() = default;

  const ModelConfig& config() const { return config_; }
  const Tokenizer& tokenizer() const { return tokenizer_; }

  /// Writes tensor `p` as fp32 in Hugging Face's layout to out [p.count]. Error(data) for values that are not finite.
  virtual void read(const Parameter& p, float* out) const = 0;

 protected:
  ModelFiles(ModelConfig config, Tokenizer tokenizer) : config_(std::move(config)), tokenizer_(std::move(tokenizer)) {}
  ModelConfig config_;
  Tokenizer tokenizer_;
};

/// Makes a reward model's configuration out of a language model's: as transformers' ...ForSequenceClassification with
/// one label.
void give_reward_head(ModelConfig& config);

/// Whether the folder's config.json describes a reward model. Error(io|format) for one that cannot be read.
bool is_reward_model(const std::filesystem::path& folder);

/// Writes an HF folder that transformers loads as it is: config.json, generation_config.json, model.safetensors
/// (sharded above 5 GB) of `dtype`, tokenizer files and chat template. Written aside and renamed: never half there. A
/// tied head is not stored twice. `weights(p)` gives the fp32 values of a parameter.
void save_hf_folder(const std::filesystem::path& folder, const ModelConfig& config, const Tokenizer& tokenizer,
                    const std::function<const float*(const Parameter&)>& weights, Type dtype);

}  // namespace hone
