// A tiny random model on disk, for tests that need a real folder.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "format/safetensors.h"
#include "model/hf_config.h"
#include "model/parameters.h"

namespace hone::testing {

/// A folder that is removed at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hone-test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline nlohmann::json tiny_config(const std::string& model_type) {
  nlohmann::json config = {{"model_type", model_type}, {"vocab_size", 300},        {"hidden_size", 64},
                           {"num_hidden_layers", 2},   {"num_attention_heads", 4}, {"num_key_value_heads", 2},
                           {"head_dim", 16},           {"intermediate_size", 96},  {"max_position_embeddings", 256},
                           {"rms_norm_eps", 1e-5},     {"rope_theta", 10000.0},    {"tie_word_embeddings", true}};
  if (model_type == "gemma3_text")
    config.update({{"query_pre_attn_scalar", 16},
                   {"sliding_window", 20},
                   {"layer_types", {"sliding_attention", "full_attention"}}});
  return config;
}

/// A byte-level BPE tokenizer without merges: one token a byte, then <|end|> (256).
inline nlohmann::json byte_tokenizer() {
  nlohmann::json vocab = nlohmann::json::object();
  int next = 256;  // the printable alphabet of byte-level BPE
  for (int b = 0; b < 256; ++b) {
    const bool printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
    const int code = printable ? b : next++;
    std::string token;
    if (code < 0x80)
      token = static_cast<char>(code);
    else
      token = {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
    vocab[token] = b;
  }
  return {{"version", "1.0"},
          {"added_tokens",
           {{{"id", 256},
             {"content", "<|end|>"},
             {"special", true},
             {"single_word", false},
             {"lstrip", false},
             {"rstrip", false},
             {"normalized", false}}}},
          {"normalizer", nullptr},
          {"pre_tokenizer",
           {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}}},
          {"post_processor", nullptr},
          {"decoder", {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}}},
          {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", nlohmann::json::array()}}}};
}

inline constexpr const char* kTinyTemplate =
    "{% for m in messages %}{{ m.role[0] }}:{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}a:{% endif "
    "%}";

/// Writes a random model of the kind into `folder`.
inline void write_tiny_model(const std::filesystem::path& folder, const std::string& model_type, int64_t seed = 1) {
  const nlohmann::json config = tiny_config(model_type);
  write_file_atomic(folder / "config.json", config.dump());
  write_file_atomic(folder / "tokenizer.json", byte_tokenizer().dump());
  write_file_atomic(folder / "tokenizer_config.json",
                    nlohmann::json({{"eos_token", "<|end|>"}, {"chat_template", kTinyTemplate}}).dump());
  at::manual_seed(static_cast<uint64_t>(seed));
  std::vector<at::Tensor> values;
  std::vector<TensorSource> sources;
  for (const Parameter& p : list_parameters(config_from_hf(config, "config.json"))) {
    at::Tensor t = at::randn(p.shape) * 0.25;
    if (p.shape.size() == 1 && p.name.ends_with("norm.weight") && model_type != "gemma3_text") t = t + 1;
    values.push_back(t.contiguous());
    sources.push_back({.name = p.name, .dtype = DType::F32, .shape = p.shape, .data = values.back().const_data_ptr()});
  }
  write_safetensors(folder / "model.safetensors", sources);
}

}  // namespace hone::testing
