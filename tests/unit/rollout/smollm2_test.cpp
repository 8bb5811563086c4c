// The real model against transformers: tools/goldens/smollm2.py made the golden.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "base/jsonl.h"
#include "rollout/engine.h"

namespace hone {
namespace {

TEST(SmolLM2, GreedyCompletionsAreThoseOfTransformers) {
  const std::filesystem::path model = HONE_SOURCE_DIR "/models/SmolLM2-135M-Instruct.Q4_1.gguf";
  if (!std::filesystem::exists(model)) GTEST_SKIP() << model << " is not there; scripts/fetch_model.sh fetches it";
  const std::string path = HONE_TEST_GOLDEN "/smollm2/greedy.json";
  const nlohmann::json records = parse_json(read_file(path), path);
  ASSERT_EQ(records.size(), 20u);
  std::vector<Prompt> prompts;
  for (size_t i = 0; i < records.size(); ++i) {
    Prompt p;
    p.id = static_cast<int64_t>(i), p.ids = records[i].at("ids").get<std::vector<int32_t>>();
    prompts.push_back(std::move(p));
  }
  const auto policy = Policy::load(model, {.dtype = "fp32"});
  SamplingConfig greedy;
  greedy.temperature = 0, greedy.max_completion_length = 64;
  const std::vector<Group> groups = Engine(*policy).generate(prompts, 1, greedy, {});
  for (size_t i = 0; i < groups.size(); ++i)
    EXPECT_EQ(groups[i].samples[0].ids, records[i].at("completion").get<std::vector<int32_t>>())
        << "prompt " << i << ", smallest margin " << records[i].at("margin");
}

}  // namespace
}  // namespace hone
