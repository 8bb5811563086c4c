#include "reward/code/task.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/jsonl.h"
#include "base/text.h"

namespace hone {
namespace {

using nlohmann::json;

const json* member(const json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return !object.is_object() || found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string text_member(const json& object, const char* name, bool required) {
  const json* value = member(object, name);
  HONE_CHECK(value || !required, ErrorKind::data, "tests: '{}' is missing", name);
  HONE_CHECK(!value || value->is_string(), ErrorKind::data, "'{}' must be text, got {}", name, value->type_name());
  return value ? value->get<std::string>() : "";
}

double number_member(const json& object, const char* name, double otherwise, double low, double high) {
  const json* value = member(object, name);
  if (!value) return otherwise;
  HONE_CHECK(value->is_number(), ErrorKind::data, "'{}' must be a number, got {}", name, value->type_name());
  const double number = value->get<double>();
  HONE_CHECK(number >= low && number <= high, ErrorKind::data, "'{}' must be in [{}, {}], got {}", name, low, high,
             number);
  return number;
}

const json& cases_of(const json& tests) {
  const json* cases = member(tests, "cases");
  HONE_CHECK(cases && cases->is_array() && !cases->empty(), ErrorKind::data,
             "the record has no tests: 'cases' is empty");
  return *cases;
}

/// Input and output of programs are text; numbers are taken as they are written.
std::string program_text(const json& object, const char* name) {
  const json* value = member(object, name);
  HONE_CHECK(value, ErrorKind::data, "a test case has no '{}'", name);
  HONE_CHECK(value->is_string() || value->is_number(), ErrorKind::data, "'{}' of a test case must be text, got {}",
             name, value->type_name());
  return value->is_string() ? value->get<std::string>() : dump_json(*value);
}

StdinTests read_stdin_tests(const json& tests) {
  StdinTests result;
  for (const json& item : cases_of(tests)) {
    result.cases.push_back({program_text(item, "input"), program_text(item, "output")});
  }
  return result;
}

CallTests read_call_tests(const json& tests) {
  CallTests result{text_member(tests, "entry_point", /*required=*/true), {}};
  HONE_CHECK(!result.entry_point.empty(), ErrorKind::data, "tests: 'entry_point' is empty");
  for (const json& item : cases_of(tests)) {
    const json* args = member(item, "args");
    HONE_CHECK(args && (args->is_array() || args->is_object()), ErrorKind::data,
               "'args' of a test case must be a list, or an object of keyword arguments");
    HONE_CHECK(item.contains("output"), ErrorKind::data, "a test case has no 'output'");
    result.cases.push_back({*args, item["output"]});
  }
  return result;
}

AssertTests read_assert_tests(const json& tests) {
  AssertTests result;
  result.code = text_member(tests, "code", /*required=*/false);
  result.entry_point = text_member(tests, "entry_point", /*required=*/!result.code.empty());
  result.setup = text_member(tests, "setup", /*required=*/false);
  if (const json* asserts = member(tests, "asserts")) {
    HONE_CHECK(asserts->is_array(), ErrorKind::data, "'asserts' must be a list, got {}", asserts->type_name());
    for (const json& item : *asserts) {
      HONE_CHECK(item.is_string(), ErrorKind::data, "'asserts' must be a list of text");
      result.asserts.push_back(item.get<std::string>());
    }
  }
  HONE_CHECK(!result.code.empty() || !result.asserts.empty(), ErrorKind::data,
             "the record has no tests: neither 'code' nor 'asserts'");
  HONE_CHECK(result.code.empty() || result.asserts.empty(), ErrorKind::data,
             "tests: give either 'code' or 'asserts', not both");
  return result;
}

CodeTests read_tests(const json& tests) {
  const std::string type = text_member(tests, "type", /*required=*/true);
  if (type == "stdin") return read_stdin_tests(tests);
  if (type == "call") return read_call_tests(tests);
  if (type == "asserts") return read_assert_tests(tests);
  fail(ErrorKind::data, "tests: unknown type {} (known: stdin, call, asserts)", quote_for_message(type));
}

}  // namespace

Language language_from_name(const std::string& name) {
  if (name == "python" || name == "python3" || name == "py") return Language::python;
  if (name == "cpp" || name == "c++") return Language::cpp;
  fail(ErrorKind::data, "unknown language {} (known: python, cpp)", quote_for_message(name));
}

CodeTask read_code_task(const json& fields, CodeTask task) {
  const json* tests = member(fields, "tests");
  HONE_CHECK(tests && tests->is_object(), ErrorKind::data, "the record has no tests in field 'tests'");
  if (member(fields, "language")) task.language = language_from_name(text_member(fields, "language", true));
  task.prefix = text_member(fields, "prefix", /*required=*/false);
  task.time_limit_s = number_member(fields, "time_limit_s", task.time_limit_s, 0.01, 600);
  const auto memory = number_member(fields, "memory_limit_mb", static_cast<double>(task.memory_limit_mb), 1, 1 << 20);
  task.memory_limit_mb = static_cast<int64_t>(std::ceil(memory));
  task.tests = read_tests(*tests);
  HONE_CHECK(task.language == Language::python || std::holds_alternative<StdinTests>(task.tests), ErrorKind::data,
             "programs in C++ are tested through stdin only");
  return task;
}

}  // namespace hone
