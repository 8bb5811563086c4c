// Chat templates: the Jinja program that a model ships to turn a conversation into its prompt text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "hone/types.h"

namespace hone {

/// Bounds on what one rendering may cost, so that a template that loops for ever ends in an Error within a second.
struct TemplateLimits {
  int64_t steps = 2'000'000;  // nodes executed, plus one for every 64 bytes or elements handled
  int depth = 1'000;          // nested evaluations: expressions, blocks, macro calls
  size_t output_bytes = size_t{16} << 20;
};

/// JSON here keeps the order of keys, because templates print it: a tool's schema must read as its author wrote it.
/// A plain nlohmann::json converts, but has already sorted its keys.
struct RenderOptions {
  bool add_generation_prompt = true;                                    // end with the opening of a reply
  nlohmann::ordered_json tools = nullptr;                               // list of JSON schemas, or null
  nlohmann::ordered_json documents = nullptr;                           // list of objects, or null
  nlohmann::ordered_json variables = nlohmann::ordered_json::object();  // enable_thinking, date_string, ...
  std::optional<std::tm> now;                                           // for strftime_now; unset: local time
  TemplateLimits limits;
};

/// Half-open range of bytes.
struct TextSpan {
  size_t begin = 0;
  size_t end = 0;
  bool operator==(const TextSpan&) const = default;
};

struct RenderedChat {
  std::string text;
  std::vector<TextSpan> assistant;  // what the assistant wrote, ascending, disjoint, never empty ranges
};

/// A parsed chat template. Renders as transformers' apply_chat_template does (jinja2 3.1 in its immutable sandbox with
/// trim_blocks, lstrip_blocks, loopcontrols, {% generation %}, raise_exception, strftime_now and a plain tojson).
/// The interpreter is closed: a template reaches its arguments and nothing else. Copies share the parsed program;
/// rendering is const and may run on many threads.
///
/// The text already holds the special tokens that the template writes: tokenise it without adding any, or the prompt
/// begins with two BOS tokens.
class ChatTemplate {
 public:
  /// `special_tokens`: bos_token, eos_token, ... as the template names them; leave out what the model does not have.
  /// Error(format) with line:column for a source that does not parse.
  explicit ChatTemplate(std::string source, std::map<std::string, std::string> special_tokens = {});

  /// <|im_start|>role\ncontent<|im_end|>\n, for a model that ships no template and a caller who asks for one.
  static ChatTemplate chatml();

  /// Error(data) when the template rejects the conversation (raise_exception) or fails on it, or a limit is reached.
  std::string render(std::span<const Message> messages, const RenderOptions& options = {}) const;

  /// Messages as JSON objects: role, content (text or a list of parts), tool_calls, reasoning_content, name, ...
  std::string render(const nlohmann::ordered_json& messages, const RenderOptions& options = {}) const;

  /// As render, with the ranges that {% generation %} blocks wrote; none for a template without such blocks.
  RenderedChat render_marked(const nlohmann::ordered_json& messages, const RenderOptions& options = {}) const;

  bool marks_generation() const;  // the source has {% generation %} blocks
  const std::string& source() const;

 private:
  struct Program;
  std::shared_ptr<const Program> program_;
};

/// The whole conversation and what the assistant wrote in it: the loss mask of supervised fine-tuning. Turn ends that
/// the assistant must learn to emit (<|im_end|>) belong to its ranges. options.add_generation_prompt is ignored.
///
/// With {% generation %} blocks their ranges are taken. Otherwise an assistant turn k is what messages[0..k] renders
/// beyond messages[0..k-1] with the generation prompt. That needs a template that never rewrites earlier turns;
/// Error(data) names the first turn where it does. Templates that drop old <think> parts from earlier turns fail this
/// for conversations with several reasoning turns: split those into one row a turn, or pass `last_turn_only`, which
/// marks the final assistant turn and leaves the others as context.
/// Error(data) too for a conversation with nothing to train on.
enum class AssistantTurns { all, last_turn_only };
RenderedChat render_for_training(const ChatTemplate& chat_template, const nlohmann::ordered_json& messages,
                                 const RenderOptions& options = {}, AssistantTurns turns = AssistantTurns::all);

/// {"role", "content"} objects for render and render_for_training.
nlohmann::ordered_json to_json(std::span<const Message> messages);

}  // namespace hone
