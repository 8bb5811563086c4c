#include "cli/requests.h"

#include <cstdio>
#include <filesystem>
#include <limits>

#include <unistd.h>

#include "base/check.h"
#include "base/files.h"
#include "base/jsonl.h"

namespace hone {

std::vector<nlohmann::json> read_requests(const std::string& path) {
  std::vector<nlohmann::json> requests;
  read_jsonl(path == "-" ? "/dev/stdin" : path, [&](nlohmann::json value, int64_t) {
    HONE_CHECK(value.is_object(), ErrorKind::data, "expected an object");
    requests.push_back(std::move(value));
  });
  HONE_CHECK(!requests.empty(), ErrorKind::data, "{}: holds no line", path);
  return requests;
}

LineWriter::LineWriter(std::string path) : path_(std::move(path)) {
  if (path_ == "-") return;
  const std::filesystem::path parent = std::filesystem::path(path_).parent_path();
  const std::filesystem::path folder = parent.empty() ? "." : parent;
  HONE_CHECK(std::filesystem::is_directory(folder), ErrorKind::io, "--out {}: the folder {} does not exist", path_,
             folder.string());
  HONE_CHECK(!std::filesystem::is_directory(path_), ErrorKind::io, "--out {}: is a folder", path_);
  if (std::filesystem::exists(path_) && !std::filesystem::is_regular_file(path_)) return;  // /dev/null, a pipe
  HONE_CHECK(::access(folder.c_str(), W_OK) == 0, ErrorKind::io, "--out {}: the folder {} cannot be written to", path_,
             folder.string());
}

void LineWriter::add(const nlohmann::json& value) {
  text_ += dump_json(value);
  text_ += '\n';
}

void LineWriter::finish() {
  if (path_ != "-") return write_file_atomic(path_, text_);
  HONE_CHECK(std::fwrite(text_.data(), 1, text_.size(), stdout) == text_.size() && std::fflush(stdout) == 0,
             ErrorKind::io, "cannot write to standard output");
}

std::vector<Message> read_messages(const nlohmann::json& value) {
  HONE_CHECK(value.is_array() && !value.empty(), ErrorKind::data, "messages: expected a list of turns");
  std::vector<Message> messages;
  for (size_t i = 0; i < value.size(); ++i) {
    const nlohmann::json& turn = value[i];
    const auto text = [&](const char* key) { return turn.is_object() && turn.contains(key) && turn[key].is_string(); };
    HONE_CHECK(text("role") && text("content"), ErrorKind::data,
               "messages[{}]: expected a role and a content, both text", i);
    messages.push_back({turn["role"], turn["content"]});
  }
  return messages;
}

std::vector<int32_t> read_ids(const nlohmann::json& value) {
  HONE_CHECK(value.is_array(), ErrorKind::data, "ids: expected a list of integers");
  std::vector<int32_t> ids;
  for (const nlohmann::json& id : value) {
    HONE_CHECK(id.is_number_integer() && id >= 0 && id <= std::numeric_limits<int32_t>::max(), ErrorKind::data,
               "ids: expected token ids, got {}", id.dump());
    ids.push_back(id.get<int32_t>());
  }
  return ids;
}

Prompt read_prompt(const nlohmann::json& request, int64_t id, const ChatTokenizer& chat) {
  Prompt prompt;
  prompt.id = id;
  HONE_CHECK(request.contains("prompt") + request.contains("messages") + request.contains("ids") == 1, ErrorKind::data,
             "request {}: expected exactly one of prompt, messages and ids", id);
  if (request.contains("ids")) {
    prompt.ids = read_ids(request["ids"]);
    prompt.text = chat.tokenizer().decode(prompt.ids);
  } else if (request.contains("messages")) {
    prompt.text = chat.render_prompt(read_messages(request["messages"]));
    prompt.ids = chat.encode_rendered(prompt.text);
  } else {
    HONE_CHECK(request["prompt"].is_string(), ErrorKind::data, "request {}: prompt: expected text", id);
    prompt.text = request["prompt"].get<std::string>();
    prompt.ids = chat.tokenizer().encode(prompt.text);
  }
  return prompt;
}

}  // namespace hone
