// Any bytes are a GGUF file or an Error; an accepted file's metadata reads as some type and its tensors convert.
#include <vector>

#include "format/gguf.h"
#include "hone/error.h"

namespace {

template <class T>
bool reads_as(const hone::GgufFile& file, const std::string& key) {
  try {
    (void)file.get<T>(key);
    return true;
  } catch (const hone::Error&) {
    return false;
  }
}

void use(std::span<const std::byte> bytes) {
  const hone::GgufFile file(bytes, "fuzz");
  for (const std::string& key : file.keys()) {
    reads_as<bool>(file, key) || reads_as<int64_t>(file, key) || reads_as<double>(file, key) ||
        reads_as<std::string>(file, key) || reads_as<std::vector<int64_t>>(file, key) ||
        reads_as<std::vector<float>>(file, key) || reads_as<std::vector<std::string>>(file, key);
  }
  std::vector<float> values;
  for (const hone::TensorView& tensor : file.tensors()) {
    if (!hone::dtype_info(tensor.dtype).to_float) continue;
    values.resize(static_cast<size_t>(tensor.numel()));
    hone::to_float(tensor, values.data());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    use({reinterpret_cast<const std::byte*>(data), size});
  } catch (const hone::Error&) {
  }
  return 0;
}
