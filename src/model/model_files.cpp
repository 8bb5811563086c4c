#include "model/model_files.h"

#include <cmath>
#include <map>

#include "base/check.h"
#include "base/files.h"
#include "base/jsonl.h"
#include "base/threads.h"
#include "format/gguf.h"
#include "format/half.h"
#include "format/hf_weights.h"
#include "format/safetensors.h"
#include "model/gguf_config.h"
#include "model/hf_config.h"

namespace hone {
namespace {

void check_shape(const TensorView& tensor, const Parameter& p, const std::string& where) {
  HONE_CHECK(tensor.shape == p.shape, ErrorKind::format, "{}: {}: expected shape {}, got {}", where, tensor.name,
             shape_text(p.shape), shape_text(tensor.shape));
  HONE_CHECK(dtype_info(tensor.dtype).to_float, ErrorKind::format, "{}: {}: weights of type {} are not supported",
             where, tensor.name, dtype_name(tensor.dtype));
}

void check_finite(const float* values, int64_t count, const std::string& where, const std::string& name) {
  parallel_for(count, 1 << 18, [&](int64_t begin, int64_t end) {
    bool finite = true;
    for (int64_t i = begin; i < end; ++i) finite &= std::isfinite(values[i]);
    if (finite) return;
    while (std::isfinite(values[begin])) ++begin;
    fail(ErrorKind::data, "{}: {}: element {} is {}; the weights are broken", where, name, begin, values[begin]);
  });
}

void check_vocabulary(const Tokenizer& tokenizer, const ModelConfig& config, const std::string& where) {
  HONE_CHECK(tokenizer.vocab_size() <= config.vocab, ErrorKind::format,
             "{}: the tokenizer has {} tokens, but the embedding only {} rows", where, tokenizer.vocab_size(),
             config.vocab);
}

class HfFiles final : public ModelFiles {
 public:
  HfFiles(const std::filesystem::path& folder, ModelConfig config, Tokenizer tokenizer)
      : ModelFiles(std::move(config), std::move(tokenizer)), where_(folder.string()), weights_(folder) {
    if (!config_.reward_head && !config_.tied && weights_.find("lm_head.weight") == nullptr)
      config_.tied = true, config_.hf["tie_word_embeddings"] = true;
    for (const Parameter& p : list_parameters(config_)) check_shape(weights_.at(p.name), p, where_);
  }
  void read(const Parameter& p, float* out) const override {
    to_float(weights_.at(p.name), out);
    check_finite(out, p.count, where_, p.name);
  }

 private:
  std::string where_;
  HfWeights weights_;
};

class GgufModel final : public ModelFiles {
 public:
  GgufModel(GgufFile file, ModelConfig config, Tokenizer tokenizer)
      : ModelFiles(std::move(config), std::move(tokenizer)), file_(std::move(file)) {
    for (const Parameter& p : list_parameters(config_)) check_shape(tensor(p), p, file_.name());
  }
  void read(const Parameter& p, float* out) const override {
    to_float(tensor(p), out);
    check_finite(out, p.count, file_.name(), p.name);
    if (config_.family == "llama" && (p.name.ends_with("q_proj.weight") || p.name.ends_with("k_proj.weight")))
      unpermute(p, out);
    if (config_.norm_offset != 0 && p.name.ends_with("norm.weight"))  // stored as 1 + w
      for (int64_t i = 0; i < p.count; ++i) out[i] -= static_cast<float>(config_.norm_offset);
  }

