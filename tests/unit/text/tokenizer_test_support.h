// Goldens and temporary folders for the tokenizer tests.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/files.h"
#include "base/jsonl.h"
#include "hone/tokenizer.h"
#include "text/tokenizer_data.h"
#include "text/tokenizer_files.h"

namespace hone {

inline std::filesystem::path golden_path(const std::string& name) {
  return std::filesystem::path(HONE_TEST_GOLDEN) / "tokenizer" / name;
}

inline nlohmann::json read_golden(const std::string& name) { return parse_json(read_file(golden_path(name)), name); }

inline Tokenizer tokenizer_of(const nlohmann::json& json) {
  return Tokenizer(std::make_shared<const TokenizerData>(load_tokenizer_json(json.dump())));
}

/// A folder of the running test, removed with it.
class TestFolder {
 public:
  TestFolder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() /
            (std::string("hone-") + std::to_string(::getpid()) + "-" + test->name());
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }
  void write(const std::string& name, const std::string& bytes) const { write_file_atomic(path_ / name, bytes); }

 private:
  std::filesystem::path path_;
};

/// The message of the hone::Error that `body` throws, or "" with a failure.
template <class Body>
std::string error_of(const Body& body) {
  try {
    body();
  } catch (const Error& e) {
    return e.what();
  }
  ADD_FAILURE() << "no error was thrown";
  return "";
}

}  // namespace hone
