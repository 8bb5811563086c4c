#include "text/gguf_tokenizer_json.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "text/gguf_pretokenizers.h"
#include "text/unicode.h"

namespace hone {
namespace {

using nlohmann::json;

constexpr const char* kSpaceMark = "▁";

GgufTokenType type_of(const GgufVocab& vocab, size_t id) {
  return vocab.token_types.empty() ? GgufTokenType::normal : static_cast<GgufTokenType>(vocab.token_types[id]);
}

/// Of tokens that are spelled alike the last counts, as in other readers.
json vocab_object(const std::vector<std::string>& tokens) {
  json object = json::object();
  for (size_t id = 0; id < tokens.size(); ++id) {
    object[tokens[id]] = id;
  }
  if (object.size() != tokens.size()) {
    log_warn("{} of {} tokens are spelled like another one and will not be produced", tokens.size() - object.size(),
             tokens.size());
  }
  return object;
}

json added_tokens(const GgufVocab& vocab, const std::vector<std::string>& tokens) {
  json list = json::array();
  for (size_t id = 0; id < tokens.size(); ++id) {
    const GgufTokenType type = type_of(vocab, id);
    const bool unknown_of_sentencepiece = type == GgufTokenType::unknown && vocab.model != "gpt2";
    if ((type != GgufTokenType::control && type != GgufTokenType::user_defined && !unknown_of_sentencepiece) ||
        tokens[id].empty())
      continue;
    list.push_back({{"id", id},
                    {"content", tokens[id]},
                    {"single_word", false},
                    {"lstrip", false},
                    {"rstrip", false},
                    {"normalized", false},
                    {"special", type != GgufTokenType::user_defined}});
  }
  return list;
}

/// BOS and EOS around a text, as a TemplateProcessing.
json frame(const std::vector<std::string>& tokens, const std::optional<int64_t>& before,
           const std::optional<int64_t>& after) {
  json single = json::array(), pair = json::array(), special = json::object();
  const auto put = [&](json& list, const std::optional<int64_t>& id, int type_id) {
    if (!id) return;
    const std::string& token = tokens[static_cast<size_t>(*id)];
    list.push_back({{"SpecialToken", {{"id", token}, {"type_id", type_id}}}});
    special[token] = {{"id", token}, {"ids", {*id}}, {"tokens", {token}}};
  };
  const auto text = [](const char* name, int type_id) {
    return json{{"Sequence", {{"id", name}, {"type_id", type_id}}}};
  };
  put(single, before, 0), single.push_back(text("A", 0)), put(single, after, 0);
  pair = single;
  put(pair, before, 1), pair.push_back(text("B", 1)), put(pair, after, 1);
  return {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", special}};
}

json split_at(const std::string& regex) {
  return {{"type", "Split"}, {"pattern", {{"Regex", regex}}}, {"behavior", "Isolated"}, {"invert", false}};
}

json byte_level_json(const GgufVocab& vocab) {
  const GgufPreTokenizer pre = gguf_pretokenizer(vocab.pre.empty() ? "default" : vocab.pre);
  json steps = json::array();
  for (const std::string& regex : pre.splits) steps.push_back(split_at(regex));
  const json byte_level{{"type", "ByteLevel"},
                        {"add_prefix_space", vocab.add_space_prefix.value_or(false)},
                        {"trim_offsets", true},
                        {"use_regex", false}};
  steps.push_back(byte_level);

  json merges = json::array();
  for (const std::string& merge : vocab.merges) {
    const size_t space = merge.find(' ', 1);  // a merge never begins with its separator
    HONE_CHECK(space != std::string::npos && is_valid_utf8(merge), ErrorKind::format,
               "tokenizer.ggml.merges[{}]: expected two tokens with a space between them, got {}", merges.size(),
               quote_for_message(merge, 40));
    merges.push_back({merge.substr(0, space), merge.substr(space + 1)});
  }
  const bool add_bos = vocab.add_bos.value_or(pre.add_bos) && vocab.bos,
             add_eos = vocab.add_eos.value_or(false) && vocab.eos;
  return {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", added_tokens(vocab, vocab.tokens)},
      {"normalizer", pre.nfc ? json{{"type", "NFC"}} : json(nullptr)},
      {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", steps}}},
      {"post_processor", frame(vocab.tokens, add_bos ? vocab.bos : std::nullopt, add_eos ? vocab.eos : std::nullopt)},
      {"decoder", byte_level},
      {"model",
       {{"type", "BPE"},
        {"dropout", nullptr},
        {"unk_token", nullptr},
        {"continuing_subword_prefix", nullptr},
        {"end_of_word_suffix", nullptr},
        {"fuse_unk", false},
        {"byte_fallback", false},
        {"ignore_merges", pre.ignore_merges},
        {"vocab", vocab_object(vocab.tokens)},
        {"merges", merges}}}};
}

bool is_gemma(const GgufVocab& vocab) { return vocab.architecture.starts_with("gemma"); }

/// The merges that a sentencepiece BPE vocabulary implies: every split of a piece into two pieces, best piece first.
json merges_from_scores(const GgufVocab& vocab, const std::vector<std::string>& tokens) {
  std::unordered_map<std::string_view, size_t> ids;
  for (size_t id = 0; id < tokens.size(); ++id) ids[tokens[id]] = id;
  struct Split {
    size_t piece, left_chars, left_bytes;
  };
  std::vector<Split> splits;
  for (size_t id = 0; id < tokens.size(); ++id) {
    const std::string& piece = tokens[id];
    const bool mergeable =
        type_of(vocab, id) == GgufTokenType::normal || type_of(vocab, id) == GgufTokenType::user_defined;
    if (!mergeable || ids.at(piece) != id || piece.size() > 1024) continue;
    size_t chars = 0;
    for (size_t at = 0; at < piece.size();) {
      at += char_size(piece[at]), ++chars;
      const std::string_view view = piece;
      if (at < piece.size() && ids.contains(view.substr(0, at)) && ids.contains(view.substr(at))) {
        splits.push_back({id, chars, at});
      }
    }
  }
  // Gemma's scores do not follow the order in which its pieces were learned; its ids do.
  const bool by_id = is_gemma(vocab) || vocab.scores.empty();
  const auto score = [&](size_t id) { return by_id ? -static_cast<float>(id) : vocab.scores[id]; };
  std::stable_sort(splits.begin(), splits.end(), [&](const Split& a, const Split& b) {
    const float left = score(a.piece), right = score(b.piece);
    return left != right ? left > right : a.left_chars > b.left_chars;
  });
  json merges = json::array();
  for (const Split& split : splits) {
    const std::string& piece = tokens[split.piece];
    merges.push_back({piece.substr(0, split.left_bytes), piece.substr(split.left_bytes)});
  }
  return merges;
}

json sentencepiece_json(const GgufVocab& vocab) {
  std::vector<std::string> tokens = vocab.tokens;
  for (size_t id = 0; id < tokens.size(); ++id) {
    // Runs of spaces are stored as they look in the text.
    const bool blank = !tokens[id].empty() && tokens[id].find_first_not_of(' ') == std::string::npos;
    if (!blank) continue;
    std::string marks;
    for (size_t i = 0; i < tokens[id].size(); ++i) marks += kSpaceMark;
    tokens[id] = marks;
  }
  const bool prefix = vocab.add_space_prefix.value_or(!is_gemma(vocab));
  json normalizers = json::array();
  if (prefix) normalizers.push_back({{"type", "Prepend"}, {"prepend", kSpaceMark}});
  normalizers.push_back({{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kSpaceMark}});
  json decoders = {{{"type", "Replace"}, {"pattern", {{"String", kSpaceMark}}}, {"content", " "}},
                   {{"type", "ByteFallback"}},
                   {{"type", "Fuse"}}};
  if (prefix) decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  const bool add_bos = vocab.add_bos.value_or(true) && vocab.bos, add_eos = vocab.add_eos.value_or(false) && vocab.eos;
  const json unk = vocab.unk ? json(tokens[static_cast<size_t>(*vocab.unk)]) : json(nullptr);
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added_tokens(vocab, tokens)},
          {"normalizer", {{"type", "Sequence"}, {"normalizers", normalizers}}},
          {"pre_tokenizer", nullptr},
          {"post_processor", frame(tokens, add_bos ? vocab.bos : std::nullopt, add_eos ? vocab.eos : std::nullopt)},
          {"decoder", {{"type", "Sequence"}, {"decoders", decoders}}},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", unk},
            {"continuing_subword_prefix", nullptr},
            {"end_of_word_suffix", nullptr},
            {"fuse_unk", true},
            {"byte_fallback", true},
            {"ignore_merges", false},
            {"vocab", vocab_object(tokens)},
            {"merges", merges_from_scores(vocab, tokens)}}}};
}

