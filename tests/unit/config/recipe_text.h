// A small valid recipe for tests to break, and what breaking it says.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "hone/error.h"
#include "hone/recipe.h"

namespace hone::test {

inline const std::string kSmall = R"(model: m
stages:
  - name: rl
    type: grpo
    data: {path: a.jsonl}
    rewards: [{type: answer}]
)";

/// kSmall with further lines of the stage, the first of which is line 7.
inline std::string small_with(const std::string& lines) {
  std::string out = kSmall;
  for (size_t begin = 0; begin < lines.size();) {
    const size_t end = std::min(lines.find('\n', begin), lines.size());
    out += "    " + lines.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return out;
}

/// The lines of the error that reading the text gives; none where it reads.
inline std::vector<std::string> problems_of(const std::string& text, const std::vector<std::string>& overrides = {},
                                            const std::string& name = "r.yaml") {
  try {
    parse_recipe(text, name, overrides);
    return {};
  } catch (const Error& e) {
    std::vector<std::string> lines;
    const std::string message = e.what();
    for (size_t begin = 0; begin <= message.size();) {
      const size_t end = std::min(message.find('\n', begin), message.size());
      lines.push_back(message.substr(begin, end - begin));
      begin = end + 1;
    }
    if (e.kind() != ErrorKind::recipe) lines.push_back("wrong kind of error");
    return lines;
  }
}

}  // namespace hone::test
