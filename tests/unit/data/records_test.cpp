#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hone/data.h"
#include "hone/error.h"

namespace hone {
namespace {

using nlohmann::json;
using testing::HasSubstr;
namespace fs = std::filesystem;

Record read(const char* line) { return record_from_json(json::parse(line), "file"); }

std::string transcript(const Record& record) {
  std::string out;
  for (const Message& turn : record.messages) out += turn.role + ": " + turn.content + "\n";
  return out;
}

std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    return e.what();
  }
  return "no error";
}

TEST(JsonlForms, TrlPromptAndCompletion) {
  const Record text = read(R"({"prompt": "The sky is", "completion": " blue."})");
  EXPECT_TRUE(text.messages.empty());
  EXPECT_EQ(text.prompt, "The sky is");
  EXPECT_EQ(text.completion, " blue.");
  EXPECT_TRUE(has_target(text));

  const Record chat = read(R"({"prompt": [{"role": "user", "content": "Hi"}], "completion":
                               [{"role": "assistant", "content": "Hello"}]})");
  EXPECT_EQ(transcript(chat), "user: Hi\nassistant: Hello\n");
  EXPECT_TRUE(has_target(chat));
  EXPECT_EQ(prompt_messages(chat).size(), 1u);

  const Record rl =
      read(R"({"prompt": [{"role": "user", "content": "1+1?"}], "solution": "It is $\\boxed{\\frac{4}{2}}$"})");
  EXPECT_FALSE(has_target(rl));
  EXPECT_EQ(rl.fields["answer"], "\\frac{4}{2}");
  EXPECT_EQ(read(R"({"text": "Once"})").completion, "Once");
}

TEST(JsonlForms, Verl) {
  const Record r = read(R"({"data_source": "openai/gsm8k", "prompt": [{"role": "user", "content": "2+2?"}], "ability":
    "math", "reward_model": {"style": "rule", "ground_truth": "4"}, "extra_info": {"index": 7, "answer": "no"}})");
  EXPECT_EQ(r.source, "openai/gsm8k");
  EXPECT_EQ(transcript(r), "user: 2+2?\n");
  EXPECT_EQ(r.fields["answer"], "4");
  EXPECT_EQ(r.fields["extra_info"]["index"], 7);
}

TEST(JsonlForms, OpenAiAndShareGpt) {
  const Record r = read(R"({"messages": [{"role": "developer", "content": "Be kind."}, {"role": "user", "content":
    [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]}, {"role": "assistant", "content": "Hi"}]})");
  EXPECT_EQ(transcript(r), "system: Be kind.\nuser: Hello\nassistant: Hi\n");
  EXPECT_EQ(r.source, "file");
  const Record s = read(R"({"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yo"}]})");
  EXPECT_EQ(transcript(s), "user: Hi\nassistant: Yo\n");
}

TEST(JsonlForms, MathWithAndWithoutAnswer) {
  const Record r =
      read(R"({"problem": "P", "solution": "so \\boxed{a_{1}} or \\boxed{b_{\\text{x}}}.", "answer": "b"})");
  EXPECT_EQ(r.fields["answer"], "b");
  EXPECT_TRUE(has_target(r));
  EXPECT_EQ(read(R"({"problem": "P", "solution": "so \\boxed{a} or \\boxed{b_{\\text{x}}}."})").fields["answer"],
            "b_{\\text{x}}");
  EXPECT_EQ(read(R"({"question": "Q", "answer": 3.5})").fields["answer"], 3.5);
  EXPECT_FALSE(has_target(read(R"({"question": "Q", "answer": "3"})")));
  EXPECT_FALSE(read(R"({"question": "Q"})").fields.contains("answer"));
  EXPECT_EQ(read(R"({"question": "Q", "answer": "#### Heading\ntext"})").fields["answer"], "#### Heading\ntext");
}

TEST(JsonlForms, RealGsm8kLines) {
  const auto records = load_records({.path = HONE_TEST_GOLDEN "/data/gsm8k_excerpt.jsonl"});
  ASSERT_EQ(records.size(), 6u);
  const char* answers[] = {"72", "10", "5", "42", "70000", "1450000"};
  for (size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i].id, static_cast<int64_t>(i));
    EXPECT_EQ(records[i].source, "gsm8k_excerpt");
    EXPECT_EQ(records[i].fields["answer"], answers[i]);
    EXPECT_THAT(records[i].fields["solution"].get<std::string>(), HasSubstr("####"));
    EXPECT_EQ(prompt_messages(records[i]).size(), 1u);
    EXPECT_THAT(records[i].messages[1].content, HasSubstr("####"));
  }
}

