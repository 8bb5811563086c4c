#include "hone/chat_template.h"

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "hone/error.h"

namespace hone {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Json = nlohmann::ordered_json;

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

std::vector<std::string> marked(const RenderedChat& chat) {
  std::vector<std::string> parts;
  for (const TextSpan& span : chat.assistant) parts.push_back(chat.text.substr(span.begin, span.end - span.begin));
  return parts;
}

ChatTemplate load(const std::string& name) {
  return ChatTemplate(read_file(std::string(HONE_TEST_GOLDEN) + "/chat_template/" + name + ".jinja"),
                      {{"bos_token", "<s>"}, {"eos_token", "</s>"}});
}

const Json kTwoTurns = Json::parse(R"([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
                                       {"role": "user", "content": "c"}, {"role": "assistant", "content": "d é"}])");

TEST(ChatTemplate, Chatml) {
  const std::vector<Message> messages = {{"system", "s"}, {"user", "u"}};
  EXPECT_EQ(ChatTemplate::chatml().render(messages),
            "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\nu<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(ChatTemplate::chatml().render(messages, {.add_generation_prompt = false}),
            "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\nu<|im_end|>\n");
}

TEST(ChatTemplate, KeysKeepTheirOrder) {
  const ChatTemplate chat_template("{{ tools[0] | tojson }}{{ messages[0] | tojson }}");
  RenderOptions options;
  options.tools = Json::parse(R"([{"z": 1, "a": 2}])");
  EXPECT_EQ(chat_template.render(Json::parse(R"([{"role": "user", "b": 1, "a": 2}])"), options),
            R"({"z": 1, "a": 2}{"role": "user", "b": 1, "a": 2})");
}

TEST(ChatTemplate, VariablesOverrideSpecialTokens) {
  const ChatTemplate chat_template("{{ bos_token }}{{ eos_token is defined }}{{ x }}", {{"bos_token", "<s>"}});
  RenderOptions options;
  EXPECT_EQ(chat_template.render(Json::array(), options), "<s>False");
  options.variables = {{"bos_token", "B"}, {"x", 1}};
  EXPECT_EQ(chat_template.render(Json::array(), options), "BFalse1");
}

TEST(ChatTemplate, OneBosInEveryTemplateThatWritesIt) {
  for (const char* name : {"gemma", "gemma3", "llama3", "llama3_1", "deepseekv3", "cohere2"}) {
    const std::string text = load(name).render(kTwoTurns);
    EXPECT_TRUE(text.starts_with("<s>")) << name << ": " << text;
    EXPECT_EQ(text.find("<s>", 1), std::string::npos) << name << ": " << text;
  }
}

TEST(ChatTemplate, TimeIsAnArgument) {
  std::tm now{};
  now.tm_year = 124, now.tm_mon = 11, now.tm_mday = 30, now.tm_hour = 9, now.tm_wday = 1, now.tm_yday = 364;
  RenderOptions options;
  options.now = now;
  EXPECT_EQ(ChatTemplate("{{ strftime_now('%d %b %Y %-I %p %j %G-W%V %U %% %A') }}").render(Json::array(), options),
            "30 Dec 2024 9 AM 365 2025-W01 52 % Monday");
  EXPECT_THAT(error_of([&] { ChatTemplate("{{ strftime_now('%Q') }}").render(Json::array(), options); }),
              HasSubstr("unknown directive"));
  EXPECT_EQ(ChatTemplate("{{ strftime_now('%Y') | length }}").render(Json::array()), "4");
}

TEST(ChatTemplate, BadArguments) {
  const ChatTemplate chatml = ChatTemplate::chatml();
  EXPECT_THAT(error_of([&] { chatml.render(Json::parse("{}")); }), HasSubstr("messages: expected a list"));
  EXPECT_THAT(error_of([&] { chatml.render(Json::parse("[1]")); }), HasSubstr("messages[0]: expected an object"));
  EXPECT_THAT(error_of([&] {
                chatml.render(Json::array({{{"role", "user"}, {"content", "\xff"}}}));
              }),
              HasSubstr("messages[0]: not UTF-8 at byte 0"));
  EXPECT_THAT(error_of([&] {
                chatml.render(Json::array({{{"n", UINT64_MAX}}}));
              }),
              HasSubstr("does not fit in 64 bits"));
  EXPECT_THAT(error_of([&] { chatml.render(kTwoTurns, {.tools = 1}); }),
              HasSubstr("tools: expected a list of objects"));
  EXPECT_THAT(error_of([&] { chatml.render(kTwoTurns, {.variables = 1}); }),
              HasSubstr("variables: expected an object"));
  Json deep = 1;
  for (int i = 0; i < 250; ++i) deep = Json::array({deep});
  EXPECT_THAT(error_of([&] { chatml.render(Json::array({{{"content", deep}}})); }), HasSubstr("nested more than"));
  EXPECT_THAT(error_of([&] { ChatTemplate("", {{"bos_token", "\xff"}}); }), HasSubstr("'bos_token' is not UTF-8"));
}

