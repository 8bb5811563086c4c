#include "stage/local_chat.h"

#include <thread>

#include <gmock/gmock.h>

#include "rollout/engine.h"
#include "stage/model_rewards.h"
#include "text/chat_tokens.h"
#include "unit/tiny_model.h"

namespace hone {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class LocalChatTest : public ::testing::Test {
 protected:
  LocalChatTest() { hone::testing::write_tiny_model(folder_.path(), "llama"); }
  LocalChatOptions options(double temperature = 0) const {
    LocalChatOptions o;
    o.model = folder_.path().string();
    o.temperature = temperature, o.max_tokens = 24, o.seed = 7;
    return o;
  }
  static std::vector<Message> question(int i) { return {{"user", "What is " + std::to_string(i) + "?"}}; }
  static std::chrono::steady_clock::time_point soon() { return std::chrono::steady_clock::now() + 60s; }

  hone::testing::TemporaryFolder folder_;
};

TEST_F(LocalChatTest, RepliesAreThoseOfTheEngineHoweverManyAsk) {
  for (const double temperature : {0.0, 1.0}) {
    const ChatFunction alone = make_local_chat(options(temperature), "test");
    std::vector<std::string> expected(8), replies(8);
    for (int i = 0; i < 8; ++i) expected[static_cast<size_t>(i)] = alone(question(i), soon());
    const ChatFunction together = make_local_chat(options(temperature), "test");
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&, i] { replies[static_cast<size_t>(i)] = together(question(i), soon()); });
    for (std::thread& t : threads) t.join();
    EXPECT_EQ(replies, expected) << temperature;
  }
  // At temperature 0 nothing but the prompt matters.
  const auto policy = Policy::load(folder_.path(), {});
  const ChatTokenizer chat(policy->tokenizer());
  Prompt prompt;
  prompt.ids = chat.encode_rendered(chat.render_prompt(question(3)));
  SamplingConfig greedy;
  greedy.temperature = 0, greedy.max_completion_length = 24;
  EXPECT_EQ(Engine(*policy).generate({prompt}, 1, greedy, {}).at(0).samples.at(0).text,
            make_local_chat(options(), "test")(question(3), soon()));
}

TEST_F(LocalChatTest, GivesUpAtTheDeadlineAndGoesOn) {
  LocalChatOptions slow = options(1);
  slow.max_tokens = 200;
  const ChatFunction chat = make_local_chat(slow, "test");
  EXPECT_THROW(chat(question(1), std::chrono::steady_clock::now() - 1s), Error);
  EXPECT_FALSE(chat(question(2), soon()).empty());
  const std::vector<Message> endless = {{"user", std::string(400, 'x')}};
  try {
    chat(endless, soon());
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("context 256"));
  }
}

TEST_F(LocalChatTest, AsAJudge) {
  const nlohmann::json fields = {{"question", "1+1?"}};
  const RewardFunction judge = make_any_judge({{"model", folder_.path().string()}, {"max_tokens", 8}});
  const Verdict verdict = judge({.completion = "2", .fields = fields});
  EXPECT_EQ(verdict.verdict, VerdictKind::unscorable);  // a context of 256 bytes holds no rubric
  EXPECT_THAT(verdict.why, HasSubstr("context 256"));
  EXPECT_THROW(make_any_judge({{"model", "/nowhere"}}), Error);
  EXPECT_THROW(make_any_judge(nlohmann::json::object()), Error);
  EXPECT_THROW(make_any_judge({{"model", folder_.path().string()}, {"timeout_s", 3}}), Error);  // an HTTP option
}

}  // namespace
}  // namespace hone
