// What is committed beside the code: the reference page and the recipes under configs/.
#include "base/files.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "config/aliases.h"
#include "config/fields.h"
#include "hone/recipe.h"

namespace hone {
namespace {

namespace fs = std::filesystem;

TEST(Reference, PageIsUpToDate) {
  const fs::path page = fs::path(HONE_SOURCE_DIR) / "docs/recipe-reference.md";
  if (std::getenv("HONE_UPDATE_DOCS")) write_file_atomic(page, recipe_reference());
  EXPECT_EQ(read_file(page), recipe_reference()) << "run this test with HONE_UPDATE_DOCS=1 and commit the page";
}

TEST(Reference, NamesEveryOption) {
  const std::string page = recipe_reference();
  for (const std::string& type : config::stage_types())
    for (const std::string& name : config::stage_field_names(type))
      EXPECT_NE(page.find("| `" + name + "` |"), std::string::npos) << name;
}

TEST(Reference, AliasesNameOptionsAndAreUnique) {
  std::vector<std::string> options;
  for (const std::string& type : config::stage_types())
    for (const std::string& name : config::stage_field_names(type)) options.push_back(name);
  for (const auto& name : config::field_names(EvalConfig{})) options.push_back(name);
  std::vector<std::string> others;
  for (const config::Alias& alias : config::aliases()) {
    EXPECT_NE(std::find(options.begin(), options.end(), alias.canonical), options.end()) << alias.canonical;
    others.push_back(alias.other);
  }
  std::sort(others.begin(), others.end());
  EXPECT_EQ(std::adjacent_find(others.begin(), others.end()), others.end());
}

TEST(Configs, EveryRecipeLoads) {
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(HONE_SOURCE_DIR) / "configs")) {
    if (entry.path().extension() != ".yaml") continue;
    ++count;
    EXPECT_NO_THROW({
      const Recipe recipe = load_recipe(entry.path());
      EXPECT_EQ(recipe_to_json(parse_recipe(recipe_to_yaml(recipe), "r.yaml")), recipe_to_json(recipe));
    }) << entry.path();
  }
  EXPECT_GE(count, 3);
}

}  // namespace
}  // namespace hone
