// Any bytes before a line feed are a gold answer, the rest an answer in a box: some verdict, within bounds.
#include <string>

#include "hone/reward.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto score = hone::rule_rewards().make("math");
  const std::string text(reinterpret_cast<const char*>(data), size);
  const size_t split = text.find('\n');
  const nlohmann::json fields = {{"answer", text.substr(0, split)}};
  const std::string completion = "\\boxed{" + (split == std::string::npos ? text : text.substr(split + 1)) + "}";
  score({.prompt = "", .completion = completion, .fields = fields});
  return 0;
}
