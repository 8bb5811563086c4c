// Any bytes are a safetensors file or an Error; an accepted file's tensors lie inside it, tile its data and convert.
#include <cstdlib>
#include <vector>

#include "format/safetensors.h"
#include "hone/error.h"

namespace {

void use(std::span<const std::byte> bytes) {
  const hone::SafetensorsFile file(bytes, "fuzz");
  size_t covered = 0;
  std::vector<float> values;
  for (const hone::TensorView& tensor : file.tensors()) {
    covered += tensor.data.size();
    if (file.find(tensor.name) != &tensor) std::abort();
    if (!hone::dtype_info(tensor.dtype).to_float) continue;
    values.resize(static_cast<size_t>(tensor.numel()));
    hone::to_float(tensor, values.data());
  }
  if (covered > bytes.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    use({reinterpret_cast<const std::byte*>(data), size});
  } catch (const hone::Error&) {
  }
  return 0;
}
