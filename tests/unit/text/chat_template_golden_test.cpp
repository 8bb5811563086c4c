// hone against transformers: every case of tests/golden/chat_template, and of the file in HONE_JINJA_CASES if set
// (tools/goldens/chat_template.py --fuzz or --all writes such files).
#include <cstdlib>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/jsonl.h"
#include "hone/chat_template.h"

namespace hone {
namespace {

using Json = nlohmann::ordered_json;

const std::string kFolder = std::string(HONE_TEST_GOLDEN) + "/chat_template/";

Json load(const std::string& path) { return Json::parse(read_file(path)); }

RenderOptions options_of(const Json& json) {
  RenderOptions options;
  std::tm now{};
  now.tm_year = 126, now.tm_mon = 2, now.tm_mday = 5, now.tm_hour = 14, now.tm_min = 7, now.tm_sec = 9;
  now.tm_wday = 4, now.tm_yday = 63;
  options.now = now;
  options.add_generation_prompt = json.value("add_generation_prompt", true);
  if (json.contains("tools")) options.tools = json["tools"];
  if (json.contains("documents")) options.documents = json["documents"];
  if (json.contains("variables")) options.variables = json["variables"];
  return options;
}

std::map<std::string, Json> conversations_of(const Json& golden) {
  std::map<std::string, Json> by_name;
  if (golden.contains("conversations")) {
    for (const Json& conversation : golden["conversations"]) by_name[conversation["name"]] = conversation;
  }
  return by_name;
}

struct Outcome {
  RenderedChat chat;
  std::string error;
};

Outcome run(const std::string& source, const Json& messages, const RenderOptions& options, bool marked) {
  try {
    const ChatTemplate chat_template(source, {{"bos_token", "<s>"}, {"eos_token", "</s>"}, {"pad_token", "<pad>"}});
    if (marked) return {chat_template.render_marked(messages, options), ""};
    return {{chat_template.render(messages, options), {}}, ""};
  } catch (const Error& e) {
    return {{}, e.what()};
  }
}

void check_file(const std::string& path) {
  const Json golden = load(path);
  const auto conversations = conversations_of(golden);
  size_t disagreements = 0;
  for (const Json& expected : golden["cases"]) {
    RenderOptions options;
    Json messages = Json::array();
    std::string name = expected.value("template", "");
    if (const std::string conversation = expected.value("conversation", ""); !conversation.empty()) {
      messages = conversations.at(conversation)["messages"];
      options = options_of(conversations.at(conversation).value("options", Json::object()));
      name += " / " + conversation;
    } else {
      options = options_of({{"variables", golden["variables"]}});
      name = expected["source"];
    }
    const std::string source = expected.contains("source")
                                   ? expected["source"].get<std::string>()
                                   : read_file(kFolder + name.substr(0, name.find(" /")) + ".jinja");
    const bool marked = expected.contains("spans") && !expected["spans"].empty();
    const Outcome actual = run(source, messages, options, marked);
    const bool agrees = expected.contains("error") ? !actual.error.empty()
                                                   : actual.error.empty() && actual.chat.text == expected["out"];
    disagreements += !agrees;
    ASSERT_LE(disagreements, 40u) << "too many to show";
    if (expected.contains("error")) {
      EXPECT_NE(actual.error, "") << name << "\n  jinja2 raises " << expected["error"] << "\n  hone renders "
                                  << Json(actual.chat.text);
      continue;
    }
    EXPECT_EQ(actual.error, "") << name << "\n  jinja2 renders " << expected["out"];
    if (!actual.error.empty()) continue;
    EXPECT_EQ(actual.chat.text, expected["out"].get<std::string>()) << name;
    if (!marked) continue;
    Json spans = Json::array();
    for (const TextSpan& span : actual.chat.assistant) spans.push_back({span.begin, span.end});
    EXPECT_EQ(spans, expected["spans"]) << name;
  }
}

TEST(ChatTemplateGolden, Snippets) { check_file(kFolder + "snippets.json"); }
TEST(ChatTemplateGolden, RealTemplates) { check_file(kFolder + "templates.json"); }

TEST(ChatTemplateGolden, CasesOfTheEnvironment) {
  const char* path = std::getenv("HONE_JINJA_CASES");
  if (path == nullptr) GTEST_SKIP() << "HONE_JINJA_CASES names no file of further cases";
  check_file(path);
}

}  // namespace
}  // namespace hone
