#include "model/gguf_config.h"

#include <cmath>

#include "base/check.h"
#include "base/text.h"
#include "model/hf_config.h"

namespace hone {
namespace {

using nlohmann::json;

/// Llama 3's frequency factors are stored as a tensor; the parameters that made them are found among the published
/// ones.
void read_rope_factors(const GgufFile& file, ModelConfig& c) {
  const TensorView* factors = file.find("rope_freqs.weight");
  if (factors == nullptr) return;
  HONE_CHECK(factors->numel() == c.head_dim / 2, ErrorKind::format,
             "{}: rope_freqs.weight: expected {} factors, got {}", file.name(), c.head_dim / 2, factors->numel());
  std::vector<float> stored(static_cast<size_t>(factors->numel()));
  to_float(*factors, stored.data());
  for (const double factor : {8.0, 32.0, 16.0, 4.0, 2.0}) {
    RopeConfig rope = c.rope;
    rope.scaling = "llama3", rope.factor = factor;
    bool same = true;
    for (int64_t i = 0; i < c.head_dim / 2 && same; ++i) {
      const double plain = std::pow(rope.theta, -2.0 * static_cast<double>(i) / static_cast<double>(c.head_dim));
      const double wavelength = 2 * M_PI / plain, original = static_cast<double>(rope.original_max_positions);
      double expected = 1;
      if (wavelength > original / rope.low_freq_factor)
        expected = factor;
      else if (wavelength >= original / rope.high_freq_factor) {
        const double smooth =
            (original / wavelength - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
        expected = 1 / ((1 - smooth) / factor + smooth);
      }
      same = std::abs(expected - stored[static_cast<size_t>(i)]) < 1e-4 * expected;
    }
    if (same) {
      c.rope = rope;
      return;
    }
  }
  fail(ErrorKind::format, "{}: rope_freqs.weight holds factors of no known rope scaling", file.name());
}

json hf_json(const ModelConfig& c, const GgufFile& file) {
  const std::map<std::string, std::string> classes = {{"llama", "LlamaForCausalLM"},
                                                      {"qwen2", "Qwen2ForCausalLM"},
                                                      {"qwen3", "Qwen3ForCausalLM"},
                                                      {"gemma3", "Gemma3ForCausalLM"}};
  json out = {{"architectures", {classes.at(c.family)}},
              {"model_type", c.family == "gemma3" ? "gemma3_text" : c.family},
              {"vocab_size", c.vocab},
              {"hidden_size", c.hidden},
              {"num_hidden_layers", c.layers},
              {"num_attention_heads", c.heads},
              {"num_key_value_heads", c.kv_heads},
              {"head_dim", c.head_dim},
              {"intermediate_size", c.ffn},
              {"max_position_embeddings", c.max_positions},
              {"rms_norm_eps", c.norm_eps},
              {"rope_theta", c.rope.theta},
              {"tie_word_embeddings", c.tied}};
  if (c.family == "gemma3") {
    out["hidden_activation"] = "gelu_pytorch_tanh";
    out["query_pre_attn_scalar"] = std::round(1 / (c.attn_scale * c.attn_scale));
    out["rope_local_base_freq"] = c.local_rope.theta;
    json types = json::array();
    int64_t window = 0;
    for (const int64_t w : c.windows)
      types.push_back(w > 0 ? "sliding_attention" : "full_attention"), window = std::max(window, w);
    out["layer_types"] = types;
    if (window > 0) out["sliding_window"] = window;
  } else {
    out["hidden_act"] = "silu";
  }
  if (c.rope.scaling == "llama3")
    out["rope_scaling"] = {{"rope_type", "llama3"},
                           {"factor", c.rope.factor},
                           {"low_freq_factor", c.rope.low_freq_factor},
                           {"high_freq_factor", c.rope.high_freq_factor},
                           {"original_max_position_embeddings", c.rope.original_max_positions}};
  if (c.rope.scaling == "linear") out["rope_scaling"] = {{"rope_type", "linear"}, {"factor", c.rope.factor}};
  for (const auto& [hf, gguf] :
       {std::pair{"bos_token_id", "tokenizer.ggml.bos_token_id"}, {"eos_token_id", "tokenizer.ggml.eos_token_id"}})
    if (const auto id = file.get_optional<int64_t>(gguf)) out[hf] = *id;
  return out;
}

}  // namespace

ModelConfig config_from_gguf(const GgufFile& file) {
  const std::string arch = file.get<std::string>("general.architecture");
  static const std::vector<std::string> kKnown = {"llama", "qwen2", "qwen3", "gemma3"};
  HONE_CHECK(std::find(kKnown.begin(), kKnown.end(), arch) != kKnown.end(), ErrorKind::format,
             "{}: architecture {} is not supported; hone knows {}", file.name(), quote_for_message(arch),
             join(kKnown, ", "));
  const auto key = [&](const char* k) { return arch + "." + k; };
  const auto integer = [&](const char* k) { return file.get<int64_t>(key(k)); };
  const bool gemma = arch == "gemma3";
  ModelConfig c;
  c.family = arch;
  const TensorView& embedding = file.at("token_embd.weight");
  HONE_CHECK(embedding.shape.size() == 2, ErrorKind::format, "{}: token_embd.weight: expected a matrix, got {}",
             file.name(), shape_text(embedding.shape));
  c.vocab = embedding.shape[0];
  c.hidden = integer("embedding_length");
  c.layers = integer("block_count");
  c.heads = integer("attention.head_count");
  c.kv_heads = file.get_optional<int64_t>(key("attention.head_count_kv")).value_or(c.heads);
  HONE_CHECK(c.heads > 0, ErrorKind::format, "{}: {} must be positive, got {}", file.name(),
             key("attention.head_count"), c.heads);
  c.head_dim = file.get_optional<int64_t>(key("attention.key_length")).value_or(c.hidden / c.heads);
  c.ffn = integer("feed_forward_length");
  c.max_positions = integer("context_length");
  c.norm_eps = file.get<double>(key("attention.layer_norm_rms_epsilon"));
  c.norm_offset = gemma ? 1 : 0;
  c.qkv_bias = arch == "qwen2";
  c.qk_norm = arch == "qwen3" || gemma;
  c.post_norms = gemma;
  c.tied = file.find("output.weight") == nullptr;
  c.act = gemma ? Glu::gelu : Glu::silu;
  c.embed_scale = gemma ? std::sqrt(static_cast<double>(c.hidden)) : 1;
  // Gemma 3 scales by its head size, except the 27B model, which scales by hidden / heads.
  const double scalar = gemma && c.layers == 62 ? static_cast<double>(c.hidden) / static_cast<double>(c.heads)
                                                : static_cast<double>(c.head_dim);
  c.attn_scale = 1 / std::sqrt(scalar);
  c.rope.theta = file.get_optional<double>(key("rope.freq_base")).value_or(gemma ? 1e6 : 1e4);
  if (const auto type = file.get_optional<std::string>(key("rope.scaling.type")); type && *type != "none") {
    HONE_CHECK(*type == "linear", ErrorKind::format, "{}: rope scaling '{}' is not supported", file.name(), *type);
    c.rope.scaling = "linear", c.rope.factor = file.get<double>(key("rope.scaling.factor"));
  }
  check_config(c, file.name());
  read_rope_factors(file, c);
  c.windows.assign(static_cast<size_t>(c.layers), 0);
  if (gemma) {
    const int64_t window = file.get_optional<int64_t>(key("attention.sliding_window")).value_or(0);
    for (int64_t i = 0; i < c.layers; ++i)
      if ((i + 1) % 6 != 0) c.windows[static_cast<size_t>(i)] = window;
  }
  c.hf = hf_json(c, file);
  return c;
}

std::string gguf_tensor_name(const std::string& hf_name, bool post_norms) {
  if (hf_name == "model.embed_tokens.weight") return "token_embd.weight";
  if (hf_name == "model.norm.weight") return "output_norm.weight";
  if (hf_name == "lm_head.weight") return "output.weight";
  static const std::vector<std::pair<std::string, std::string>> kNames = {
      {"input_layernorm", "attn_norm"},
      {"pre_feedforward_layernorm", "ffn_norm"},
      {"post_feedforward_layernorm", "post_ffw_norm"},
      {"self_attn.q_proj", "attn_q"},
      {"self_attn.k_proj", "attn_k"},
      {"self_attn.v_proj", "attn_v"},
      {"self_attn.o_proj", "attn_output"},
      {"self_attn.q_norm", "attn_q_norm"},
      {"self_attn.k_norm", "attn_k_norm"},
      {"mlp.gate_proj", "ffn_gate"},
      {"mlp.up_proj", "ffn_up"},
      {"mlp.down_proj", "ffn_down"},
      {"post_attention_layernorm", post_norms ? "post_attention_norm" : "ffn_norm"}};
  const std::string prefix = "model.layers.";
  const size_t dot = hf_name.find('.', prefix.size());
  const size_t last = hf_name.rfind('.');
  const std::string layer = hf_name.substr(prefix.size(), dot - prefix.size()),
                    middle = hf_name.substr(dot + 1, last - dot - 1);
  for (const auto& [hf, gguf] : kNames)
    if (middle == hf) return "blk." + layer + "." + gguf + hf_name.substr(last);
  fail(ErrorKind::internal, "no GGUF name for {}", hf_name);
}

}  // namespace hone
