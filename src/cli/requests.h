// JSONL in, JSONL out: what generate, logprobs, tokenize and score have in common.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "hone/types.h"
#include "text/chat_tokens.h"

namespace hone {

/// All lines of a JSONL file; "-" is standard input. Error(data) for an empty file.
std::vector<nlohmann::json> read_requests(const std::string& path);

/// Writes one line a value to PATH, whole or not at all; "-" is standard output.
class LineWriter {
 public:
  /// Error(io) where PATH cannot become a file: better before the work than after it.
  explicit LineWriter(std::string path);
  void add(const nlohmann::json& value);
  void finish();

 private:
  std::string path_, text_;
};

/// Messages of {"messages": [...]}; Error(data) names the turn that is not {role, content}.
std::vector<Message> read_messages(const nlohmann::json& value);
/// Token ids of a JSON list; Error(data) for anything outside int32.
std::vector<int32_t> read_ids(const nlohmann::json& value);
/// {"prompt"}, {"messages"} or {"ids"} as a prompt. Error(data) when there is not exactly one of them.
Prompt read_prompt(const nlohmann::json& request, int64_t id, const ChatTokenizer& chat);

}  // namespace hone