TEST(JsonlForms, EveryWrongShapeIsExplained) {
  const std::pair<const char*, const char*> cases[] = {
      {"[1]", "expected a JSON object"},
      {"{}", "no key at all"},
      {R"({"promt": "x"})", "expected one of the keys messages"},
      {R"({"messages": []})", "non-empty list of turns"},
      {R"({"messages": "hi"})", "non-empty list of turns"},
      {R"({"messages": [{"role": "user"}]})", "turn 0 needs 'role' and 'content'"},
      {R"({"messages": [{"role": "user", "content": null}]})", "content must be text"},
      {R"({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]})", "only text parts"},
      {R"({"messages": [{"role": "bot", "content": "x"}]})", "role must be system, user, assistant or tool, got 'bot'"},
      {R"({"messages": [{"role": "assistant", "content": "x"}]})", "needs a turn before"},
      {R"({"prompt": 3})", "non-empty list of turns"},
      {R"({"prompt": ""})", "'prompt' is empty"},
      {R"({"prompt": "x", "completion": [{"role": "assistant", "content": "y"}]})", "'completion' must be text"},
      {R"({"prompt": [{"role": "assistant", "content": "x"}]})", "generation_prefix"},
      {R"({"prompt": [{"role": "user", "content": "x"}], "completion": [{"role": "user", "content": "y"}]})",
       "must end with an assistant turn"},
      {R"({"prompt": "x", "reward_model": {"style": "rule"}})", "'reward_model' needs 'ground_truth'"},
      {R"({"prompt": "x", "data_source": 3})", "'data_source' must be text"},
      {R"({"question": ["x"]})", "'question' must be text"},
      {R"({"text": ""})", "'text' is empty"},
  };
  for (const auto& [line, expected] : cases) {
    EXPECT_THAT(error_of([&] { read(line); }), HasSubstr(expected)) << line;
  }
}

class LoadRecords : public testing::Test {
 protected:
  std::string write(const std::string& bytes) {
    const fs::path path = dir_ / "data.jsonl";
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }
  void SetUp() override { fs::create_directories(dir_); }
  void TearDown() override { fs::remove_all(dir_); }
  const fs::path dir_ = fs::path(testing::TempDir()) /
                        (std::string("hone_data_") + testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(LoadRecords, TakesBomCrlfBlankLinesAndUnicode) {
  const std::string path =
      write("\xEF\xBB\xBF{\"prompt\": \"Gr\\u00fc\\u00df \xF0\x9F\x99\x82\"}\r\n\r\n  \n{\"prompt\": \"b\"}");
  const auto records = load_records({.path = path});
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].prompt, "Grüß \xF0\x9F\x99\x82");
  EXPECT_EQ(records[1].id, 1);
}

