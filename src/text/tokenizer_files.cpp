#include "text/tokenizer_files.h"

#include <memory>
#include <utility>

#include "base/check.h"
#include "base/files.h"
#include "base/jsonl.h"
#include "base/text.h"
#include "format/gguf.h"
#include "text/hf_settings.h"
#include "text/tokenizer_gguf.h"
#include "text/tokenizer_json.h"
#include "text/tokenizer_spm.h"

namespace hone {
namespace {

namespace fs = std::filesystem;

void keep_files(TokenizerData& data, std::vector<NamedFile> files) {
  const auto kept = std::make_shared<const std::vector<NamedFile>>(std::move(files));
  data.hf_files = [kept] { return *kept; };
}

TokenizerData from_json(std::string bytes, HfSettings settings) {
  const nlohmann::json json = parse_json(bytes, "tokenizer.json", ErrorKind::format);
  const auto found = json.is_object() ? json.find("post_processor") : json.end();
  TokenizerData data = with_context("tokenizer.json", [&] { return read_tokenizer_json(json, settings.added_tokens); });
  apply_hf_settings(settings, data, found != json.end() && !found->is_null());
  settings.files.push_back({"tokenizer.json", std::move(bytes)});
  keep_files(data, std::move(settings.files));
  return data;
}

TokenizerData from_spm(std::string bytes, HfSettings settings) {
  // Without a word on it, a sentencepiece tokenizer puts BOS in front, as its LlamaTokenizer does.
  if (!settings.add_bos) settings.add_bos = true;
  TokenizerData data = tokenizer_from_spm(bytes, settings.added_tokens, settings.legacy);
  apply_hf_settings(settings, data, false);
  if (settings.files.empty()) {
    settings.files.push_back(
        {"tokenizer_config.json", "{\"tokenizer_class\": \"LlamaTokenizer\", \"add_bos_token\": true}\n"});
  }
  settings.files.push_back({"tokenizer.model", std::move(bytes)});
  keep_files(data, std::move(settings.files));
  return data;
}

TokenizerData from_folder(const fs::path& folder) {
  HfSettings settings = read_hf_settings(folder);
  const fs::path json = folder / "tokenizer.json", spm = folder / "tokenizer.model";
  if (fs::is_regular_file(json)) return from_json(read_file(json), std::move(settings));
  if (fs::is_regular_file(spm)) {
    return with_context("tokenizer.model", [&] { return from_spm(read_file(spm), std::move(settings)); });
  }
  fail(ErrorKind::io, "the folder holds neither tokenizer.json nor tokenizer.model");
}

}  // namespace

TokenizerData load_tokenizer_json(std::string bytes) { return from_json(std::move(bytes), {}); }

TokenizerData load_tokenizer_files(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return from_folder(path);
  HONE_CHECK(fs::is_regular_file(path, error), ErrorKind::io, "no such file or folder");
  const MappedFile file(path);
  const std::string_view bytes(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  if (bytes.starts_with("GGUF")) return tokenizer_from_gguf(read_gguf_vocab(GgufFile(path)));
  const std::string_view start = trim(bytes.substr(0, 64));
  if (start.starts_with('{') || start.starts_with("\xEF\xBB\xBF")) return from_json(std::string(bytes), {});
  HONE_CHECK(bytes.starts_with('\x0A'), ErrorKind::format,
             "neither a tokenizer.json, nor a sentencepiece model, nor a GGUF file");
  return from_spm(std::string(bytes), {});
}

}  // namespace hone
