// Text to token ids and back, with the ids that Hugging Face tokenizers gives.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hone {

struct TokenizerData;
class DecoderState;

/// A tokenizer of one model. Immutable: copies are cheap and share everything, and every const method may be called
/// from many threads at once.
class Tokenizer {
 public:
  /// Reads a Hugging Face folder (tokenizer.json, else tokenizer.model, with the small JSON files beside it), a
  /// tokenizer.json, a sentencepiece .model, or a .gguf, which may hold a vocabulary only.
  /// Error(io | format) names the file and the part that cannot be used.
  static Tokenizer load(const std::filesystem::path& path);
  explicit Tokenizer(std::shared_ptr<const TokenizerData> data);

  /// Ids of `text`. Bytes that are not UTF-8 are read as U+FFFD, as Python's errors="replace" does. Special tokens
  /// written in the text become their ids. `add_special` puts BOS and the like around it where the tokenizer's files
  /// say so; leave it off for the output of a chat template, which writes its own BOS.
  std::vector<int32_t> encode(std::string_view text, bool add_special = true) const;

  /// Text of `ids`; ids outside the vocabulary (rows that only pad an embedding) give nothing. Always valid UTF-8.
  std::string decode(std::span<const int32_t> ids, bool skip_special = false) const;

  /// The token as the vocabulary spells it ("Ġthe", "▁the", "<0x0A>"); Error(data) for an id that is not in it.
  std::string token(int32_t id) const;
  std::optional<int32_t> id_of(std::string_view token) const;
  int32_t vocab_size() const;  // one more than the largest id

  std::optional<int32_t> bos() const;
  std::optional<int32_t> eos() const;
  std::optional<int32_t> pad() const;
  std::optional<int32_t> unk() const;
  /// Every id that ends a turn, ascending: EOS, generation_config.json's list, and end-of-turn tokens such as
  /// <|im_end|>.
  const std::vector<int32_t>& stop_ids() const;
  bool is_special(int32_t id) const;

  /// Jinja source of the (default) chat template, or "".
  const std::string& chat_template() const;

  /// Writes into `folder` the files from which transformers' AutoTokenizer gives the same ids: byte copies of what was
  /// loaded, or, from GGUF, a tokenizer.json and a tokenizer_config.json made from the vocabulary. (A lone
  /// sentencepiece model stays one; transformers' own conversion reads a space at the start of a text otherwise than
  /// sentencepiece.)
  void save_hf(const std::filesystem::path& folder) const;

  const TokenizerData& data() const { return *data_; }

 private:
  std::shared_ptr<const TokenizerData> data_;
};

/// Decodes ids as they come. No character is ever cut: bytes of an unfinished one wait for the next id. All pushed text
/// and the flush, put together, equal Tokenizer::decode of the same ids.
class StreamDecoder {
 public:
  explicit StreamDecoder(Tokenizer tokenizer, bool skip_special = false);
  ~StreamDecoder();
  StreamDecoder(StreamDecoder&&) noexcept;
  StreamDecoder& operator=(StreamDecoder&&) noexcept;

  std::string push(int32_t id);
  /// What is still held back; the decoder is then as new.
  std::string flush();

 private:
  Tokenizer tokenizer_;
  bool skip_special_;
  std::unique_ptr<DecoderState> state_;
};

}  // namespace hone
