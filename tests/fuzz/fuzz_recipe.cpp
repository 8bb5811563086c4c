// libFuzzer entry: any bytes as a YAML recipe, as a JSON recipe and as an override either are refused with
// Error(recipe), or give a recipe that its own resolved form reads back to.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "hone/recipe.h"

namespace {

void read_and_read_back(const std::string& text, const std::string& name, const std::vector<std::string>& overrides) {
  try {
    const hone::Recipe recipe = hone::parse_recipe(text, name, overrides);
    const nlohmann::json resolved = hone::recipe_to_json(recipe);
    if (hone::recipe_to_json(hone::parse_recipe(hone::recipe_to_yaml(recipe), "resolved.yaml")) != resolved)
      std::abort();
    if (hone::recipe_to_json(hone::parse_recipe(resolved.dump(), "resolved.json")) != resolved) std::abort();
  } catch (const hone::Error& e) {
    if (e.kind() != hone::ErrorKind::recipe) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  read_and_read_back(text, "fuzz.yaml", {});
  read_and_read_back(text, "fuzz.json", {});
  read_and_read_back("{model: m, stages: [{type: sft, data: {path: a}}]}", "fuzz.yaml", {text});
  return 0;
}
