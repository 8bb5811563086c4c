#include "data/tasks/tasks.h"

#include <algorithm>
#include <unordered_set>

#include <xxhash.h>

#include "base/check.h"
#include "base/jsonl.h"
#include "base/number.h"
#include "base/text.h"

namespace hone {
namespace {

constexpr char kInstruction[] = "Think inside <think></think>, then give the final answer inside <answer></answer>.";
constexpr int64_t kMaxRecords = 10'000'000;
constexpr uint64_t kTestShare = 5;  // every fifth problem, by hash, is held out

uint64_t hash_text(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

/// A problem's side never depends on seed, size or options, so no two data sets of a task can leak into each other.
bool is_test(const Task& task, const TaskItem& item) {
  return hash_text(task.name + "\n" + item.key) % kTestShare == 0;
}

Record record_from_item(const Task& task, TaskItem item, const std::string& instruction, int64_t id) {
  Record record;
  record.id = id;
  record.source = task.name;
  record.messages = {{"user", instruction.empty() ? item.question : item.question + "\n" + instruction},
                     {"assistant", "<think>" + item.worked + "</think><answer>" + item.answer + "</answer>"}};
  record.fields = std::move(item.fields);
  record.fields["task"] = task.name;
  record.fields["question"] = item.question;
  record.fields["answer"] = item.answer;
  return record;
}

std::string read_instruction(const nlohmann::json& options) {
  if (!options.is_object() || !options.contains("instruction")) return kInstruction;
  HONE_CHECK(options["instruction"].is_string(), ErrorKind::recipe, "task: instruction: expected text, got {}",
             quote_for_message(dump_json(options["instruction"]), 40));
  return options["instruction"].get<std::string>();
}

}  // namespace

std::span<const Task> builtin_tasks() {
  static const std::vector<Task> tasks = {arithmetic_task(),     chain_sum_task(),           countdown_task(),
                                          knights_knaves_task(), string_manipulation_task(), number_sequence_task()};
  return tasks;
}

const Task& find_task(std::string_view name) {
  std::vector<std::string> names;
  for (const Task& task : builtin_tasks()) {
    if (task.name == name) return task;
    names.push_back(task.name);
  }
  fail(ErrorKind::recipe, "unknown task {}{} (known: {})", quote_for_message(name), did_you_mean(name, names),
       join(names, ", "));
}

bool check_task_answer(const nlohmann::json& fields, std::string_view answer) {
  const nlohmann::json& name = task_field(fields, "task");
  HONE_CHECK(name.is_string(), ErrorKind::data, "field 'task' must be text, got {}",
             quote_for_message(dump_json(name), 40));
  const auto tasks = builtin_tasks();
  const auto task = std::find_if(tasks.begin(), tasks.end(), [&](const Task& t) { return t.name == name; });
  HONE_CHECK(task != tasks.end(), ErrorKind::data, "field 'task' names no known task: {}",
             quote_for_message(name.get_ref<const std::string&>(), 40));
  return task->check(fields, answer);
}

std::vector<Record> make_task_records(const Task& task, const nlohmann::json& options, const std::string& split,
                                      int64_t size, int64_t seed) {
  HONE_CHECK(split == "train" || split == "test", ErrorKind::recipe, "task '{}': split must be train or test, got {}",
             task.name, quote_for_message(split));
  HONE_CHECK(size > 0 && size <= kMaxRecords, ErrorKind::recipe,
             "task '{}': size must say how many records to make, 1 to {}, got {}", task.name, kMaxRecords, size);
  const std::string instruction = read_instruction(options);
  const auto generate = task.make(options);

  std::vector<Record> records;
  std::unordered_set<std::string> questions;
  const uint64_t task_key = hash_text(task.name);
  int64_t draw = 0, last_new = 0;
  while (std::ssize(records) < size) {
    // A problem that is left would turn up within this many draws but for one case in e^20 (all equally likely).
    const int64_t patience = (split == "test" ? 100 : 25) * (std::ssize(records) + 50);
    HONE_CHECK(
        draw - last_new <= patience, ErrorKind::recipe,
        "task '{}': size {} asked of split {}, but only {} different questions turned up in {} draws; lower size "
        "or widen the task's options",
        task.name, size, split, records.size(), draw);
    Rng rng(mix_key(static_cast<uint64_t>(seed), task_key, draw));
    TaskItem item = generate(rng);
    ++draw;
    if (is_test(task, item) != (split == "test") || !questions.insert(item.question).second) continue;
    last_new = draw;
    records.push_back(record_from_item(task, std::move(item), instruction, std::ssize(records)));
  }
  return records;
}

Range operand_range(const OperandOptions& options, const std::string& task) {
  HONE_CHECK(!options.digits || (!options.min && !options.max), ErrorKind::recipe,
             "task '{}': give either digits or min and max, not both", task);
  HONE_CHECK(!options.min || options.max, ErrorKind::recipe, "task '{}': min needs max", task);
  if (options.max) {
    const Range range{options.min.value_or(0), *options.max};
    HONE_CHECK(range.low <= range.high, ErrorKind::recipe, "task '{}': min {} is above max {}", task, range.low,
               range.high);
    return range;
  }
  int64_t power = 1;
  for (int64_t i = 1; i < options.digits.value_or(2); ++i) power *= 10;
  return {power == 1 ? 0 : power, power * 10 - 1};
}

const nlohmann::json& task_field(const nlohmann::json& fields, const char* name) {
  HONE_CHECK(fields.is_object() && fields.contains(name), ErrorKind::data, "record has no field '{}'", name);
  return fields[name];
}

bool check_number(const nlohmann::json& fields, std::string_view answer) {
  const nlohmann::json& field = task_field(fields, "answer");
  const auto gold = parse_number(field.is_string() ? field.get<std::string>() : dump_json(field));
  HONE_CHECK(gold.has_value(), ErrorKind::data, "field 'answer' must be a number, got {}",
             quote_for_message(dump_json(field), 40));
  const auto number = parse_number(answer);
  return number && !number->percent && equal_value(*number, *gold);
}

}  // namespace hone
