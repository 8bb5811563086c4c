// The synthetic tasks, one file each, and what they share. To add one: write its file, declare its function here, name
// it in the table of tasks.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "hone/data.h"
#include "hone/options.h"

namespace hone {

Task arithmetic_task();
Task chain_sum_task();
Task countdown_task();
Task knights_knaves_task();
Task string_manipulation_task();
Task number_sequence_task();

/// A task's own options beside those that every task has.
template <class Options>
Options read_task_options(const nlohmann::json& json, const std::string& task) {
  Options options;
  std::string instruction;  // read by make_task_records; known here so that a typo of it finds its name
  OptionReader reader(json, "task '" + task + "'");
  Options::fields(options, reader);
  reader("instruction", instruction, "text after the question");
  reader.finish();
  return options;
}

/// The size of operands: by digits, or by an explicit range.
struct OperandOptions {
  std::optional<int64_t> digits;  // default 2
  std::optional<int64_t> min;     // default 0
  std::optional<int64_t> max;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("digits", c.digits, "digits of every operand", between(1, 9));
    v("min", c.min, "smallest operand, with max", between(0, 999'999'999));
    v("max", c.max, "largest operand, instead of digits", between(0, 999'999'999));
  }
};
struct Range {
  int64_t low, high;
};
/// Error(recipe) if the options contradict each other.
Range operand_range(const OperandOptions& options, const std::string& task);

template <class T>
const T& pick(const std::vector<T>& items, Rng& rng) {
  return items[static_cast<size_t>(rng.integer(0, std::ssize(items) - 1))];
}

/// A field of a record, or Error(data).
const nlohmann::json& task_field(const nlohmann::json& fields, const char* name);

/// True if `answer` is exactly one number and equals fields["answer"].
bool check_number(const nlohmann::json& fields, std::string_view answer);

}  // namespace hone
