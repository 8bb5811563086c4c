#include <filesystem>

#include "base/check.h"
#include "base/text.h"
#include "config/stages.h"
#include "hone/recipe.h"

namespace hone {
namespace {

namespace fs = std::filesystem;

/// Tests of std::filesystem that answer no rather than throw.
bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}
bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

void check_file(const std::string& path, const std::string& key, const std::string& what, RecipeProblems& problems) {
  if (path.empty()) return;
  if (is_folder(path))
    problems.push_back({key, quote_for_message(path) + " is a folder, expected " + what});
  else if (!is_there(path))
    problems.push_back(
        {key, fmt::format("there is no file {}; paths are relative to the current folder", quote_for_message(path))});
}

void check_model(const std::string& path, RecipeProblems& problems) {
  if (path.empty()) return;
  if (!is_there(path))
    problems.push_back(
        {"model", fmt::format("there is no model {}; expected a Hugging Face folder or a .gguf file, relative "
                              "to the current folder",
                              quote_for_message(path))});
  else if (is_folder(path) && !is_there(fs::path(path) / "config.json"))
    problems.push_back(
        {"model", quote_for_message(path) + " has no config.json; expected a Hugging Face model folder"});
  else if (!is_folder(path) && !path.ends_with(".gguf"))
    problems.push_back({"model", quote_for_message(path) + " is neither a folder nor a .gguf file"});
}

}  // namespace

RecipeProblems check_files(const Recipe& recipe) {
  RecipeProblems problems;
  check_model(recipe.model, problems);
  check_file(recipe.chat_template, "chat_template", "a file with a chat template", problems);
  if (is_there(recipe.output_dir) && !is_folder(recipe.output_dir))
    problems.push_back({"output_dir", quote_for_message(recipe.output_dir) + " is a file, expected a folder"});
  config::for_each_data(recipe, [&](const std::string& key, const DataConfig& data) {
    check_file(data.path, key + ".path", "a JSONL file", problems);
  });
  return problems;
}

}  // namespace hone
