#include "model/parameters.h"

#include <fmt/format.h>

namespace hone {
namespace {

class Lister {
 public:
  void vector(std::string name, int64_t n) { add(std::move(name), {n}, false); }
  void matrix(std::string name, int64_t rows, int64_t cols) { add(std::move(name), {rows, cols}, true); }
  std::vector<Parameter> take() { return std::move(list_); }

 private:
  void add(std::string name, std::vector<int64_t> shape, bool decay) {
    int64_t count = 1;
    for (const int64_t n : shape) count *= n;
    list_.push_back({std::move(name), std::move(shape), offset_, count, decay});
    offset_ += count;
  }
  std::vector<Parameter> list_;
  int64_t offset_ = 0;
};

}  // namespace

std::vector<Parameter> list_parameters(const ModelConfig& c) {
  Lister list;
  const int64_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  list.vector("model.norm.weight", c.hidden);
  for (int64_t i = 0; i < c.layers; ++i) {
    const std::string at = fmt::format("model.layers.{}.", i);
    list.vector(at + "input_layernorm.weight", c.hidden);
    list.vector(at + "post_attention_layernorm.weight", c.hidden);
    if (c.post_norms) {
      list.vector(at + "pre_feedforward_layernorm.weight", c.hidden);
      list.vector(at + "post_feedforward_layernorm.weight", c.hidden);
    }
    if (c.qk_norm) {
      list.vector(at + "self_attn.q_norm.weight", c.head_dim);
      list.vector(at + "self_attn.k_norm.weight", c.head_dim);
    }
    if (c.qkv_bias) {
      list.vector(at + "self_attn.q_proj.bias", q);
      list.vector(at + "self_attn.k_proj.bias", kv);
      list.vector(at + "self_attn.v_proj.bias", kv);
    }
  }
  list.matrix("model.embed_tokens.weight", c.vocab, c.hidden);
  if (c.reward_head)
    list.matrix("score.weight", 1, c.hidden);
  else if (!c.tied)
    list.matrix("lm_head.weight", c.vocab, c.hidden);
  for (int64_t i = 0; i < c.layers; ++i) {
    const std::string at = fmt::format("model.layers.{}.", i);
    list.matrix(at + "self_attn.q_proj.weight", q, c.hidden);
    list.matrix(at + "self_attn.k_proj.weight", kv, c.hidden);
    list.matrix(at + "self_attn.v_proj.weight", kv, c.hidden);
    list.matrix(at + "self_attn.o_proj.weight", c.hidden, q);
    list.matrix(at + "mlp.gate_proj.weight", c.ffn, c.hidden);
    list.matrix(at + "mlp.up_proj.weight", c.ffn, c.hidden);
    list.matrix(at + "mlp.down_proj.weight", c.hidden, c.ffn);
  }
  return list.take();
}

int64_t total_count(const std::vector<Parameter>& parameters) {
  return parameters.empty() ? 0 : parameters.back().offset + parameters.back().count;
}

int64_t vector_count(const std::vector<Parameter>& parameters) {
  for (const Parameter& p : parameters)
    if (p.shape.size() == 2) return p.offset;
  return total_count(parameters);
}

}  // namespace hone
