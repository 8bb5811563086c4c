#include "pipeline/manifest.h"

#include <chrono>

#include <torch/csrc/api/include/torch/version.h>

#include "base/files.h"
#include "base/jsonl.h"
#include "base/threads.h"
#include "kernels/cpu/kernels.h"

namespace hone {
namespace {

#if defined(HONE_CUDA)
constexpr bool kCuda = true;
#else
constexpr bool kCuda = false;
#endif

std::string cpu_name() {
  const std::string info = read_file("/proc/cpuinfo");
  const size_t at = info.find("model name");
  if (at == std::string::npos) return "unknown";
  const size_t colon = info.find(':', at), end = info.find('\n', at);
  return colon == std::string::npos || end < colon ? "unknown" : info.substr(colon + 2, end - colon - 2);
}

}  // namespace

nlohmann::json describe_machine() {
  return {{"hone", kVersion},
          {"libtorch", TORCH_VERSION},
          {"compiler", __VERSION__},
          {"cpu", cpu_name()},
          {"isa", kernels::table().isa},
          {"bf16_in_hardware", kernels::has_bf16()},
          {"threads", num_threads()},
          {"cuda_and_nccl", kCuda ? "compiled in" : "not compiled in"}};
}

void write_manifest(const std::filesystem::path& run_dir, const Recipe& recipe, int ranks) {
  nlohmann::json manifest = describe_machine();
  manifest["name"] = recipe.name;
  manifest["model"] = recipe.model;
  manifest["ranks"] = ranks;
  manifest["seed"] = recipe.seed;
  manifest["exactness"] = recipe.exactness;
  manifest["updated"] =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  manifest["stages"] = nlohmann::json::array();
  for (const StageConfig& stage : recipe.stages) {
    const std::filesystem::path folder = run_dir / stage.name;
    const char* status = std::filesystem::exists(folder / "done.json") ? "done"
                         : std::filesystem::exists(folder)             ? "started"
                                                                       : "waiting";
    manifest["stages"].push_back({{"name", stage.name}, {"status", status}});
  }
  write_file_atomic(run_dir / "manifest.json", dump_json(manifest, 2) + "\n");
}

}  // namespace hone
