// Any bytes are a chat template that renders some conversations, or an Error.
#include <string>

#include "hone/chat_template.h"
#include "hone/error.h"

namespace {

const nlohmann::ordered_json& messages() {
  static const auto json = nlohmann::ordered_json::parse(R"([
    {"role": "system", "content": "s é"},
    {"role": "user", "content": [{"type": "text", "text": "a <b>"}, {"type": "image"}]},
    {"role": "assistant", "content": "x</think>y", "reasoning_content": "r",
     "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": {"n": 1.5, "ok": null}}}]},
    {"role": "tool", "content": "[1, 2]"}])");
  return json;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  hone::RenderOptions options;
  options.limits = {.steps = 50'000, .depth = 300, .output_bytes = 1 << 20};
  options.tools = messages();
  options.variables = {{"s", "Hello, World"}, {"n", 7}, {"l", {3, 1, 2}}, {"d", {{"b", 1}, {"a", {1, 2}}}}};
  try {
    const hone::ChatTemplate chat_template(std::string(reinterpret_cast<const char*>(data), size),
                                           {{"bos_token", "<s>"}});
    chat_template.render(messages(), options);
    render_for_training(chat_template, messages(), options);
  } catch (const hone::Error&) {
  }
  return 0;
}
