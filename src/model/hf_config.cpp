#include "model/hf_config.h"

#include <cmath>

#include "base/check.h"
#include "base/text.h"

namespace hone {
namespace {

using nlohmann::json;

/// Typed access to one JSON object, with errors that name file and key.
class Keys {
 public:
  Keys(const json& object, std::string name) : object_(object), name_(std::move(name)) {
    HONE_CHECK(object.is_object(), ErrorKind::format, "{}: expected an object", name_);
  }
  bool has(const char* key) const { return object_.contains(key) && !object_[key].is_null(); }
  bool is_null(const char* key) const { return object_.contains(key) && object_[key].is_null(); }
  int64_t integer(const char* key) const {
    HONE_CHECK(has(key), ErrorKind::format, "{}: the key '{}' is missing", name_, key);
    HONE_CHECK(object_[key].is_number_integer(), ErrorKind::format, "{}: {}: expected an integer, got {}", name_, key,
               quoted(key));
    return object_[key].get<int64_t>();
  }
  int64_t integer(const char* key, int64_t otherwise) const { return has(key) ? integer(key) : otherwise; }
  double number(const char* key, double otherwise) const {
    if (!has(key)) return otherwise;
    HONE_CHECK(object_[key].is_number(), ErrorKind::format, "{}: {}: expected a number, got {}", name_, key,
               quoted(key));
    return object_[key].get<double>();
  }
  bool boolean(const char* key, bool otherwise) const {
    if (!has(key)) return otherwise;
    HONE_CHECK(object_[key].is_boolean(), ErrorKind::format, "{}: {}: expected true or false, got {}", name_, key,
               quoted(key));
    return object_[key].get<bool>();
  }
  std::string text(const char* key, const std::string& otherwise) const {
    if (!has(key)) return otherwise;
    HONE_CHECK(object_[key].is_string(), ErrorKind::format, "{}: {}: expected a string, got {}", name_, key,
               quoted(key));
    return object_[key].get<std::string>();
  }
  const json* object(const char* key) const { return has(key) ? &object_[key] : nullptr; }
  /// A feature hone does not have must be absent, null or false.
  void refuse(const char* key) const {
    HONE_CHECK(!has(key) || object_[key] == false, ErrorKind::format, "{}: {} = {} is not supported", name_, key,
               quoted(key));
  }
  const std::string& name() const { return name_; }