TEST(ChatTemplate, ManyThreadsShareOne) {
  const ChatTemplate chat_template = load("qwen3");
  const std::string expected = chat_template.render(kTwoTurns);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) EXPECT_EQ(chat_template.render(kTwoTurns), expected);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(RenderForTraining, ByGenerationBlocks) {
  const ChatTemplate chat_template(
      "{% for m in messages %}[{{ m.role }}]{% if m.role == 'assistant' %}{% generation %}{{ m.content }}!{% "
      "endgeneration "
      "%}{% else %}{{ m.content }}{% endif %}{% endfor %}");
  const RenderedChat chat = render_for_training(chat_template, kTwoTurns);
  EXPECT_EQ(chat.text, "[user]a[assistant]b![user]c[assistant]d é!");
  EXPECT_THAT(marked(chat), ElementsAre("b!", "d é!"));
  EXPECT_THAT(marked(render_for_training(chat_template, kTwoTurns, {}, AssistantTurns::last_turn_only)),
              ElementsAre("d é!"));
}

TEST(RenderForTraining, ByDifference) {
  const RenderedChat chat = render_for_training(ChatTemplate::chatml(), kTwoTurns);
  EXPECT_EQ(chat.text, ChatTemplate::chatml().render(kTwoTurns, {.add_generation_prompt = false}));
  EXPECT_THAT(marked(chat), ElementsAre("b<|im_end|>\n", "d é<|im_end|>\n"));
  EXPECT_THAT(marked(render_for_training(load("llama3"), kTwoTurns)), ElementsAre("b<|eot_id|>", "d é<|eot_id|>"));
  EXPECT_THAT(marked(render_for_training(load("gemma"), kTwoTurns)),
              ElementsAre("b<end_of_turn>\n", "d é<end_of_turn>\n"));
}

// Qwen3 writes an empty think block before the last answer only, and drops the reasoning of earlier ones.
TEST(RenderForTraining, TemplatesThatRewriteEarlierTurns) {
  const ChatTemplate qwen3 = load("qwen3");
  EXPECT_THAT(error_of([&] { render_for_training(qwen3, kTwoTurns); }),
              HasSubstr("messages[1]: the template renders this turn differently once others follow"));
  EXPECT_THAT(marked(render_for_training(qwen3, kTwoTurns, {}, AssistantTurns::last_turn_only)),
              ElementsAre("<think>\n\n</think>\n\nd é<|im_end|>\n"));
  RenderOptions no_thinking;
  no_thinking.variables["enable_thinking"] = false;  // the empty block becomes part of the prompt
  EXPECT_THAT(marked(render_for_training(qwen3, kTwoTurns, no_thinking, AssistantTurns::last_turn_only)),
              ElementsAre("d é<|im_end|>\n"));
}

// DeepSeek-R1's generation prompt opens a think block, which its rendering of given answers leaves out.
TEST(RenderForTraining, PromptsThatAreNoPrefix) {
  EXPECT_THAT(error_of([] { render_for_training(load("deepseek_r1_distill"), kTwoTurns); }),
              HasSubstr("messages[1]: the conversation does not begin with"));
}

TEST(RenderForTraining, NothingToTrainOn) {
  const Json question = Json::parse(R"([{"role": "user", "content": "a"}])");
  EXPECT_THAT(error_of([&] { render_for_training(ChatTemplate::chatml(), question); }), HasSubstr("no assistant turn"));
  EXPECT_THAT(error_of([] { render_for_training(ChatTemplate("x"), kTwoTurns); }), HasSubstr("nothing to train on"));
  EXPECT_THAT(error_of([] { render_for_training(ChatTemplate("{% generation %}{% endgeneration %}"), kTwoTurns); }),
              HasSubstr("nothing to train on"));
  const std::string in_macro = "{% macro f() %}{% generation %}x{% endgeneration %}{% endmacro %}{{ f() }}";
  EXPECT_EQ(ChatTemplate(in_macro).render(kTwoTurns), "x");
  EXPECT_THAT(error_of([&] { render_for_training(ChatTemplate(in_macro), kTwoTurns); }), HasSubstr("inside a macro"));
}

}  // namespace
}  // namespace hone
