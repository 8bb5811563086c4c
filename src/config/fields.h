// Small visitors over the `fields` lists.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/stages.h"
#include "hone/recipe.h"

namespace hone::config {

/// A struct with a `fields` list.
template <class T>
concept Fields = requires(T& c, void (*v)()) {
  &T::template fields<T, void (*)()>;
};

/// The names of a struct's options, those of inlined structs included.
class NameCollector {
 public:
  std::vector<std::string> names;
  bool takes_rest = false;  // further keys are allowed

  template <class T>
  void operator()(const char* name, T&, const char*, const Bounds& = {}) {
    names.emplace_back(name);
  }
  template <class T>
  void inline_struct(T& c) {
    std::remove_const_t<T>::fields(c, *this);
  }
  void rest(const nlohmann::json&, const char*) { takes_rest = true; }
};

template <class T>
std::vector<std::string> field_names(const T& c) {
  NameCollector collector;
  T::fields(c, collector);
  return std::move(collector.names);
}

/// Names of the options of one stage type, without those that every stage has.
inline std::vector<std::string> stage_field_names(const std::string& type) {
  StageConfig stage;
  stage.type = type;
  make_stage(stage);
  std::vector<std::string> names;
  with_stage(stage, [&](const auto& config) { names = field_names(config); });
  return names;
}

}  // namespace hone::config
