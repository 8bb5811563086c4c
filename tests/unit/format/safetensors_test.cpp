#include "format/safetensors.h"

#include "support.h"

namespace hone {
namespace {

std::string frame(const std::string& header, const std::string& data = "") {
  const uint64_t size = header.size();
  return std::string(reinterpret_cast<const char*>(&size), sizeof size) + header + data;
}

std::string error_of_file(const std::string& bytes) {
  return error_of([&] { SafetensorsFile(as_bytes(bytes), "m.safetensors"); });
}

TEST(Safetensors, ReadsWhatTheReferenceWrote) {
  const SafetensorsFile file(golden("python.safetensors"));
  EXPECT_EQ(file.metadata(), (SafetensorsMetadata{{"format", "pt"}}));
  ASSERT_EQ(file.tensors().size(), 10u);
  EXPECT_EQ(file.at("w.f32").shape, (std::vector<int64_t>{3, 5}));
  EXPECT_EQ(file.at("ids").dtype, DType::I64);
  EXPECT_EQ(file.at("empty").data.size(), 0u);
  EXPECT_EQ(file.at("scalar").shape.size(), 0u);
  EXPECT_EQ(floats_of(file.at("scalar")), std::vector<float>{2.5f});
  EXPECT_EQ(floats_of(file.at("bytes")), (std::vector<float>{0, 1, 2, 3, 4}));
  EXPECT_EQ(floats_of(file.at("flags")), (std::vector<float>{1, 0}));
  EXPECT_NE(file.find("na\xC3\xAFve \"quoted\"\n\xE2\x9C\x93"), nullptr);
  EXPECT_EQ(file.find("absent"), nullptr);
  EXPECT_NE(error_of([&] { file.at("w.f33"); }).find("did you mean 'w.f32'?"), std::string::npos);
}

TEST(Safetensors, AcceptsAndRefusesAsTheReferenceDoes) {
  const nlohmann::json cases = golden_json("safetensors_cases.json");
  size_t accepted = 0;
  for (const auto& item : cases) {
    const std::string bytes = decode_base64(item["bytes"].get<std::string>());
    const std::string error = error_of_file(bytes);
    EXPECT_EQ(error.empty(), item["accept"].get<bool>()) << item["name"] << ": " << error;
    accepted += error.empty();
  }
  std::printf("%zu files, %zu accepted\n", cases.size(), accepted);
}

TEST(Safetensors, MessagesSayWhatIsWrong) {
  const auto one = [](const char* fields) { return frame(std::string("{\"a\":{") + fields + "}}", "x"); };
  const std::pair<std::string, const char*> cases[] = {
      {"", "m.safetensors > not a safetensors file: 0 bytes"},
      {frame("{}").substr(0, 9), "header of 2 bytes, but only 1 follow (truncated file?)"},
      {frame(" {}"), "does not start with '{' but with ' '"},
      {frame("{\"\xFF"), "not UTF-8 at byte 2"},
      {frame("{\"a\" 1}"), "not valid JSON at byte"},
      {one(R"("dtype":"F9","shape":[1],"data_offsets":[0,1])"), "tensor 'a': unknown dtype 'F9'"},
      {one(R"("dtype":"F32","shape":[1],"data_offsets":[0,1])"),
       "F32 of shape [1] takes 4 bytes, but its data_offsets"},
      {one(R"("dtype":"U8","shape":[1],"data_offsets":[1,2])"), "starts at data offset 1, expected 0 (a hole"},
      {one(R"("dtype":"U8","shape":[2],"data_offsets":[0,2])"), "leave the file's 1 bytes of data"},
      {one(R"("dtype":"U8","shape":[1])"), "tensor 'a': no data_offsets"},
      {one(R"("dtype":"U8","shape":[0.5],"data_offsets":[0,1])"), "expected a whole dimension, found a fraction"},
      {frame("{}", "PK"), "tensors cover 0 bytes of data, but the file holds 2"},
      {frame(R"({"__metadata__":{"a":1}})"), "__metadata__: expected a string for 'a', found a number"},
      {frame(R"({"a":{},"a":{}})"), "tensor 'a': no dtype"},
      {frame(R"({"__metadata__":{},"__metadata__":{}})"), "'__metadata__' appears twice"},
  };
  for (const auto& [bytes, expected] : cases) {
    EXPECT_NE(error_of_file(bytes).find(expected), std::string::npos) << error_of_file(bytes) << "\n  " << expected;
  }
}

TEST(Safetensors, DepthCannotEndTheStack) {
  EXPECT_NE(error_of_file(frame("{\"a\":{\"z\":" + std::string(5'000'000, '['))).find("127 deep"), std::string::npos);
  std::string objects = "{\"a\":";
  for (int i = 0; i < 500'000; ++i) objects += "{\"z\":";
  EXPECT_NE(error_of_file(frame(objects)), "");
}

TEST(Safetensors, AHundredThousandTensorsOpenQuickly) {
  constexpr int kCount = 100'000;
  std::string header = "{";
  for (int i = 0; i < kCount; ++i) {
    header += fmt::format("{}\"layer.{}.w\":{{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[{},{}]}}", i ? "," : "",
                          i, kCount - 1 - i, kCount - i);  // worst order for an insertion sort
  }
  const std::string bytes = frame(header + "}", std::string(kCount, 'x'));
  const auto start = std::chrono::steady_clock::now();
  const SafetensorsFile file(as_bytes(bytes), "many");
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(file.tensors().size(), static_cast<size_t>(kCount));
  EXPECT_EQ(file.tensors()[0].name, "layer.99999.w");
  EXPECT_LT(seconds.count(), 5.0);
  std::printf("%d tensors in %.3f s\n", kCount, seconds.count());
}

TEST(Safetensors, MovesKeepTheirViews) {
  SafetensorsFile first(golden("python.safetensors"));
  const SafetensorsFile second = std::move(first);
  EXPECT_EQ(floats_of(second.at("scalar")), std::vector<float>{2.5f});
}

TEST(Safetensors, SystemErrorsNameThePath) {
  const TemporaryFolder folder;
  EXPECT_NE(error_of([&] { SafetensorsFile(folder / "absent"); }).find("absent: cannot open"), std::string::npos);
  EXPECT_NE(error_of([&] { SafetensorsFile(folder.path()); }), "");
}

}  // namespace
}  // namespace hone
