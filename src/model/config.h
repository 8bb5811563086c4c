// The shape of a decoder-only transformer, as read from config.json or GGUF metadata. One record covers the llama,
// mistral, qwen2, qwen3 and gemma3 families; a family is a way to fill it (families.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ops/linear.h"

namespace hone {

/// Rotary frequencies: theta^(-2i/d), then scaled.
struct RopeConfig {
  double theta = 10000;
  std::string scaling = "none";  // none | linear | llama3
  double factor = 1;             // linear and llama3
  double low_freq_factor = 1, high_freq_factor = 4;
  int64_t original_max_positions = 8192;
};

struct ModelConfig {
  std::string family;  // llama | mistral | qwen2 | qwen3 | gemma3
  int64_t vocab = 0, hidden = 0, layers = 0, heads = 0, kv_heads = 0, head_dim = 0, ffn = 0;
  int64_t max_positions = 0;  // context length
  double norm_eps = 1e-6;
  double norm_offset = 0;    // gemma: RMSNorm applies (1 + w)
  bool qkv_bias = false;     // qwen2
  bool qk_norm = false;      // qwen3, gemma3: RMSNorm of each query and key head
  bool post_norms = false;   // gemma3: a norm after each sublayer, before the residual sum
  bool tied = false;         // the head is the embedding
  bool reward_head = false;  // a scalar head in the place of the language model's
  Glu act = Glu::silu;
  double embed_scale = 1;        // gemma: sqrt(hidden)
  double attn_scale = 0;         // 1 / sqrt(head_dim), or gemma's 1 / sqrt(query_pre_attn_scalar)
  RopeConfig rope;               // of global layers
  RopeConfig local_rope;         // of sliding-window layers (gemma3)
  std::vector<int64_t> windows;  // [layers] sliding window, 0 = all earlier keys

  nlohmann::json hf;  // config.json as read, or made from GGUF metadata: what an exported folder gets
};

/// cos and sin tables [positions, head_dim / 2] of one rotary configuration, computed in double.
struct RopeTable make_rope_table(const RopeConfig& rope, int64_t positions, int64_t head_dim);

}  // namespace hone
