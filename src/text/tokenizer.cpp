#include "hone/tokenizer.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/files.h"
#include "base/text.h"
#include "text/tokenizer_data.h"
#include "text/tokenizer_files.h"

namespace hone {

Tokenizer Tokenizer::load(const std::filesystem::path& path) {
  return Tokenizer(
      std::make_shared<const TokenizerData>(with_context(path.string(), [&] { return load_tokenizer_files(path); })));
}

Tokenizer::Tokenizer(std::shared_ptr<const TokenizerData> data) : data_(std::move(data)) {
  HONE_ASSERT(data_ != nullptr);
}

std::vector<int32_t> Tokenizer::encode(std::string_view text, bool add_special) const {
  std::string repaired;
  if (!is_valid_utf8(text)) text = repaired = replace_invalid_utf8(text);

  std::vector<int32_t> ids;
  const auto put = [&](const std::vector<int32_t>& more) { ids.insert(ids.end(), more.begin(), more.end()); };
  if (add_special) put(data_->post_processor.prefix);
  for (const TextPiece& raw : data_->added.split_raw(text)) {
    if (raw.id >= 0) {
      ids.push_back(raw.id);
      continue;
    }
    const std::string normal = data_->normalizer(std::string(text.substr(raw.begin, raw.end - raw.begin)));
    for (const TextPiece& piece : data_->added.split_normalized(normal)) {
      if (piece.id >= 0) {
        ids.push_back(piece.id);
        continue;
      }
      Words words{.text = normal.substr(piece.begin, piece.end - piece.begin),
                  .spans = {{0, piece.end - piece.begin}},
                  .at_start = raw.begin == 0 && piece.begin == 0};
      data_->pretokenizer(words);
      bool at_start = words.at_start;
      for (const Words::Span span : words.spans) {
        data_->model->tokenize(words.word(span), std::exchange(at_start, false), ids);
      }
    }
  }
  if (add_special) put(data_->post_processor.suffix);
  return ids;
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool skip_special) const {
  StreamDecoder stream(*this, skip_special);
  std::string text;
  for (const int32_t id : ids) text += stream.push(id);
  return text += stream.flush();
}

std::string Tokenizer::token(int32_t id) const {
  const std::string* token = data_->token(id);
  HONE_CHECK(token != nullptr, ErrorKind::data, "token id {} is not in the vocabulary of {} ids", id, vocab_size());
  return *token;
}

std::optional<int32_t> Tokenizer::id_of(std::string_view token) const { return data_->find(token); }

int32_t Tokenizer::vocab_size() const { return std::max(data_->model->vocabulary().end_id(), data_->added.end_id()); }

std::optional<int32_t> Tokenizer::bos() const { return data_->bos; }
std::optional<int32_t> Tokenizer::eos() const { return data_->eos; }
std::optional<int32_t> Tokenizer::pad() const { return data_->pad; }
std::optional<int32_t> Tokenizer::unk() const { return data_->unk; }
const std::vector<int32_t>& Tokenizer::stop_ids() const { return data_->stop_ids; }
bool Tokenizer::is_special(int32_t id) const { return data_->added.is_special(id); }
const std::string& Tokenizer::chat_template() const { return data_->chat_template; }

void Tokenizer::save_hf(const std::filesystem::path& folder) const {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  HONE_CHECK(!error, ErrorKind::io, "{}: cannot make the folder: {}", folder.string(), error.message());
  for (const NamedFile& file : data_->hf_files()) write_file_atomic(folder / file.name, file.bytes);
}

StreamDecoder::StreamDecoder(Tokenizer tokenizer, bool skip_special)
    : tokenizer_(std::move(tokenizer)),
      skip_special_(skip_special),
      state_(std::make_unique<DecoderState>(tokenizer_.data().decoder)) {}

StreamDecoder::~StreamDecoder() = default;
StreamDecoder::StreamDecoder(StreamDecoder&&) noexcept = default;
StreamDecoder& StreamDecoder::operator=(StreamDecoder&&) noexcept = default;

std::string StreamDecoder::push(int32_t id) {
  std::string text;
  const std::string* token = tokenizer_.data().token(id);
  if (token != nullptr && !(skip_special_ && tokenizer_.is_special(id))) state_->push(*token, text);
  return text;
}

std::string StreamDecoder::flush() {
  std::string text;
  state_->finish(text);
  state_ = std::make_unique<DecoderState>(tokenizer_.data().decoder);
  return text;
}

}  // namespace hone