 private:
  const TensorView& tensor(const Parameter& p) const { return file_.at(gguf_tensor_name(p.name, config_.post_norms)); }
  /// GGUF's llama rows are ordered for rotation of neighbours; Hugging Face's for rotation by halves.
  void unpermute(const Parameter& p, float* values) const {
    const int64_t d = config_.head_dim, columns = p.shape[1];
    std::vector<float> head(static_cast<size_t>(d * columns));
    for (int64_t h = 0; h < p.shape[0] / d; ++h) {
      float* at = values + h * d * columns;
      std::copy_n(at, d * columns, head.data());
      for (int64_t i = 0; i < d; ++i) {
        const int64_t from = i < d / 2 ? 2 * i : 2 * (i - d / 2) + 1;
        std::copy_n(head.data() + from * columns, columns, at + i * columns);
      }
    }
  }
  GgufFile file_;
};

/// Rounds in pieces on the way to the file, so that no second copy of the weights is made.
void write_as_bf16(const float* values, int64_t count, const ByteSink& sink) {
  std::vector<uint16_t> piece;
  for (int64_t i = 0; i < count; i += 1 << 18) {
    piece.resize(static_cast<size_t>(std::min<int64_t>(1 << 18, count - i)));
    for (size_t j = 0; j < piece.size(); ++j) piece[j] = float_to_bf16(values[i + static_cast<int64_t>(j)]);
    sink(std::as_bytes(std::span(piece)));
  }
}

}  // namespace

std::unique_ptr<ModelFiles> ModelFiles::open(const std::filesystem::path& path) {
  HONE_CHECK(std::filesystem::exists(path), ErrorKind::io,
             "{}: no such model; expected a Hugging Face folder or a .gguf file", path.string());
  if (std::filesystem::is_directory(path)) {
    const std::string config_path = (path / "config.json").string();
    ModelConfig config =
        config_from_hf(parse_json(read_file(config_path), config_path, ErrorKind::format), config_path);
    Tokenizer tokenizer = Tokenizer::load(path);
    check_vocabulary(tokenizer, config, path.string());
    return std::make_unique<HfFiles>(path, std::move(config), std::move(tokenizer));
  }
  GgufFile file(path);
  ModelConfig config = config_from_gguf(file);
  Tokenizer tokenizer = Tokenizer::load(path);
  check_vocabulary(tokenizer, config, path.string());
  return std::make_unique<GgufModel>(std::move(file), std::move(config), std::move(tokenizer));
}

void give_reward_head(ModelConfig& config) {
  config.reward_head = true;
  static const std::map<std::string, std::string> kClasses = {
      {"llama", "Llama"}, {"mistral", "Mistral"}, {"qwen2", "Qwen2"}, {"qwen3", "Qwen3"}, {"gemma3", "Gemma3Text"}};
  config.hf["architectures"] = {kClasses.at(config.family) + kRewardSuffix};
  config.hf["id2label"] = {{"0", "reward"}};
  config.hf["label2id"] = {{"reward", 0}};
}

bool is_reward_model(const std::filesystem::path& folder) {
  const std::string name = (folder / "config.json").string();
  return config_from_hf(parse_json(read_file(name), name, ErrorKind::format), name).reward_head;
}

void save_hf_folder(const std::filesystem::path& folder, const ModelConfig& config, const Tokenizer& tokenizer,
                    const std::function<const float*(const Parameter&)>& weights, Type dtype) {
  namespace fs = std::filesystem;
  HONE_CHECK(!fs::exists(folder) || fs::exists(folder / "config.json"), ErrorKind::usage,
             "{}: exists and is no model folder; choose another place", folder.string());
  const fs::path aside = folder.string() + ".tmp";
  fs::remove_all(aside);
  fs::create_directories(aside);
  try {
    std::vector<TensorSource> tensors;
    for (const Parameter& p : list_parameters(config)) {
      const float* values = weights(p);
      TensorSource source{.name = p.name, .dtype = dtype == Type::bf16 ? DType::BF16 : DType::F32, .shape = p.shape};
      if (dtype == Type::bf16) {
        source.produce = [values, count = p.count](const ByteSink& sink) { write_as_bf16(values, count, sink); };
      } else {
        source.data = values;
      }
      tensors.push_back(std::move(source));
    }
    write_safetensors_sharded(aside, tensors, size_t{5} << 30);
    nlohmann::json hf = config.hf;
    hf.erase("dtype");
    hf["torch_dtype"] = dtype == Type::bf16 ? "bfloat16" : "float32";
    // transformers looks for the last token that is no padding, and takes no batch without this.
    if (config.reward_head && tokenizer.pad() && hf.value("pad_token_id", nlohmann::json()).is_null())
      hf["pad_token_id"] = *tokenizer.pad();
    write_file_atomic(aside / "config.json", dump_json(hf, 2) + "\n");
    nlohmann::json generation = {{"eos_token_id", tokenizer.stop_ids()}};
    if (tokenizer.bos()) generation["bos_token_id"] = *tokenizer.bos();
    if (tokenizer.pad()) generation["pad_token_id"] = *tokenizer.pad();
    tokenizer.save_hf(aside);
    write_file_atomic(aside / "generation_config.json", dump_json(generation, 2) + "\n");
    sync_path(aside);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(aside, ignored);
    throw;
  }
  const fs::path old = folder.string() + ".old";
  fs::remove_all(old);
  if (fs::exists(folder)) fs::rename(folder, old);
  fs::rename(aside, folder);
  sync_path(folder.has_parent_path() ? folder.parent_path() : fs::path("."));
  fs::remove_all(old);
}

}  // namespace hone
