// A model in memory: one set of weights that the engine samples from and the trainer updates.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hone/batch.h"
#include "hone/tokenizer.h"
#include "model/config.h"
#include "model/parameters.h"
#include "ops/attention.h"
#include "ops/head.h"
#include "ops/weights.h"

namespace hone {

struct Layer {
  Norm attn_norm, post_attn_norm, mlp_norm, post_mlp_norm;  // the post norms are empty outside gemma3
  Matrix qkv, o, gate_up, down;
  AttentionSpec attn;
  bool local = false;  // uses the local rotary table
};

/// What a `dtype` option means on this machine: auto is bf16 where the CPU has bf16 instructions. Error(usage) for
/// other words than auto, bf16 and fp32.
Type compute_type(const std::string& dtype);

struct PolicyOptions {
  std::string dtype = "auto";  // auto | bf16 | fp32
  bool trainable = false;      // keep fp32 master weights and gradients
  bool reward_head = false;    // a reward model; a language model's head is replaced by one of zeros
};

/// Keys and values of all layers for the engine: `blocks` pages of 64 positions.
struct KvCache {
  std::vector<KvStore> layers;
  int64_t blocks = 0;
};

class Policy {
 public:
  /// Loads an HF folder or .gguf. Error(format|data|io) names what is wrong with it.
  static std::unique_ptr<Policy> load(const std::filesystem::path& path, const PolicyOptions& options);
  /// A frozen copy of the current weights: the reference model of a KL term.
  std::unique_ptr<Policy> freeze() const;

  const ModelConfig& config() const { return config_; }
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  Type type() const { return type_; }
  bool trainable() const { return trainable_; }
  int64_t version() const { return version_; }  // optimiser steps taken

  /// Flat fp32 arrays of a trainable policy, cut by parameters().
  const std::vector<Parameter>& parameters() const { return parameters_; }
  std::span<float> weights() { return weights_; }
  std::span<float> gradients() { return gradients_; }
  /// Rounds the master weights into the shared compute copy after an update; the version becomes `version`.
  void repack(int64_t version);

  /// Log-probs of batch.targets [N], differentiable; gradients accumulate in gradients(). Of the first
  /// `recomputed_blocks` blocks only the input is kept, and the rest computed again in the backward pass, with the same
  /// bits.
  HeadOutput logprobs(const TokenBatch& batch, float temperature, int64_t recomputed_blocks = 0) const;

  /// Rewards [N] of batch.predict_rows, differentiable: what the scalar head makes of the last hidden state of each.
  /// batch.targets is not looked at. Only of a policy with a reward head.
  Tensor scores(const TokenBatch& batch, int64_t recomputed_blocks = 0) const;

  /// Engine path through the same layers: the residual stream [T, hidden] fp32 of the rows of `plan`; keys and values
  /// go to `cache`.
  Tensor hidden_states(const std::vector<int32_t>& ids, const std::shared_ptr<const RowPlan>& plan,
                       const KvCache& cache) const;
  /// Logits [N, vocab] fp32, not divided by a temperature, of rows of hidden_states.
  Tensor logits(const Tensor& hidden, const std::vector<int32_t>& rows) const;
  /// The matrix over the vocabulary; of a policy without a reward head.
  const Matrix& head() const { return config_.tied ? embedding_ : head_; }
  KvCache make_cache(int64_t blocks) const;

  /// Writes a Hugging Face folder with the master weights in `dtype`. Error(usage) for a policy that is not trainable.
  void save_hf(const std::filesystem::path& folder, Type dtype) const;

 private:
  Policy() = default;
  void build();  // layers over the flat arrays
  void pack_parameter(const Parameter& p, const float* values);
  /// The residual stream [T, hidden] behind the last block, as training computes it.
  Tensor residual(const TokenBatch& batch, int64_t recomputed_blocks) const;

  ModelConfig config_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  Type type_ = Type::f32;
  bool trainable_ = false;
  int64_t version_ = 0;
  std::vector<Parameter> parameters_;
  FloatArray weights_, gradients_;  // a frozen policy holds the vectors' part only, and no gradients
  Matrix embedding_, head_, score_;
  Norm final_norm_;
  std::vector<Layer> layers_;
  RopeTable rope_, local_rope_;
  Tensor anchor_;
};

/// Where the rows of a packed batch stand: positions, block tables, KV writes. Error(data) when a segment is malformed
/// or a position is past `max_positions`.
std::shared_ptr<const RowPlan> plan_rows(const TokenBatch& batch, int64_t max_positions);

}  // namespace hone
