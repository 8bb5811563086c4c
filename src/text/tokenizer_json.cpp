#include "text/tokenizer_json.h"

#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "text/bpe.h"
#include "text/json_fields.h"
#include "text/unigram.h"
#include "text/wordpiece.h"

namespace hone {
namespace {

using Tokens = std::vector<std::pair<std::string, int64_t>>;

/// {"token": id, ...}
Tokens vocab_object(const JsonFields& fields) {
  const nlohmann::json& vocab = fields.at("vocab");
  HONE_CHECK(vocab.is_object(), ErrorKind::format, "{}: expected an object of ids, got {}", fields.path("vocab"),
             vocab.type_name());
  Tokens tokens;
  tokens.reserve(vocab.size());
  for (auto entry = vocab.begin(); entry != vocab.end(); ++entry) {
    const auto where = [&] { return fields.path("vocab") + "[" + quote_for_message(entry.key(), 40) + "]"; };
    tokens.emplace_back(entry.key(), json_integer(*entry, where));
  }
  return tokens;
}

/// "a b" (older files) or ["a", "b"].
template <class Place>
std::pair<std::string, std::string> read_merge(const nlohmann::json& merge, const Place& where) {
  if (merge.is_array() && merge.size() == 2) return {json_text(merge[0], where), json_text(merge[1], where)};
  const std::string& text = json_text(merge, where);
  const size_t space = text.find(' ');
  HONE_CHECK(space != std::string::npos && text.find(' ', space + 1) == std::string::npos, ErrorKind::format,
             "{}: expected two tokens with a space between them, got {}", where(), quote_for_message(text, 40));
  return {text.substr(0, space), text.substr(space + 1)};
}

std::unique_ptr<TokenModel> read_bpe(const JsonFields& fields) {
  std::vector<std::pair<std::string, std::string>> merges;
  const nlohmann::json& list = fields.array("merges");
  merges.reserve(list.size());
  for (const auto& merge : list) {
    if (merge.is_string() && merge.get_ref<const std::string&>().starts_with("#version")) continue;
    merges.push_back(read_merge(merge, [&] { return fmt::format("{}.merges[{}]", fields.where(), merges.size()); }));
  }
  BpeOptions options;
  if (fields.find("unk_token") != nullptr) options.unk_token = fields.text("unk_token");
  options.continuing_subword_prefix = fields.text("continuing_subword_prefix", "");
  options.end_of_word_suffix = fields.text("end_of_word_suffix", "");
  options.fuse_unk = fields.boolean("fuse_unk", false);
  options.byte_fallback = fields.boolean("byte_fallback", false);
  options.ignore_merges = fields.boolean("ignore_merges", false);
  return std::make_unique<Bpe>(vocab_object(fields), merges, std::move(options));
}

std::unique_ptr<TokenModel> read_unigram(const JsonFields& fields) {
  std::vector<std::pair<std::string, double>> pieces;
  for (const auto& piece : fields.array("vocab")) {
    const auto where = [&] { return fmt::format("{}.vocab[{}]", fields.where(), pieces.size()); };
    HONE_CHECK(piece.is_array() && piece.size() == 2, ErrorKind::format, "{}: expected [piece, score]", where());
    pieces.emplace_back(json_text(piece[0], where), json_number(piece[1], where));
  }
  std::optional<int64_t> unk_id;
  if (fields.find("unk_id") != nullptr) unk_id = fields.integer("unk_id");
  return std::make_unique<Unigram>(pieces, unk_id, fields.boolean("byte_fallback", false));
}

/// Files written before models had a "type" are told apart by what they hold.
std::string model_type(const JsonFields& fields) {
  if (fields.find("type") != nullptr) return fields.text("type");
  if (fields.find("merges") != nullptr) return "BPE";
  if (fields.at("vocab").is_array()) return "Unigram";
  return fields.find("max_input_chars_per_word") != nullptr ? "WordPiece" : "WordLevel";
}

std::unique_ptr<TokenModel> read_model(const nlohmann::json& json) {
  const JsonFields fields(json, "model");
  const std::string type = model_type(fields);
  return with_context(fields.where(), [&]() -> std::unique_ptr<TokenModel> {
    if (type == "BPE") return read_bpe(fields);
    if (type == "Unigram") return read_unigram(fields);
    if (type == "WordPiece") {
      return std::make_unique<WordPiece>(vocab_object(fields), fields.text("unk_token", "[UNK]"),
                                         fields.text("continuing_subword_prefix", "##"),
                                         fields.integer("max_input_chars_per_word", 100));
    }
    if (type == "WordLevel")
      return std::make_unique<WordLevel>(vocab_object(fields), fields.text("unk_token", "<unk>"));
    fail(ErrorKind::format, "unknown model type {}; BPE, Unigram, WordPiece and WordLevel can be read",
         quote_for_message(type));
  });
}

const nlohmann::json& member(const nlohmann::json& json, const char* key) {
  static const nlohmann::json kNull;
  const auto found = json.find(key);
  return found == json.end() ? kNull : *found;
}

}  // namespace

AddedToken read_added_token(const nlohmann::json& json, const std::string& where) {
  if (json.is_string()) return {.content = json.get<std::string>(), .id = -1, .normalized = false, .special = true};
  const JsonFields fields(json, where);
  const bool special = fields.boolean("special", false);
  return {.content = fields.text("content"),
          .id = static_cast<int32_t>(std::clamp<int64_t>(fields.integer("id", -1), -1, INT32_MAX)),
          .single_word = fields.boolean("single_word", false),
          .lstrip = fields.boolean("lstrip", false),
          .rstrip = fields.boolean("rstrip", false),
          .normalized = fields.boolean("normalized", !special),
          .special = special};
}

TokenizerData read_tokenizer_json(const nlohmann::json& json, const std::vector<AddedToken>& more_added) {
  const JsonFields fields(json, "tokenizer");
  TokenizerData data;
  data.model = read_model(fields.at("model"));
  data.normalizer = read_normalizer(member(json, "normalizer"), "normalizer");
  data.pretokenizer = read_pretokenizer(member(json, "pre_tokenizer"), "pre_tokenizer");
  data.post_processor = read_post_processor(member(json, "post_processor"), "post_processor");
  data.decoder = read_decoder(member(json, "decoder"), "decoder");

  std::vector<AddedToken> added;
  if (fields.find("added_tokens") != nullptr) {
    for (const auto& token : fields.array("added_tokens")) {
      added.push_back(read_added_token(token, fmt::format("added_tokens[{}]", added.size())));
    }
  }
  data.added.add(std::move(added), data.model->vocabulary());
  std::vector<AddedToken> missing;
  for (const AddedToken& token : more_added) {
    if (data.added.find(token.content) == nullptr) missing.push_back(token);
  }
  data.added.add(std::move(missing), data.model->vocabulary());
  data.added.finish(data.normalizer);
  return data;
}

}  // namespace hone
