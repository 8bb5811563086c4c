#include "text/tokenizer_spm.h"

#include <memory>
#include <optional>
#include <utility>

#include <sentencepiece_processor.h>

#include "base/check.h"
#include "base/text.h"
#include "text/decode_steps.h"
#include "text/unicode.h"

namespace hone {
namespace {

using sentencepiece::SentencePieceProcessor;
using Pieces = std::vector<std::pair<std::string, int64_t>>;

std::unique_ptr<SentencePieceProcessor> open_model(const std::string& bytes) {
  auto processor = std::make_unique<SentencePieceProcessor>();
  const auto status = processor->LoadFromSerializedProto(bytes);
  HONE_CHECK(status.ok(), ErrorKind::format, "not a sentencepiece model: {}",
             quote_for_message(std::string(status.message()), 120));
  return processor;
}

Pieces pieces_of(const SentencePieceProcessor& processor) {
  Pieces pieces;
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    pieces.emplace_back(replace_invalid_utf8(processor.IdToPiece(id)), id);
  }
  return pieces;
}

class SentencePiece final : public TokenModel {
 public:
  explicit SentencePiece(const std::string& bytes, std::unique_ptr<SentencePieceProcessor> processor,
                         bool prefix_every_text)
      : TokenModel(Vocabulary::Repeats::last_wins, pieces_of(*processor)),
        prefix_every_text_(prefix_every_text),
        at_start_(std::move(processor)),
        // Serialised messages merge when put one behind the other: this switches normalizer_spec.add_dummy_prefix off.
        inside_(open_model(bytes + std::string("\x1a\x02\x18\x00", 4))) {}

  void tokenize(std::string_view word, bool at_start, std::vector<int32_t>& out) const override {
    std::vector<int> ids;
    const auto status =
        (at_start || prefix_every_text_ ? *at_start_ : *inside_).Encode({word.data(), word.size()}, &ids);
    HONE_CHECK(status.ok(), ErrorKind::data, "sentencepiece: {}", std::string(status.message()));
    out.insert(out.end(), ids.begin(), ids.end());
  }

 private:
  bool prefix_every_text_;
  std::unique_ptr<SentencePieceProcessor> at_start_, inside_;
};

/// sentencepiece's own rules: control pieces are silent, unknown is " ⁇ ", runs of byte pieces are text character by
/// character, and the prefix space goes.
class SpmDecode final : public DecodeStep {
 public:
  struct Rules {
    std::vector<std::optional<std::string>> text_of;  // by id, bytes as one byte
    std::vector<bool> is_byte;
    std::unordered_map<std::string, size_t> ids;
    bool strip_first = false;    // drop the space mark of the first piece with text
    bool strip_leading = false;  // drop every space mark before the first text
  };
  explicit SpmDecode(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}

  void push(Fragment fragment, const FragmentSink& next) override {
    const auto found = rules_->ids.find(fragment.text);
    if (found == rules_->ids.end()) return put_text(std::move(fragment.text), next);  // an added token
    if (rules_->is_byte[found->second]) {
      bytes_ += *rules_->text_of[found->second];
      std::string rest = bytes_.substr(bytes_.size() - unfinished_char_size(bytes_));
      bytes_.resize(bytes_.size() - rest.size());
      flush_bytes(next);
      bytes_ = std::move(rest);
      return;
    }
    put_text(*rules_->text_of[found->second], next);
  }
  void finish(const FragmentSink& next) override { flush_bytes(next); }

 private:
  void put_text(std::string text, const FragmentSink& next) {
    flush_bytes(next);
    if (!started_ && (rules_->strip_first || rules_->strip_leading) && text.starts_with(' ')) {
      text.erase(0, 1);
      started_ = !rules_->strip_leading;
    }
    started_ |= !text.empty();
    if (!text.empty()) next({std::move(text)});
  }

  /// One U+FFFD for every byte that is part of no character.
  void flush_bytes(const FragmentSink& next) {
    std::string out;
    std::string_view rest = bytes_;
    while (!rest.empty()) {
      const size_t good = valid_utf8_prefix(rest);
      out += rest.substr(0, good);
      rest.remove_prefix(good);
      if (!rest.empty()) out += "\xEF\xBF\xBD", rest.remove_prefix(1);
    }
    bytes_.clear();
    started_ |= !out.empty();
    if (!out.empty()) next({std::move(out)});
  }

  std::shared_ptr<const Rules> rules_;
  std::string bytes_;
  bool started_ = false;
};

std::string with_spaces(std::string piece) {
  constexpr std::string_view kMark = "▁";
  for (size_t at = piece.find(kMark); at != std::string::npos; at = piece.find(kMark, at + 1)) {
    piece.replace(at, kMark.size(), " ");
  }
  return piece;
}

Decoder decoder_of(const SentencePieceProcessor& processor) {
  auto rules = std::make_shared<SpmDecode::Rules>();
  std::optional<int> word;  // some piece that begins with a space, to find out what the model does with it
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    const std::string piece = replace_invalid_utf8(processor.IdToPiece(id));
    std::string text = with_spaces(piece);
    if (processor.IsControl(id)) text.clear();
    if (processor.IsUnknown(id)) text = " \xE2\x81\x87 ";
    if (processor.IsByte(id)) text = std::string(1, static_cast<char>(std::stoi(piece.substr(3, 2), nullptr, 16)));
    if (!word && !processor.IsControl(id) && !processor.IsByte(id) && text.size() > 1 && text[0] == ' ' &&
        text.find_first_not_of(' ') == 1 && !processor.IsUnknown(id)) {
      word = id;
    }
    rules->text_of.emplace_back(std::move(text));
    rules->is_byte.push_back(processor.IsByte(id));
    rules->ids[piece] = static_cast<size_t>(id);
  }
  if (word) {
    std::string once;
    HONE_CHECK(processor.Decode(std::vector<int>{*word}, &once).ok(), ErrorKind::format, "sentencepiece cannot decode");
    rules->strip_first = !once.starts_with(' ');
    const int mark = processor.PieceToId("▁");
    std::string twice;
    if (!processor.IsUnknown(mark) && processor.Decode(std::vector<int>{mark, *word}, &twice).ok()) {
      rules->strip_leading = !twice.starts_with(' ');
    }
  }
  return {[rules] { return std::make_unique<SpmDecode>(rules); }};
}

std::optional<int32_t> id_or_none(int id) { return id >= 0 ? std::optional<int32_t>(id) : std::nullopt; }

}  // namespace

TokenizerData tokenizer_from_spm(const std::string& bytes, const std::vector<AddedToken>& more_added,
                                 bool prefix_every_text) {
  TokenizerData data;
  auto processor = open_model(bytes);
  data.bos = id_or_none(processor->bos_id()), data.eos = id_or_none(processor->eos_id());
  data.pad = id_or_none(processor->pad_id()), data.unk = id_or_none(processor->unk_id());
  data.decoder = decoder_of(*processor);
  data.normalizer = [](std::string text) { return text; };
  data.pretokenizer = [](Words&) {};

  std::vector<AddedToken> added;
  for (int id = 0; id < processor->GetPieceSize(); ++id) {
    const bool special = processor->IsControl(id) || processor->IsUnknown(id);
    if (special) added.push_back({.content = processor->IdToPiece(id), .id = id, .normalized = false, .special = true});
  }
  data.model = std::make_unique<SentencePiece>(bytes, std::move(processor), prefix_every_text);
  added.insert(added.end(), more_added.begin(), more_added.end());
  data.added.add(std::move(added), data.model->vocabulary());
  data.added.finish(data.normalizer);
  return data;
}

}  // namespace hone
