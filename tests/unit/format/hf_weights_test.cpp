#include "format/hf_weights.h"

#include "support.h"

namespace hone {
namespace {

const std::vector<float> kValues = {1, 2, 3, 4, 5, 6, 7, 8};

/// Three tensors of 32 bytes each.
std::vector<TensorSource> three_tensors() {
  std::vector<TensorSource> tensors;
  for (const char* name : {"embed", "layers.0", "norm"}) tensors.push_back({name, DType::F32, {2, 4}, kValues.data()});
  return tensors;
}

void write_text(const std::filesystem::path& path, const std::string& text) { write_file_atomic(path, text); }

std::string error_with_index(const TemporaryFolder& folder, const std::string& index) {
  write_text(folder / "model.safetensors.index.json", index);
  return error_of([&] { HfWeights(folder.path()); });
}

TEST(HfWeights, OneFile) {
  const TemporaryFolder folder;
  write_safetensors_sharded(folder.path(), three_tensors(), 96);
  EXPECT_EQ(folder.files(), std::vector<std::string>{"model.safetensors"});
  const HfWeights weights(folder.path());
  EXPECT_EQ(weights.names(), (std::vector<std::string>{"embed", "layers.0", "norm"}));
  EXPECT_EQ(floats_of(weights.at("norm")), kValues);
  EXPECT_EQ(weights.find("absent"), nullptr);
  EXPECT_NE(error_of([&] { weights.at("nrm"); }).find("did you mean 'norm'?"), std::string::npos);
}

TEST(HfWeights, Shards) {
  const TemporaryFolder folder;
  write_safetensors_sharded(folder.path(), three_tensors(), 64);
  EXPECT_EQ(folder.files(),
            (std::vector<std::string>{"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
                                      "model.safetensors.index.json"}));
  const nlohmann::json index = parse_json(read_file(folder / "model.safetensors.index.json"), "index");
  EXPECT_EQ(index["metadata"]["total_size"], 96);
  EXPECT_EQ(index["weight_map"]["layers.0"], "model-00001-of-00002.safetensors");
  EXPECT_EQ(index["weight_map"]["norm"], "model-00002-of-00002.safetensors");
  HfWeights opened(folder.path());
  const HfWeights weights = std::move(opened);
  for (const std::string& name : weights.names()) EXPECT_EQ(floats_of(weights.at(name)), kValues);
  EXPECT_EQ(weights.names().size(), 3u);
}

TEST(HfWeights, AnExportReplacesTheOneBefore) {
  const TemporaryFolder folder;
  write_text(folder / "config.json", "{}");
  write_text(folder / "model-of-mine.safetensors", "kept");
  write_safetensors_sharded(folder.path(), three_tensors(), 1);  // a shard each
  EXPECT_EQ(folder.files().size(), 6u);
  write_safetensors_sharded(folder.path(), three_tensors(), 64);
  EXPECT_EQ(HfWeights(folder.path()).names().size(), 3u);
  write_safetensors_sharded(folder.path(), three_tensors(), 1000);
  EXPECT_EQ(folder.files(),
            (std::vector<std::string>{"config.json", "model-of-mine.safetensors", "model.safetensors"}));
  write_safetensors_sharded(folder.path(), three_tensors(), 64);  // a stale model.safetensors would win over the index
  EXPECT_FALSE(std::filesystem::exists(folder / "model.safetensors"));
}

TEST(HfWeights, AFailedExportLeavesTheOneBeforeAsItWas) {
  const TemporaryFolder folder;
  write_safetensors_sharded(folder.path(), three_tensors(), 64);
  const std::vector<std::string> before = folder.files();
  std::filesystem::create_directory(folder / "export.tmp");  // of an export that was killed
  write_text(folder / "export.tmp/model-00001-of-00002.safetensors", "half a file");

  const std::vector<float> others(8, -1.0f);
  std::vector<TensorSource> tensors = three_tensors();
  for (TensorSource& tensor : tensors) tensor.data = others.data();
  tensors[2].produce = [](const ByteSink&) { throw Error(ErrorKind::internal, "gather failed"); };
  EXPECT_EQ(error_of([&] { write_safetensors_sharded(folder.path(), tensors, 64); }), "gather failed");
  EXPECT_EQ(folder.files(), before);
  EXPECT_EQ(floats_of(HfWeights(folder.path()).at("embed")), kValues);

  tensors[2].produce = nullptr;
  write_safetensors_sharded(folder.path(), tensors, 64);
  EXPECT_EQ(folder.files(), before);
  EXPECT_EQ(floats_of(HfWeights(folder.path()).at("embed")), others);
}

TEST(HfWeights, ShardNamesCannotLeaveTheFolder) {
  const TemporaryFolder folder;
  write_safetensors(folder / "w.safetensors", three_tensors());
  for (const char* name :
       {"../w.safetensors", "/etc/passwd", "a/../w.safetensors", "..", ".", "", "a\\\\b", "a\\u0000"}) {
    const std::string error = error_with_index(folder, fmt::format(R"({{"weight_map":{{"embed":"{}"}}}})", name));
    EXPECT_NE(error.find("is not a plain file name"), std::string::npos) << name << ": " << error;
  }
  EXPECT_EQ(error_with_index(folder, R"({"weight_map":{"embed":"w.safetensors"}})"), "");
}

TEST(HfWeights, NamesWhatIsMissing) {
  const TemporaryFolder folder;
  write_safetensors(folder / "w.safetensors", three_tensors());
  EXPECT_NE(error_with_index(folder, R"({"weight_map":{"a":"v.safetensors","b":"w.safetensors"}})")
                .find("shard 'v.safetensors' is missing, which holds 1 tensors of the index ('a', ...)"),
            std::string::npos);
  EXPECT_NE(error_with_index(folder, R"({"weight_map":{"a":"w.safetensors"}})").find("tensor 'a' is not in 'w.safe"),
            std::string::npos);
  const std::string long_name(5000, 'x');
  EXPECT_NE(error_with_index(folder, R"({"weight_map":{"a":")" + long_name + "\"}}").find("is missing"),
            std::string::npos);
}

TEST(HfWeights, RefusesABrokenIndex) {
  const TemporaryFolder folder;
  for (const char* index : {"", "{", "[]", "null", "{}", R"({"weight_map":[]})", R"({"weight_map":{}})",
                            R"({"weight_map":{"a":1}})", R"({"weight_map":{"a":null}})"}) {
    EXPECT_NE(error_with_index(folder, index).find("model.safetensors.index.json"), std::string::npos) << index;
  }
}

TEST(HfWeights, FoldersWithoutUsableWeights) {
  const TemporaryFolder folder;
  EXPECT_NE(error_of([&] { HfWeights(folder.path()); }).find("has neither model.safetensors nor"), std::string::npos);
  EXPECT_NE(error_of([&] { HfWeights(folder / "absent"); }).find("no such model folder"), std::string::npos);
  write_text(folder / "pytorch_model.bin", "pickle");
  EXPECT_NE(error_of([&] { HfWeights(folder.path()); }).find("convert it first"), std::string::npos);
}

}  // namespace
}  // namespace hone
