#include "model/policy.h"

#include <ATen/Parallel.h>

#include "base/threads.h"
#include "model/decoder.h"
#include "model/model_files.h"
#include "ops/embedding.h"

namespace hone {
namespace {

/// Vectors and matrices handed out in the layout order of list_parameters.
class Cutter {
 public:
  Cutter(const std::vector<Parameter>& parameters, float* weights, float* gradients)
      : parameters_(parameters), weights_(weights), gradients_(gradients) {}

  Norm norm(const std::string& name, const ModelConfig& config) const {
    const Parameter& p = find(name);
    return {weights_ + p.offset, gradients_ ? gradients_ + p.offset : nullptr, p.count,
            static_cast<float>(config.norm_offset), static_cast<float>(config.norm_eps)};
  }
  /// A matrix whose rows are the tensors `names`, which stand next to each other.
  Matrix matrix(const std::vector<std::string>& names, Type type) const {
    int64_t rows = 0;
    for (const std::string& name : names) rows += find(name).shape[0];
    const Parameter& first = find(names.front());
    Matrix m(rows, first.shape[1], type);
    if (gradients_) m.grad = gradients_ + first.offset;
    return m;
  }
  void bias(Matrix& m, const std::string& first_name) const {
    const Parameter& p = find(first_name);
    m.bias = weights_ + p.offset;
    m.bias_grad = gradients_ ? gradients_ + p.offset : nullptr;
  }