 private:
  std::string quoted(const char* key) const {
    return quote_for_message(object_[key].dump(-1, ' ', false, json::error_handler_t::replace), 60);
  }
  const json& object_;
  std::string name_;
};

RopeConfig read_rope(const json* scaling, double theta, const std::string& name) {
  RopeConfig rope{.theta = theta};
  if (scaling == nullptr) return rope;
  const Keys keys(*scaling, name);
  rope.theta = keys.number("rope_theta", theta);
  HONE_CHECK(keys.number("partial_rotary_factor", 1) == 1, ErrorKind::format,
             "{}: partial_rotary_factor: only 1 is supported", name);
  const std::string type = keys.text("rope_type", keys.text("type", "default"));
  if (type == "default") return rope;
  HONE_CHECK(type == "linear" || type == "llama3", ErrorKind::format,
             "{}: rope type '{}' is not supported; hone knows default, linear and llama3", name, type);
  rope.scaling = type;
  rope.factor = keys.number("factor", 1);
  rope.low_freq_factor = keys.number("low_freq_factor", 1);
  rope.high_freq_factor = keys.number("high_freq_factor", 4);
  rope.original_max_positions = keys.integer("original_max_position_embeddings", 8192);
  HONE_CHECK(rope.factor > 0 && rope.low_freq_factor > 0 && rope.high_freq_factor > rope.low_freq_factor &&
                 rope.original_max_positions > 0,
             ErrorKind::format, "{}: impossible rope scaling", name);
  return rope;
}

/// Which layers look through a sliding window, with transformers' defaults for absent keys. Llama has none whatever its
/// file says, mistral has one in every layer; the others follow layer_types or, in older files, a pattern.
std::vector<int64_t> read_windows(const Keys& keys, const ModelConfig& c) {
  std::vector<int64_t> windows(static_cast<size_t>(c.layers), 0);
  const bool qwen = c.family == "qwen2" || c.family == "qwen3";
  if (c.family == "llama" || (qwen && !keys.boolean("use_sliding_window", false))) return windows;
  if (keys.is_null("sliding_window")) return windows;
  const int64_t window = keys.integer("sliding_window", 4096);
  HONE_CHECK(window > 0, ErrorKind::format, "{}: sliding_window: expected a positive number or null, got {}",
             keys.name(), window);
  const json* types = c.family == "mistral" ? nullptr : keys.object("layer_types");
  HONE_CHECK(types == nullptr || (types->is_array() && static_cast<int64_t>(types->size()) == c.layers),
             ErrorKind::format, "{}: layer_types: expected a list of {} names", keys.name(), c.layers);
  const int64_t pattern = keys.integer("sliding_window_pattern", keys.integer("_sliding_window_pattern", 6));
  const int64_t full_below = keys.integer("max_window_layers", 28);
  for (int64_t i = 0; i < c.layers; ++i) {
    bool local = true;
    if (types != nullptr)
      local = (*types)[static_cast<size_t>(i)] == "sliding_attention";
    else if (c.family == "gemma3")
      local = pattern > 0 && (i + 1) % pattern != 0;
    else if (qwen)
      local = i >= full_below;
    if (local) windows[static_cast<size_t>(i)] = window;
  }
  return windows;
}

/// Whether the model is transformers' classifier with a single label: a reward model.
bool has_reward_head(const json& config, const std::string& name) {
  const auto classes = config.find("architectures");
  if (classes == config.end() || !classes->is_array() || classes->empty() || !classes->front().is_string())
    return false;
  if (!classes->front().get_ref<const std::string&>().ends_with(kRewardSuffix)) return false;
  const auto labels = config.find("id2label");
  const size_t count = labels != config.end() && labels->is_object() ? labels->size() : 2;  // transformers' default
  HONE_CHECK(count == 1, ErrorKind::format, "{}: a classifier with {} labels; a reward model has one (id2label)", name,
             count);
  return true;
}

}  // namespace

ModelConfig config_from_hf(const json& config, const std::string& name) {
  const Keys keys(config, name);
  const std::string type = keys.text("model_type", "");
  static const std::vector<std::string> kKnown = {"llama", "mistral", "qwen2", "qwen3", "gemma3_text"};
  HONE_CHECK(std::find(kKnown.begin(), kKnown.end(), type) != kKnown.end(), ErrorKind::format,
             "{}: model_type {} is not supported; hone knows {}{}", name, quote_for_message(type), join(kKnown, ", "),
             did_you_mean(type, kKnown));
  for (const char* key : {"mlp_bias", "quantization_config", "attn_logit_softcapping", "final_logit_softcapping",
                          "use_bidirectional_attention"})
    keys.refuse(key);
  ModelConfig c;
  c.family = type == "gemma3_text" ? "gemma3" : type;
  const bool gemma = c.family == "gemma3";
  if (c.family != "qwen2") keys.refuse("attention_bias");
  c.vocab = keys.integer("vocab_size");
  c.hidden = keys.integer("hidden_size");
  c.layers = keys.integer("num_hidden_layers");
  c.heads = keys.integer("num_attention_heads");
  c.kv_heads = keys.integer("num_key_value_heads", c.heads);
  HONE_CHECK(c.heads > 0, ErrorKind::format, "{}: num_attention_heads must be positive, got {}", name, c.heads);
  c.head_dim = keys.integer("head_dim", gemma ? 256 : c.family == "qwen3" ? 128 : c.hidden / c.heads);
  c.ffn = keys.integer("intermediate_size");
  c.max_positions = keys.integer("max_position_embeddings", 2048);
  c.norm_eps = keys.number("rms_norm_eps", 1e-6);
  c.norm_offset = gemma ? 1 : 0;
  c.qkv_bias = c.family == "qwen2";
  c.qk_norm = c.family == "qwen3" || gemma;
  c.post_norms = gemma;
  c.tied = keys.boolean("tie_word_embeddings", gemma);
  c.reward_head = has_reward_head(config, name);
  const std::string act = keys.text("hidden_act", keys.text("hidden_activation", gemma ? "gelu_pytorch_tanh" : "silu"));
  HONE_CHECK(act == "silu" || act == "gelu_pytorch_tanh", ErrorKind::format,
             "{}: hidden_act '{}' is not supported; hone knows silu and gelu_pytorch_tanh", name, act);
  c.act = act == "silu" ? Glu::silu : Glu::gelu;
  c.embed_scale = gemma ? std::sqrt(static_cast<double>(c.hidden)) : 1;
  c.attn_scale = 1 / std::sqrt(gemma ? keys.number("query_pre_attn_scalar", 256) : static_cast<double>(c.head_dim));
  HONE_CHECK(keys.number("partial_rotary_factor", 1) == 1, ErrorKind::format,
             "{}: partial_rotary_factor: only 1 is supported", name);
  const double theta = keys.number("rope_theta", gemma ? 1e6 : 1e4);
  const json* rope = keys.object("rope_parameters") ? keys.object("rope_parameters") : keys.object("rope_scaling");
  if (gemma && rope != nullptr && rope->contains("full_attention")) {  // transformers 5 keeps one per kind of layer
    c.rope = read_rope(&(*rope)["full_attention"], theta, name + ": rope_parameters.full_attention");
    if (rope->contains("sliding_attention"))
      c.local_rope = read_rope(&(*rope)["sliding_attention"], 1e4, name + ": rope_parameters.sliding_attention");
  } else {
    c.rope = read_rope(rope, theta, name + ": rope_scaling");
    c.local_rope.theta = keys.number("rope_local_base_freq", 1e4);
  }
  check_config(c, name);
  c.windows = read_windows(keys, c);
  c.hf = config;
  return c;
}

void check_config(const ModelConfig& c, const std::string& name) {
  const auto range = [&](const char* key, int64_t value, int64_t low, int64_t high) {
    HONE_CHECK(value >= low && value <= high, ErrorKind::format, "{}: {}: expected {} to {}, got {}", name, key, low,
               high, value);
  };
  range("vocab_size", c.vocab, 1, 4'000'000);
  range("hidden_size", c.hidden, 1, 65536);
  range("num_hidden_layers", c.layers, 1, 1024);
  range("num_attention_heads", c.heads, 1, 1024);
  range("num_key_value_heads", c.kv_heads, 1, c.heads);
  range("head_dim", c.head_dim, 2, 1024);
  range("intermediate_size", c.ffn, 1, 1'000'000);
  range("max_position_embeddings", c.max_positions, 1, 16'000'000);
  HONE_CHECK(c.head_dim % 2 == 0 && c.hidden % 2 == 0 && c.ffn % 2 == 0, ErrorKind::format,
             "{}: head_dim {}, hidden_size {} and intermediate_size {} must be even", name, c.head_dim, c.hidden,
             c.ffn);
  HONE_CHECK(c.heads % c.kv_heads == 0, ErrorKind::format,
             "{}: {} attention heads cannot share {} key-value heads evenly", name, c.heads, c.kv_heads);
  HONE_CHECK(
      c.norm_eps > 0 && std::isfinite(c.attn_scale) && c.attn_scale > 0 && c.rope.theta > 0 && c.local_rope.theta > 0,
      ErrorKind::format, "{}: rms_norm_eps, rope_theta and query_pre_attn_scalar must be positive", name);
}

}  // namespace hone
