#include "report/event_file.h"

#include <cmath>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/jsonl.h"
#include "unit/report/temporary_folder.h"

namespace hone {
namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

TEST(EventFile, Crc32cOfPublishedVectors) {  // RFC 3720, B.4
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
}

TEST(EventFile, RecordsEqualTensorBoardsByteForByte) {
  const std::string path = std::string(HONE_TEST_GOLDEN) + "/report/events.json";
  const nlohmann::json golden = parse_json(read_file(path), path);
  const std::vector<std::pair<std::string, double>> values = {
      {"rl/reward", 0.53125}, {"rl/kl", 1e-9}, {"rl/loss", -0.0}, {"rl/nan", NAN}, {"rl/num_tokens", 1e9}};
  EXPECT_EQ(hex(event_record(version_event(1.5))), golden.at("version"));
  EXPECT_EQ(hex(event_record(scalars_event(1764561234.125, 300, values))), golden.at("scalars"));
  EXPECT_EQ(hex(event_record(scalars_event(0.25, 0, {values[0]}))), golden.at("step_zero"));
  const std::string text = "    2 + 3 = ?\n    <think>\u4e94</think>";
  EXPECT_EQ(hex(event_record(text_event(7.0, 12, "rl/samples", text))), golden.at("text"));
  EXPECT_EQ(hex(event_record(text_event(7.0, int64_t{1} << 40, "rl/samples", std::string(1000, 'x')))),
            golden.at("long_text"));
  EXPECT_EQ(hex(event_record(restart_event(9.0, 13))), golden.at("restart"));
}

TEST(EventFile, EachFileSortsBehindTheOnesBefore) {
  TemporaryFolder folder;
  write_file_atomic(folder.path / "events.out.tfevents.5000000000.elsewhere.77.0", "from the future");
  for (int i = 0; i < 3; ++i) {
    EventFile file(folder.path);
    file.flush();  // nothing written, no file
    file.write(scalars_event(1, 1, {{"rl/reward", 1.0}}));
    file.flush();
  }
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{
                       "events.out.tfevents.5000000000.elsewhere.77.0", "events.out.tfevents.5000000001.hone",
                       "events.out.tfevents.5000000002.hone", "events.out.tfevents.5000000003.hone"}));
}

}  // namespace
}  // namespace hone
