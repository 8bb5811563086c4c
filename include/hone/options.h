// Strict reading of a small options object: the own options of a synthetic task or of a reward. An options struct lists
// its fields once, as the recipe structs do (see hone/recipe.h):
//
//   struct LengthOptions {
//     int64_t max = 0;
//     template <class Self, class V>
//     static void fields(Self& c, V& v) { v("max", c.max, "tokens at most", at_least(1)); }
//   };
//   const auto options = read_options<LengthOptions>(json, "reward 'length'");
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "hone/recipe.h"

namespace hone {

/// Visitor that copies known keys of `json` into an options struct. Every mismatch is Error(recipe) that names the
/// option, what was expected and what was found.
class OptionReader {
 public:
  OptionReader(const nlohmann::json& json, std::string where);

  void operator()(const char* name, bool& value, const char* help);
  void operator()(const char* name, int64_t& value, const char* help, const Bounds& bounds = {});
  void operator()(const char* name, double& value, const char* help, const Bounds& bounds = {});
  void operator()(const char* name, std::string& value, const char* help, const Bounds& bounds = {});
  void operator()(const char* name, std::vector<std::string>& value, const char* help, const Bounds& bounds = {});
  template <class T>
  void operator()(const char* name, std::optional<T>& value, const char* help, const Bounds& bounds = {}) {
    if (find(name)) (*this)(name, value.emplace(), help, bounds);
  }
  template <class Part>
  void inline_struct(Part& part) {
    Part::fields(part, *this);
  }

  /// Error(recipe) for the first key of the object that no field asked for, with the nearest known name.
  void finish() const;

 private:
  const nlohmann::json* find(const char* name);

  const nlohmann::json& json_;
  std::string where_;
  std::vector<std::string> known_;
};

/// The defaults of `Options` overlaid with `json`; null counts as an empty object. `where` opens every error message.
template <class Options>
Options read_options(const nlohmann::json& json, const std::string& where) {
  Options options;
  OptionReader reader(json, where);
  Options::fields(options, reader);
  reader.finish();
  return options;
}

}  // namespace hone
