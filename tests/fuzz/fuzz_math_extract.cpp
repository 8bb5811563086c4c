// Any bytes are a completion in which an answer is looked for: a number, an expression, a word, an option.
#include <string_view>

#include "hone/reward.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto score = hone::rule_rewards().make("math");
  static const auto phrase = hone::rule_rewards().make("math", {{"extraction", "phrase"}});
  const std::string_view completion(reinterpret_cast<const char*>(data), size);
  for (const char* gold : {"5", "x+\\sqrt{2}", "\\text{east}", "(C)"}) {
    const nlohmann::json fields = {{"answer", gold}};
    score({.prompt = "", .completion = completion, .fields = fields});
    phrase({.prompt = "", .completion = completion, .fields = fields, .finish = hone::Finish::length});
  }
  return 0;
}
