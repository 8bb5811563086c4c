#include <csignal>

#include <sys/resource.h>

#include "support.h"

namespace hone {
namespace {

std::vector<TensorSource> sources_of(const SafetensorsFile& file) {
  std::vector<TensorSource> sources;
  for (const TensorView& tensor : file.tensors()) {
    sources.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.data.data()});
  }
  return sources;
}

TensorSource source(const std::string& name, const std::vector<float>& values) {
  return {name, DType::F32, {static_cast<int64_t>(values.size())}, values.data()};
}

TEST(WriteSafetensors, WritesTheReferencesBytes) {
  const SafetensorsFile file(golden("python.safetensors"));
  std::vector<TensorSource> sources = sources_of(file);
  std::reverse(sources.begin(), sources.end());  // the given order does not matter
  const TemporaryFolder folder;
  write_safetensors(folder / "m.safetensors", sources);
  EXPECT_EQ(read_file(folder / "m.safetensors"), read_file(golden("python.safetensors")));
  EXPECT_EQ(folder.files(), std::vector<std::string>{"m.safetensors"});
}

TEST(WriteSafetensors, EveryTensorIsAlignedToItsElements) {
  const SafetensorsFile file(golden("python.safetensors"));
  for (const TensorView& tensor : file.tensors()) {
    const auto address = reinterpret_cast<uintptr_t>(tensor.data.data());
    EXPECT_EQ(address % static_cast<uintptr_t>(dtype_info(tensor.dtype).block_bytes), 0u) << tensor.name;
  }
}

TEST(WriteSafetensors, ProducersStreamAndAreHeldToTheirShape) {
  const TemporaryFolder folder;
  const std::vector<float> values(1 << 20, 1.5f);  // 4 MB in uneven pieces
  const auto produce = [&](size_t total) {
    return [&values, total](const ByteSink& sink) {
      const auto bytes = std::as_bytes(std::span(values)).first(total);
      for (size_t at = 0; at < total; at += 999'999) sink(bytes.subspan(at, std::min<size_t>(999'999, total - at)));
    };
  };
  TensorSource streamed{"w", DType::F32, {1 << 20}, nullptr, produce(4 << 20)};
  write_safetensors(folder / "a", std::span(&streamed, 1));
  EXPECT_EQ(floats_of(SafetensorsFile(folder / "a").at("w")), values);

  streamed.produce = produce((4 << 20) - 4);
  EXPECT_NE(error_of([&] { write_safetensors(folder / "b", std::span(&streamed, 1)); }).find("4194300 bytes produced"),
            std::string::npos);
  streamed.shape = {(1 << 20) - 2};
  EXPECT_NE(error_of([&] { write_safetensors(folder / "b", std::span(&streamed, 1)); }).find("more bytes produced"),
            std::string::npos);
  streamed.produce = [](const ByteSink&) { throw Error(ErrorKind::internal, "gather failed"); };
  EXPECT_EQ(error_of([&] { write_safetensors(folder / "a", std::span(&streamed, 1)); }), "gather failed");
  EXPECT_EQ(folder.files(), std::vector<std::string>{"a"}) << "failures leave no file behind";
  EXPECT_EQ(floats_of(SafetensorsFile(folder / "a").at("w")), values) << "and the old one whole";
}

TEST(WriteSafetensors, AFullDiskLeavesNothingBehind) {
  const TemporaryFolder folder;
  const std::vector<float> values(1 << 20);
  const TensorSource tensor = source("w", values);
  rlimit old_limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit low{1 << 20, old_limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);
  const std::string error = error_of([&] { write_safetensors(folder / "m", std::span(&tensor, 1)); });
  const std::string sharded =
      error_of([&] { write_safetensors_sharded(folder / "d", std::span(&tensor, 1), 1 << 30); });
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_NE(error.find("cannot write"), std::string::npos) << error;
  EXPECT_NE(sharded.find("cannot write"), std::string::npos) << sharded;
  EXPECT_EQ(folder.files(), std::vector<std::string>{"d"});
  EXPECT_TRUE(std::filesystem::is_empty(folder / "d"));
}

TEST(WriteSafetensors, RefusesWhatNoReaderWouldTake) {
  const TemporaryFolder folder;
  const std::vector<float> values(32);
  const auto error = [&](std::vector<TensorSource> tensors) {
    return error_of([&] { write_safetensors(folder / "m", tensors); });
  };
  EXPECT_NE(error({source("a", values), source("a", values)}).find("'a': written twice"), std::string::npos);
  EXPECT_NE(error({source("__metadata__", values)}), "");
  EXPECT_NE(error({source("\xFF", values)}), "");
  EXPECT_NE(error({{"q", DType::Q4_0, {32}, values.data()}}).find("cannot hold Q4_0"), std::string::npos);
  EXPECT_NE(error({{"n", DType::F32, {-1}, values.data()}}), "");
  EXPECT_NE(error({{"f", DType::F4, {3}, values.data()}}), "");
  EXPECT_NE(error({{"none", DType::F32, {3}}}), "");
  EXPECT_NE(error_of([&] { write_safetensors(folder / "no/such/folder/m", {}); }), "");
  EXPECT_TRUE(folder.files().empty());
}

TEST(WriteSafetensors, NoTensorsAndNoMetadataMakeAValidFile) {
  const TemporaryFolder folder;
  write_safetensors(folder / "m", {}, {});
  EXPECT_EQ(read_file(folder / "m"), std::string("\x08\0\0\0\0\0\0\0{}      ", 16));
  EXPECT_TRUE(SafetensorsFile(folder / "m").tensors().empty());
}

}  // namespace
}  // namespace hone