json word_piece_json(const GgufVocab& vocab) {
  // The file marks what begins a word; WordPiece marks what goes on.
  std::vector<std::string> tokens = vocab.tokens;
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (type_of(vocab, id) != GgufTokenType::normal) continue;
    std::string& token = tokens[id];
    token = token.starts_with(kSpaceMark) ? token.substr(std::string_view(kSpaceMark).size()) : "##" + token;
  }
  const auto id_of = [&](const std::optional<int64_t>& given, const char* name) -> std::optional<int64_t> {
    if (given) return given;
    const auto found = std::find(tokens.begin(), tokens.end(), name);
    return found == tokens.end() ? std::nullopt : std::optional<int64_t>(found - tokens.begin());
  };
  const std::optional<int64_t> unk = id_of(vocab.unk, "[UNK]");
  HONE_CHECK(unk, ErrorKind::format, "a bert vocabulary needs tokenizer.ggml.unknown_token_id or a token [UNK]");
  const std::string unk_token = tokens[static_cast<size_t>(*unk)];
  return {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", added_tokens(vocab, tokens)},
      {"normalizer",
       {{"type", "BertNormalizer"},
        {"clean_text", true},
        {"handle_chinese_chars", true},
        {"strip_accents", nullptr},
        {"lowercase", true}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"post_processor", frame(tokens, id_of(vocab.cls ? vocab.cls : vocab.bos, "[CLS]"), id_of(vocab.sep, "[SEP]"))},
      {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}},
      {"model",
       {{"type", "WordPiece"},
        {"unk_token", unk_token},
        {"continuing_subword_prefix", "##"},
        {"max_input_chars_per_word", 100},
        {"vocab", vocab_object(tokens)}}}};
}

}  // namespace

nlohmann::json tokenizer_json_from_gguf(const GgufVocab& vocab) {
  check_gguf_vocab(vocab);
  if (vocab.model == "gpt2") return byte_level_json(vocab);
  if (vocab.model == "llama") return sentencepiece_json(vocab);
  if (vocab.model == "bert") return word_piece_json(vocab);
  fail(ErrorKind::format, "tokenizer.ggml.model {} cannot be read; gpt2, llama and bert can",
       quote_for_message(vocab.model));
}

}  // namespace hone