 private:
  const Parameter& find(const std::string& name) const {
    for (const Parameter& p : parameters_)
      if (p.name == name) return p;
    fail(ErrorKind::internal, "no parameter named {}", name);
  }
  const std::vector<Parameter>& parameters_;
  float* weights_;
  float* gradients_;
};

}  // namespace

Type compute_type(const std::string& dtype) {
  if (dtype == "bf16") return Type::bf16;
  if (dtype == "fp32") return Type::f32;
  HONE_CHECK(dtype == "auto", ErrorKind::usage, "dtype: expected auto, bf16 or fp32, got '{}'", dtype);
  return kernels::has_bf16() ? Type::bf16 : Type::f32;
}

std::unique_ptr<Policy> Policy::load(const std::filesystem::path& path, const PolicyOptions& options) {
  at::set_num_threads(1);  // ATen only does small work here; its own threads would spin against hone's
  const std::unique_ptr<ModelFiles> files = ModelFiles::open(path);
  std::unique_ptr<Policy> policy(new Policy);
  policy->config_ = files->config();
  HONE_CHECK(options.reward_head || !policy->config_.reward_head, ErrorKind::usage,
             "{}: is a reward model; a language model is needed here", path.string());
  const bool new_head = options.reward_head && !policy->config_.reward_head;
  if (new_head) give_reward_head(policy->config_);
  policy->tokenizer_ = std::make_shared<const Tokenizer>(files->tokenizer());
  policy->type_ = compute_type(options.dtype);
  policy->trainable_ = options.trainable;
  policy->build();
  std::vector<float> values;
  for (const Parameter& p : policy->parameters_) {
    const bool resident = p.offset + p.count <= static_cast<int64_t>(policy->weights_.size());
    if (!resident) values.resize(static_cast<size_t>(p.count));
    float* out = resident ? policy->weights_.data() + p.offset : values.data();
    if (new_head && p.name == "score.weight")
      std::fill_n(out, p.count, 0.f);
    else
      files->read(p, out);
    policy->pack_parameter(p, out);
  }
  return policy;
}

std::unique_ptr<Policy> Policy::freeze() const {
  std::unique_ptr<Policy> copy(new Policy);
  copy->config_ = config_;
  copy->tokenizer_ = tokenizer_;
  copy->type_ = type_;
  copy->version_ = version_;
  copy->build();
  std::copy_n(weights_.data(), copy->weights_.size(), copy->weights_.data());
  const auto copy_packed = [](const Matrix& from, Matrix& to) {
    std::copy_n(from.packed.data(), from.packed.size(), to.packed.data());
  };
  copy_packed(embedding_, copy->embedding_);
  if (config_.reward_head)
    copy_packed(score_, copy->score_);
  else if (!config_.tied)
    copy_packed(head_, copy->head_);
  for (size_t i = 0; i < layers_.size(); ++i) {
    copy_packed(layers_[i].qkv, copy->layers_[i].qkv);
    copy_packed(layers_[i].o, copy->layers_[i].o);
    copy_packed(layers_[i].gate_up, copy->layers_[i].gate_up);
    copy_packed(layers_[i].down, copy->layers_[i].down);
  }
  return copy;
}

void Policy::build() {
  parameters_ = list_parameters(config_);
  weights_ = FloatArray(static_cast<size_t>(trainable_ ? total_count(parameters_) : vector_count(parameters_)));
  if (trainable_) gradients_ = FloatArray(weights_.size());
  const Cutter cut(parameters_, weights_.data(), trainable_ ? gradients_.data() : nullptr);

  embedding_ = cut.matrix({"model.embed_tokens.weight"}, type_);
  if (config_.reward_head)
    score_ = cut.matrix({"score.weight"}, Type::f32);
  else if (!config_.tied)
    head_ = cut.matrix({"lm_head.weight"}, type_);
  final_norm_ = cut.norm("model.norm.weight", config_);
  layers_.clear();
  for (int64_t i = 0; i < config_.layers; ++i) {
    const std::string at = fmt::format("model.layers.{}.", i);
    Layer layer;
    layer.attn_norm = cut.norm(at + "input_layernorm.weight", config_);
    if (config_.post_norms) {
      layer.post_attn_norm = cut.norm(at + "post_attention_layernorm.weight", config_);
      layer.mlp_norm = cut.norm(at + "pre_feedforward_layernorm.weight", config_);
      layer.post_mlp_norm = cut.norm(at + "post_feedforward_layernorm.weight", config_);
    } else {
      layer.mlp_norm = cut.norm(at + "post_attention_layernorm.weight", config_);
    }
    layer.qkv = cut.matrix(
        {at + "self_attn.q_proj.weight", at + "self_attn.k_proj.weight", at + "self_attn.v_proj.weight"}, type_);
    if (config_.qkv_bias) cut.bias(layer.qkv, at + "self_attn.q_proj.bias");
    layer.o = cut.matrix({at + "self_attn.o_proj.weight"}, type_);
    layer.gate_up = cut.matrix({at + "mlp.gate_proj.weight", at + "mlp.up_proj.weight"}, type_);
    layer.down = cut.matrix({at + "mlp.down_proj.weight"}, type_);
    layer.attn = {.kv = {type_, config_.kv_heads, config_.head_dim},
                  .heads = config_.heads,
                  .scale = static_cast<float>(config_.attn_scale),
                  .window = config_.windows[static_cast<size_t>(i)]};
    if (config_.qk_norm) {
      layer.attn.q_norm = cut.norm(at + "self_attn.q_norm.weight", config_);
      layer.attn.k_norm = cut.norm(at + "self_attn.k_norm.weight", config_);
    }
    layer.local = config_.family == "gemma3" && layer.attn.window > 0;
    layers_.push_back(std::move(layer));
  }
  rope_ = make_rope_table(config_.rope, config_.max_positions, config_.head_dim);
  local_rope_ =
      config_.family == "gemma3" ? make_rope_table(config_.local_rope, config_.max_positions, config_.head_dim) : rope_;
  anchor_ = at::zeros({1}, at::kFloat).requires_grad_(trainable_);
}

void Policy::pack_parameter(const Parameter& p, const float* values) {
  if (p.shape.size() != 2) return;
  const auto ends_with = [&](const char* suffix) { return p.name.ends_with(suffix); };
  if (ends_with("embed_tokens.weight")) return embedding_.pack(values, 0, p.shape[0]);
  if (ends_with("score.weight")) return score_.pack(values, 0, 1);
  if (ends_with("lm_head.weight")) return head_.pack(values, 0, p.shape[0]);
  constexpr std::string_view kPrefix = "model.layers.";
  HONE_ASSERT(p.name.starts_with(kPrefix));
  Layer& layer = layers_.at(std::stoul(p.name.substr(kPrefix.size())));
  const int64_t q_rows = config_.heads * config_.head_dim, kv_rows = config_.kv_heads * config_.head_dim;
  if (ends_with("q_proj.weight")) return layer.qkv.pack(values, 0, q_rows);
  if (ends_with("k_proj.weight")) return layer.qkv.pack(values, q_rows, kv_rows);
  if (ends_with("v_proj.weight")) return layer.qkv.pack(values, q_rows + kv_rows, kv_rows);
  if (ends_with("o_proj.weight")) return layer.o.pack(values, 0, p.shape[0]);
  if (ends_with("gate_proj.weight")) return layer.gate_up.pack(values, 0, config_.ffn);
  if (ends_with("up_proj.weight")) return layer.gate_up.pack(values, config_.ffn, config_.ffn);
  if (ends_with("down_proj.weight")) return layer.down.pack(values, 0, p.shape[0]);
  fail(ErrorKind::internal, "no matrix for parameter {}", p.name);
}

void Policy::repack(int64_t version) {
  HONE_ASSERT(trainable_);
  for (const Parameter& p : parameters_) pack_parameter(p, weights_.data() + p.offset);
  version_ = version;
}

Tensor Policy::residual(const TokenBatch& batch, int64_t recomputed_blocks) const {
  const std::shared_ptr<const RowPlan> plan = plan_rows(batch, config_.max_positions);
  Tensor x = embed(batch.ids, embedding_, static_cast<float>(config_.embed_scale), anchor_);
  for (const Layer& layer : layers_) {
    const RopeTable& rope = layer.local ? local_rope_ : rope_;
    const auto block = [this, &layer, &rope, plan](const Tensor& input) {
      return decoder_block(layer, config_.act, rope, input, plan, make_kv_store(layer.attn.kv, plan->num_blocks));
    };
    x = recomputed_blocks-- > 0 ? checkpointed(x, block) : block(x);
  }
  return x;
}

HeadOutput Policy::logprobs(const TokenBatch& batch, float temperature, int64_t recomputed_blocks) const {
  HONE_ASSERT(batch.predict_rows.size() == batch.targets.size());
  const Tensor x = residual(batch, recomputed_blocks);
  const Tensor h = norm_rows(take_rows(x, batch.predict_rows), final_norm_, head().type);
  return head_logprobs(h, head(), batch.targets, temperature);
}

Tensor Policy::scores(const TokenBatch& batch, int64_t recomputed_blocks) const {
  HONE_ASSERT(config_.reward_head);
  const Tensor x = residual(batch, recomputed_blocks);
  return norm_linear(take_rows(x, batch.predict_rows), final_norm_, score_, Type::f32).view({-1});
}

Tensor Policy::hidden_states(const std::vector<int32_t>& ids, const std::shared_ptr<const RowPlan>& plan,
                             const KvCache& cache) const {
  const at::NoGradGuard no_graph;
  Tensor x = embed(ids, embedding_, static_cast<float>(config_.embed_scale), anchor_);
  for (size_t i = 0; i < layers_.size(); ++i)
    x = decoder_block(layers_[i], config_.act, layers_[i].local ? local_rope_ : rope_, x, plan, cache.layers[i]);
  return x;
}

Tensor Policy::logits(const Tensor& hidden, const std::vector<int32_t>& rows) const {
  const at::NoGradGuard no_graph;
  return head_logits(norm_rows(take_rows(hidden, rows), final_norm_, head().type), head());
}

KvCache Policy::make_cache(int64_t blocks) const {
  KvCache cache{.blocks = blocks};
  for (const Layer& layer : layers_) cache.layers.push_back(make_kv_store(layer.attn.kv, blocks));
  return cache;
}

void Policy::save_hf(const std::filesystem::path& folder, Type dtype) const {
  save_hf_folder(
      folder, config_, *tokenizer_,
      [&](const Parameter& p) -> const float* {
        if (p.offset + p.count <= static_cast<int64_t>(weights_.size())) return weights_.data() + p.offset;
        fail(ErrorKind::usage, "a frozen policy keeps no fp32 weights to save; load the model as trainable");
      },
      dtype);
}

}  // namespace hone
