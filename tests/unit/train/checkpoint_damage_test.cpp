// Damaged and hostile checkpoints: every one is noticed, named and passed over.
#include <fstream>

#include <gmock/gmock.h>
#include <xxhash.h>

#include "base/files.h"
#include "unit/train/checkpoint_fixture.h"

namespace hone::testing {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class DamageTest : public CheckpointTest {
 protected:
  DamageTest() {
    save(1);
    save(2);
    newest_ = folder_ / "step-000002";
    good_ = read_file(newest_ / "manifest.json");
  }

  void overwrite(const fs::path& path, const std::string& bytes) const {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  /// What is said about the damaged newest checkpoint; the one before it must be taken instead.
  std::string problem() const {
    EXPECT_EQ(loaded_step(), 1);
    try {
      open_checkpoint(newest_);
    } catch (const Error& e) {
      EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
      return e.what();
    }
    ADD_FAILURE() << "damage was not noticed";
    return "";
  }

  /// A manifest that somebody made on purpose: its checksum is right.
  std::string problem_with_manifest(const std::function<void(nlohmann::json&)>& change) const {
    nlohmann::json json = nlohmann::json::parse(good_);
    change(json);
    return problem_with_text(json.dump());
  }
  std::string problem_with_text(const std::string& text) const {
    overwrite(newest_ / "manifest.json", text);
    overwrite(newest_ / "manifest.xxh3", fmt::format("{:016x}\n", XXH3_64bits(text.data(), text.size())));
    return problem();
  }

  fs::path newest_;
  std::string good_;  // its manifest
};

const char* const kFiles[] = {"manifest.json", "manifest.xxh3", "state-00000-of-00001.safetensors"};

TEST_F(DamageTest, EveryFlippedBitIsNoticed) {
  set_log_level(LogLevel::off);
  for (const char* name : kFiles) {
    const std::string good = read_file(newest_ / name);
    const size_t stride = std::max<size_t>(1, good.size() / 150);
    for (size_t at = 0; at < good.size(); at += stride) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
      overwrite(newest_ / name, bad);
      EXPECT_THAT(problem(), HasSubstr("step-000002")) << name << " at " << at;
    }
    overwrite(newest_ / name, good);
    EXPECT_EQ(loaded_step(), 2);
  }
  set_log_level(LogLevel::info);
}

TEST_F(DamageTest, TruncatedLongerAndMissingFiles) {
  set_log_level(LogLevel::off);
  for (const char* name : kFiles) {
    const std::string good = read_file(newest_ / name);
    for (const std::string& bad : {std::string(), good.substr(0, 1), good.substr(0, good.size() / 2),
                                   good.substr(0, good.size() - 1), good + "\n"}) {
      overwrite(newest_ / name, bad);
      EXPECT_THAT(problem(), HasSubstr("step-000002")) << name << " of " << bad.size() << " bytes";
    }
    fs::remove(newest_ / name);
    EXPECT_THAT(problem(), HasSubstr(name));
    fs::create_directory(newest_ / name);
    EXPECT_THAT(problem(), HasSubstr(name));
    fs::remove(newest_ / name);
    overwrite(newest_ / name, good);
  }
  EXPECT_EQ(loaded_step(), 2);
  set_log_level(LogLevel::info);
}

TEST_F(DamageTest, TheWarningNamesTheFileAndWhatIsWrong) {
  fs::resize_file(newest_ / kFiles[2], 100);
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(loaded_step(), 1);
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("state-00000-of-00001.safetensors has 100 bytes, expected"));
  EXPECT_THAT(log, HasSubstr("step-000002"));
}

TEST_F(DamageTest, WhenAllAreDamagedNothingStartsAnewSilently) {
  for (const char* step : {"step-000001", "step-000002"}) fs::remove(folder_ / step / "manifest.json");
  try {
    load_latest(folder_);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::format);
    EXPECT_THAT(e.what(), HasSubstr("every checkpoint is damaged"));
    EXPECT_THAT(e.what(), HasSubstr("step-000002"));
  }
}

TEST_F(DamageTest, HostileManifests) {
  using Json = nlohmann::json;
  set_log_level(LogLevel::off);
  EXPECT_THAT(problem_with_manifest([](Json& j) { j["format"] = 2; }), HasSubstr("format 2"));
  EXPECT_THAT(problem_with_manifest([](Json& j) { j["step"] = -1; }), HasSubstr("'step' is not a count"));
  EXPECT_THAT(problem_with_manifest([](Json& j) { j["step"] = 1.5; }), HasSubstr("'step'"));
  EXPECT_THAT(problem_with_manifest([](Json& j) { j["ranks"] = "1"; }), HasSubstr("'ranks'"));
  EXPECT_THAT(problem_with_manifest([](Json& j) { j.erase("state"); }), HasSubstr("'state' is missing"));
  EXPECT_THAT(problem_with_manifest([](Json& j) { j["files"] = 7; }), HasSubstr("manifest.json"));
  EXPECT_THAT(problem_with_manifest([](Json& j) { j["files"][0] = "x"; }), HasSubstr("'name' is missing"));
  EXPECT_THAT(problem_with_manifest([](Json& j) { j["files"][0]["size"] = 18446744073709551615ull; }),
              HasSubstr("'size'"));
  EXPECT_THAT(problem_with_manifest([](Json& j) { j["files"][0]["xxh3"] = "0"; }), HasSubstr("checksum"));
  for (const char* name : {"../step-000001/state-00000-of-00001.safetensors", "/etc/passwd", "..", ".", ""}) {
    EXPECT_THAT(problem_with_manifest([&](Json& j) { j["files"][0]["name"] = name; }),
                HasSubstr("not the name of a file"));
  }
  EXPECT_THAT(problem_with_manifest([](Json& j) { j["files"] = Json::array(); }), HasSubstr("does not list"));
  EXPECT_THAT(problem_with_manifest([](Json& j) { j["tensors"][0]["shape"][0] = 99; }),
              HasSubstr("the manifest says F32 [99"));
  EXPECT_THAT(problem_with_manifest([](Json& j) { j["tensors"][0]["shape"] = "x"; }), HasSubstr("'shape'"));
  EXPECT_THAT(problem_with_manifest([](Json& j) { j["tensors"][0]["dtype"] = "F64"; }), HasSubstr("not fp32"));
  EXPECT_THAT(problem_with_manifest([](Json& j) { j["tensors"][0]["name"] = "other"; }), HasSubstr("other"));
  EXPECT_THAT(problem_with_manifest([](Json& j) { j["tensors"].push_back(j["tensors"][0]); }), HasSubstr("twice"));
  EXPECT_THAT(problem_with_text("[]"), HasSubstr("'format' is missing"));
  EXPECT_THAT(problem_with_text(""), HasSubstr("manifest.json"));
  EXPECT_THAT(problem_with_text(std::string(100'000, '[')), HasSubstr("manifest.json"));
  EXPECT_EQ(problem_with_manifest([](Json& j) { j["step"] = 3; }).find("no error"), std::string::npos);
  set_log_level(LogLevel::info);
}

TEST_F(DamageTest, ARenamedCheckpointIsNotBelieved) {
  set_log_level(LogLevel::off);
  fs::rename(newest_, folder_ / "step-000009");
  EXPECT_EQ(loaded_step(), 1);
  set_log_level(LogLevel::info);
}

}  // namespace
}  // namespace hone::testing