TEST_F(LoadRecords, BadLinesAreNamed) {
  const auto error = [&](const std::string& bytes) {
    const std::string path = write(bytes);
    const std::string message = error_of([&] { load_records({.path = path}); });
    EXPECT_THAT(message, HasSubstr(path));
    return message;
  };
  EXPECT_THAT(error("{\"prompt\": \"a\"}\n\n{\"prompt\": \n"), HasSubstr("data.jsonl:3: not valid JSON"));
  EXPECT_THAT(error("{\"prompt\": \"a\"}\n{\"prom\": \"a\"}\n"), HasSubstr("data.jsonl:2: expected one of the keys"));
  EXPECT_THAT(error("{\"prompt\": \"\xFF\"}\n"), HasSubstr("data.jsonl:1: "));
  EXPECT_THAT(error("{\"prompt\": \"\\ud800\"}\n"), HasSubstr("data.jsonl:1: "));
  EXPECT_THAT(error(std::string(100'000, '[')), HasSubstr("data.jsonl:1: "));
  EXPECT_THAT(error(""), HasSubstr("expected at least one record"));
  EXPECT_THAT(error("\n\n"), HasSubstr("expected at least one record"));
  EXPECT_THAT(error_of([&] { load_records({.path = (dir_ / "missing.jsonl").string()}); }), HasSubstr("missing.jsonl"));
  EXPECT_THAT(error_of([&] { load_records({.path = dir_.string()}); }), HasSubstr("this is a folder"));
}

TEST_F(LoadRecords, SizeKeepsTheFirstRecordsAndStillChecksTheRest) {
  const std::string path = write("{\"prompt\": \"a\"}\n{\"prompt\": \"b\"}\n{\"prompt\": \"c\"}\n");
  EXPECT_EQ(load_records({.path = path, .size = 2}).size(), 2u);
  EXPECT_THAT(error_of([&] { load_records({.path = path, .size = 4}); }), HasSubstr("which has 3 records"));
  write("{\"prompt\": \"a\"}\n{\"x\": \"b\"}\n");
  EXPECT_THAT(error_of([&] { load_records({.path = path, .size = 1}); }), HasSubstr(":2: "));
}

TEST_F(LoadRecords, SystemPromptAndSuffix) {
  const std::string path = write(
      "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"b\"}]}\n"
      "{\"prompt\": [{\"role\": \"system\", \"content\": \"own\"}, {\"role\": \"user\", \"content\": \"c\"}]}\n");
  const auto records = load_records({.path = path, .system_prompt = "sys", .prompt_suffix = "!"});
  EXPECT_EQ(transcript(records[0]), "system: sys\nuser: a!\nassistant: b\n");
  EXPECT_EQ(transcript(records[1]), "system: own\nuser: c!\n");

  write("{\"prompt\": \"plain\"}\n");
  EXPECT_EQ(load_records({.path = path, .prompt_suffix = "?"})[0].prompt, "plain?");
  EXPECT_THAT(error_of([&] { load_records({.path = path, .system_prompt = "s"}); }), HasSubstr("needs conversations"));
  write("{\"text\": \"plain\"}\n");
  EXPECT_THAT(error_of([&] { load_records({.path = path, .prompt_suffix = "?"}); }), HasSubstr("needs a prompt"));
}

TEST_F(LoadRecords, OptionsWithoutEffectAreErrors) {
  const std::string path = write("{\"prompt\": \"a\"}\n");
  EXPECT_THAT(error_of([&] { load_records({}); }), HasSubstr("either path or task, got neither"));
  EXPECT_THAT(error_of([&] { load_records({.path = path, .task = "arithmetic"}); }), HasSubstr("got both"));
  EXPECT_THAT(error_of([&] { load_records({.path = path, .options = {{"digits", 1}}}); }), HasSubstr("synthetic task"));
  EXPECT_THAT(error_of([&] { load_records({.path = path, .split = "test"}); }), HasSubstr("synthetic task"));
  EXPECT_THAT(error_of([&] { load_records({.task = "arithmetik", .size = 1}); }),
              HasSubstr("did you mean 'arithmetic'?"));
}

TEST_F(LoadRecords, TasksTakeTheSameRoad) {
  const auto records = load_records(
      {.task = "arithmetic", .options = {{"digits", 1}}, .split = "test", .size = 5, .seed = 3, .system_prompt = "s"});
  ASSERT_EQ(records.size(), 5u);
  EXPECT_EQ(records[0].messages[0].role, "system");
  EXPECT_EQ(records[4].id, 4);
}

TEST(Fingerprint, SeesEveryChangeAndNothingElse) {
  const auto base = load_records({.task = "arithmetic", .size = 20});
  EXPECT_EQ(fingerprint(base).size(), 32u);
  EXPECT_EQ(fingerprint(base), fingerprint(load_records({.task = "arithmetic", .size = 20})));
  const auto changed = [&](auto change) {
    auto records = base;
    change(records);
    return fingerprint(records) != fingerprint(base);
  };
  EXPECT_TRUE(changed([](auto& r) { std::swap(r[0], r[1]); }));
  EXPECT_TRUE(changed([](auto& r) { r.pop_back(); }));
  EXPECT_TRUE(changed([](auto& r) { r[3].messages[1].content += " "; }));
  EXPECT_TRUE(changed([](auto& r) { r[3].fields["answer"] = "0"; }));
  EXPECT_TRUE(changed([](auto& r) { r[3].source = "x"; }));
  EXPECT_TRUE(changed([](auto& r) {  // the same bytes, cut elsewhere
    r[0].messages[0].content += r[0].messages[1].role.substr(0, 1);
    r[0].messages[1].role.erase(0, 1);
  }));
}

}  // namespace
}  // namespace hone
