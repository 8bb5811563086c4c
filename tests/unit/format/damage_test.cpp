// Damaged files end in an Error or in views that stay inside the bytes. Each damaged copy lies in a heap block of its
// own exact size, so that the address sanitizer sees a read past its end.
#include "support.h"

namespace hone {
namespace {

/// Opens the bytes and reads everything there is to read; false if the file was refused.
template <class Use>
bool survives(std::string_view bytes, Use&& use) {
  const std::vector<std::byte> copy(as_bytes(bytes).begin(), as_bytes(bytes).end());
  return error_of([&] { use(std::span<const std::byte>(copy)); }).empty();
}

void read_all(const std::vector<TensorView>& tensors) {
  for (const TensorView& tensor : tensors) {
    if (dtype_info(tensor.dtype).to_float) floats_of(tensor);
  }
}

void use_safetensors(std::span<const std::byte> bytes) {
  const SafetensorsFile file(bytes, "m");
  read_all(file.tensors());
}

void use_gguf(std::span<const std::byte> bytes) {
  const GgufFile file(bytes, "m");
  for (const std::string& key : file.keys()) {  // most of these throw; none may read outside
    error_of([&] { file.get<bool>(key); });
    error_of([&] { file.get<int64_t>(key); });
    error_of([&] { file.get<double>(key); });
    error_of([&] { file.get<std::string>(key); });
    error_of([&] { file.get<std::vector<int64_t>>(key); });
    error_of([&] { file.get<std::vector<float>>(key); });
    error_of([&] { file.get<std::vector<std::string>>(key); });
  }
  read_all(file.tensors());
}

template <class Use>
void flip_everything(const std::string& original, Use&& use) {
  size_t survived = 0;
  for (size_t at = 0; at < original.size(); ++at) {
    constexpr int kFlips[] = {0x01, 0x80, 0xFF};
    std::string damaged = original;
    damaged[at] = static_cast<char>(damaged[at] ^ kFlips[at % 3]);
    survived += survives(damaged, use);
  }
  std::printf("%zu of %zu damaged files were still readable\n", survived, original.size());
}

TEST(Damage, EveryTruncationOfASafetensorsFileIsRefused) {
  const std::string bytes = read_file(golden("python.safetensors"));
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(survives(bytes.substr(0, size), use_safetensors)) << size;
  }
  EXPECT_TRUE(survives(bytes, use_safetensors));
  EXPECT_FALSE(survives(bytes + "x", use_safetensors));
}

TEST(Damage, EveryTruncationOfAGgufFileIsRefused) {
  const std::string bytes = read_file(golden("tiny.gguf"));
  const GgufFile whole(as_bytes(bytes), "whole");
  const std::byte* data_end = nullptr;  // what follows the last tensor is padding
  for (const TensorView& tensor : whole.tensors())
    data_end = std::max(data_end, tensor.data.data() + tensor.data.size());
  const size_t needed = static_cast<size_t>(data_end - as_bytes(bytes).data());
  for (size_t size = 0; size <= bytes.size(); ++size) {
    ASSERT_EQ(survives(bytes.substr(0, size), use_gguf), size >= needed) << size;
  }
}

TEST(Damage, FlippedBytesOfASafetensorsFile) {
  flip_everything(read_file(golden("python.safetensors")), use_safetensors);
}

TEST(Damage, FlippedBytesOfAGgufFile) { flip_everything(read_file(golden("tiny.gguf")), use_gguf); }

}  // namespace
}  // namespace hone
