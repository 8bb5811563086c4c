// What a record says about a coding problem.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

namespace hone {

enum class Language { python, cpp };

struct StdinCase {
  std::string input, output;
};
struct StdinTests {
  std::vector<StdinCase> cases;
};

struct CallCase {
  nlohmann::json args;  // a list, or an object of keyword arguments
  nlohmann::json output;
};
struct CallTests {
  std::string entry_point;
  std::vector<CallCase> cases;
};

struct AssertTests {
  std::string code;                  // defines check(candidate), or asserts at once
  std::vector<std::string> asserts;  // or one test each
  std::string entry_point;           // "" where the asserts name it themselves
  std::string setup;                 // run before them
};

using CodeTests = std::variant<StdinTests, CallTests, AssertTests>;

struct CodeTask {
  Language language = Language::python;
  std::string prefix;  // before the completion's code
  double time_limit_s = 0;
  int64_t memory_limit_mb = 0;
  CodeTests tests;
};

/// `defaults` holds what the record leaves out. Error(data) for a record that cannot be scored.
CodeTask read_code_task(const nlohmann::json& fields, CodeTask defaults);

/// "python" | "cpp", with their usual other names; Error(data) for another.
Language language_from_name(const std::string& name);

}  // namespace hone
