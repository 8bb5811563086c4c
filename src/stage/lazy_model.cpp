#include "stage/lazy_model.h"

#include <filesystem>

#include "base/check.h"
#include "base/files.h"

namespace hone {

LazyModel::LazyModel(LazyModelOptions options, const std::string& where) : options_(std::move(options)) {
  HONE_CHECK(std::filesystem::exists(options_.model), ErrorKind::recipe, "{}: model: {} does not exist", where,
             options_.model);
  HONE_CHECK(options_.chat_template.empty() || std::filesystem::exists(options_.chat_template), ErrorKind::recipe,
             "{}: chat_template: {} does not exist", where, options_.chat_template);
}

const LazyModel::Loaded& LazyModel::get() {
  HONE_CHECK(problem_.empty(), ErrorKind::data, "{}", problem_);
  if (loaded_) return *loaded_;
  try {
    std::unique_ptr<Policy> policy =
        Policy::load(options_.model, {.dtype = options_.dtype, .reward_head = options_.reward_head});
    ChatTokenizer chat(policy->tokenizer(), options_.chat_template.empty() ? "" : read_file(options_.chat_template));
    loaded_.emplace(Loaded{std::move(policy), std::move(chat)});
  } catch (const std::exception& e) {
    problem_ = e.what();
    throw;
  }
  return *loaded_;
}

}  // namespace hone
