#include "format/gguf.h"

#include "support.h"

namespace hone {
namespace {

using Strings = std::vector<std::string>;

TEST(Gguf, ReadsEveryKindOfMetadata) {
  const GgufFile file(golden("tiny.gguf"));
  EXPECT_EQ(file.version(), 3u);
  EXPECT_EQ(file.get<std::string>("general.architecture"), "llama");
  const nlohmann::json fields = golden_json("tiny_gguf.json")["fields"];
  ASSERT_EQ(file.keys().size(), fields.size());
  for (const auto& [key, field] : fields.items()) {
    const std::string type = field["type"][0], item = field["type"].back();
    const nlohmann::json& expected = field["value"];
    if (key == "k.u64.big") {
      EXPECT_NE(error_of([&] { file.get<int64_t>("k.u64.big"); }).find("18446744073709551615 does not fit"),
                std::string::npos);
      EXPECT_THROW(file.get<double>(key), Error);
    } else if (type == "string") {
      EXPECT_EQ(file.get<std::string>(key), expected.get<std::string>());
    } else if (type == "bool") {
      EXPECT_EQ(file.get<bool>(key), expected.get<bool>());
    } else if (type.starts_with("float")) {
      EXPECT_EQ(file.get<double>(key), expected.get<double>());
    } else if (type != "array") {
      EXPECT_EQ(file.get<int64_t>(key), expected.get<int64_t>()) << key;
      EXPECT_EQ(file.get<double>(key), expected.get<double>()) << key;
    } else if (item == "string") {
      EXPECT_EQ(file.get<Strings>(key), expected.get<Strings>());
    } else if (item == "float32") {
      EXPECT_EQ(file.get<std::vector<float>>(key), expected.get<std::vector<float>>());
    } else if (item == "int32") {
      EXPECT_EQ(file.get<std::vector<int64_t>>(key), expected.get<std::vector<int64_t>>());
      EXPECT_EQ(file.get<std::vector<float>>(key), expected.get<std::vector<float>>());
    }
  }
}

TEST(Gguf, AWrongKindIsAnErrorAndAnAbsentKeyIsNot) {
  const GgufFile file(golden("tiny.gguf"));
  EXPECT_EQ(file.get_optional<int64_t>("absent"), std::nullopt);
  EXPECT_EQ(file.get_optional<int64_t>("k.u8"), 200);
  EXPECT_NE(error_of([&] { file.get<std::string>("k.strng"); }).find("did you mean 'k.string'?"), std::string::npos);
  EXPECT_NE(error_of([&] { file.get<std::string>("k.u8"); }).find("'k.u8': expected a string, found u8"),
            std::string::npos);
  EXPECT_NE(error_of([&] { file.get<int64_t>("k.f32"); }).find("expected an integer, found f32"), std::string::npos);
  EXPECT_NE(error_of([&] { file.get<Strings>("k.ints"); }).find("found an array of i32"), std::string::npos);
  EXPECT_THROW(file.get<bool>("k.u8"), Error);
  EXPECT_THROW(file.get<int64_t>("k.true"), Error);
  EXPECT_THROW(file.get<double>("k.string"), Error);
  EXPECT_THROW(file.get<std::string>("k.strings"), Error);
  EXPECT_THROW(file.get<Strings>("k.string"), Error);
  EXPECT_THROW((void)file.get_optional<Strings>("k.string"), Error);
}

void expect_tensors(const GgufFile& file, const nlohmann::json& expected) {
  ASSERT_EQ(file.tensors().size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const TensorView& tensor = file.tensors()[i];
    EXPECT_EQ(tensor.name, expected[i]["name"]);
    EXPECT_EQ(dtype_name(tensor.dtype), expected[i]["type"].get<std::string>()) << tensor.name;
    EXPECT_EQ(tensor.shape, expected[i]["shape"].get<std::vector<int64_t>>()) << tensor.name;
    EXPECT_EQ(float_hash(floats_of(tensor)), expected[i]["hash"]) << tensor.name;
  }
}

TEST(Gguf, TensorsEqualTheReaderBitForBit) {
  const GgufFile file(golden("tiny.gguf"));
  expect_tensors(file, golden_json("tiny_gguf.json")["tensors"]);
  EXPECT_EQ(&file.at("t.Q4_K"), file.find("t.Q4_K"));
  EXPECT_NE(error_of([&] { file.at("t.Q4_J"); }).find("no tensor 't.Q4_J'"), std::string::npos);
}

TEST(Gguf, Version2IsTheSameFile) {
  std::string bytes = read_file(golden("tiny.gguf"));
  bytes[4] = 2;
  const GgufFile file(as_bytes(bytes), "v2");
  EXPECT_EQ(file.version(), 2u);
  expect_tensors(file, golden_json("tiny_gguf.json")["tensors"]);
}

TEST(Gguf, RefusesWhateverTheReaderRefuses) {
  const nlohmann::json cases = golden_json("gguf_cases.json");
  size_t accepted = 0, stricter = 0;
  for (const auto& item : cases) {
    const std::string bytes = decode_base64(item["bytes"].get<std::string>());
    const std::string error = error_of([&] { GgufFile(as_bytes(bytes), "m.gguf"); });
    const bool reader = item["reader"];
    if (item.contains("accept")) {
      EXPECT_EQ(error.empty(), item["accept"].get<bool>()) << item["name"] << ": " << error;
    } else if (!reader) {
      EXPECT_NE(error, "") << item["name"];
    }
    accepted += error.empty();
    stricter += reader && !error.empty();
  }
  std::printf("%zu files, %zu accepted, %zu refused that the Python reader takes\n", cases.size(), accepted, stricter);
}

TEST(Gguf, MessagesSayWhatIsWrong) {
  const std::pair<const char*, const char*> expected[] = {
      {"other magic", "m.gguf > not a GGUF file: starts with 'GGML', expected 'GGUF'"},
      {"version 1", "GGUF version 1, expected 2 or 3"},
      {"big endian", "a big-endian GGUF file"},
      {"key count too large", "metadata keys claimed at offset 24: 18446744073709551615, more than"},
      {"string length too large", "key 'k' > string at offset"},
      {"key twice", "key 'k' appears twice"},
      {"value type 13", "key 'k': unknown value type 13"},
      {"array of arrays", "key 'k' > arrays of arrays are not supported"},
      {"alignment 33", "must be a power of two, got 33"},
      {"tensor type 4", "tensor 't': type 4 (Q4_2) was withdrawn"},
      {"tensor type 42", "tensor 't': unknown type 42"},
      {"rows that do not fill blocks", "rows of 16 elements do not fill Q4_0 blocks of 32"},
      {"data cut off", "needs 16 bytes at offset 0 of the file's 15 bytes of tensor data (truncated file?)"},
      {"overlap", "tensors 't' and 'u' overlap"},
      {"part of a split model", "part 1 of a model that is split into 3 files"},
  };
  const nlohmann::json cases = golden_json("gguf_cases.json");
  for (const auto& [name, message] : expected) {
    for (const auto& item : cases) {
      if (item["name"] != name) continue;
      const std::string bytes = decode_base64(item["bytes"].get<std::string>());
      const std::string error = error_of([&] { GgufFile(as_bytes(bytes), "m.gguf"); });
      EXPECT_NE(error.find(message), std::string::npos) << error << "\n  " << message;
    }
  }
}

TEST(Gguf, SmolLm2EqualsTheReaderBitForBit) {
  const std::filesystem::path path =
      std::filesystem::path(HONE_SOURCE_DIR) / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent (scripts/demo.sh fetches it)";
  const auto start = std::chrono::steady_clock::now();
  const GgufFile file(path);
  int64_t elements = 0;
  for (const TensorView& tensor : file.tensors()) {
    elements += tensor.numel();
    floats_of(tensor);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const nlohmann::json expected = golden_json("smollm2.json");
  EXPECT_EQ(elements, expected["elements"]);
  expect_tensors(file, expected["tensors"]);
  EXPECT_EQ(file.get<Strings>("tokenizer.ggml.tokens").size(), 49152u);
  std::printf("%lld elements, opened and dequantised in %.3f s\n", static_cast<long long>(elements), seconds.count());
}

}  // namespace
}  // namespace hone
