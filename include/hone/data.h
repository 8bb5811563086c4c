// Data sets: records from JSONL files or synthetic tasks, the order in which an epoch visits them, and the synthetic
// tasks themselves with their answer checkers. No tokens here: a stage renders and tokenises.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "hone/recipe.h"
#include "hone/types.h"

namespace hone {

class Rng;

/// One row of a data set. It is either a conversation (`messages`, to be rendered by a chat template) or plain text
/// (`prompt` + `completion`, used as they are); the other form's members are empty.
struct Record {
  int64_t id = 0;                 // row among the data set's records, from 0; becomes Prompt::id
  std::string source;             // data_source, the task's name, or the file's stem
  std::vector<Message> messages;  // conversation; a last assistant turn is the SFT target
  std::string prompt;             // plain text to continue
  std::string completion;         // plain SFT target
  nlohmann::json fields;          // the whole record; fields["answer"] is the gold answer where there is one
};

/// True if the record has something to imitate: a last assistant turn or a completion.
bool has_target(const Record& record);

/// The turns to generate after: all but a last assistant turn. Views into `record`.
std::span<const Message> prompt_messages(const Record& record);

/// Reads config.path, or makes config.size records of config.task. Applies system_prompt and prompt_suffix;
/// generation_prefix is left to whoever renders the prompt. The forms of a JSONL line are listed in docs/data.md.
/// Error(data) `path:line: ...` for a line in no known form and for an empty file; Error(recipe) for options that
/// contradict each other, ask for more records than exist, or would have no effect.
std::vector<Record> load_records(const DataConfig& config);

/// Canonical form of one JSON line; `source` is used where the line names none. Error(data) says what is missing.
Record record_from_json(nlohmann::json line, const std::string& source);

/// The response in a field of a preference record: text, one turn, or a conversation whose last turn is the
/// assistant's. Error(data) with `key` otherwise.
std::string response_text(const nlohmann::json& value, const std::string& key);

/// 32 hex digits over everything that training sees, in order: a resumed run compares it to notice changed data.
std::string fingerprint(std::span<const Record> records);

/// Where a data set is read next. The whole state of an EpochSampler: store it in a checkpoint.
struct DataCursor {
  int64_t epoch = 0;
  int64_t offset = 0;  // records of this epoch already handed out, in [0, size)
  bool operator==(const DataCursor&) const = default;
};

/// Permutation of [0, size) for one epoch: a pure function of its arguments.
std::vector<int64_t> epoch_order(int64_t size, uint64_t seed, int64_t epoch);

/// Hands out records in shuffled epochs. All ranks draw the same list and each takes its share of it, so the order does
/// not depend on how many there are.
class EpochSampler {
 public:
  EpochSampler(int64_t size, uint64_t seed, DataCursor start = {});

  /// The next n indices into the records. A batch may cross the end of an epoch, and then may hold a record twice.
  std::vector<int64_t> next(int64_t n);
  DataCursor cursor() const { return cursor_; }
  int64_t size() const { return size_; }

 private:
  int64_t size_;
  uint64_t seed_;
  DataCursor cursor_;
  std::vector<int64_t> order_;  // of cursor_.epoch
};

/// One question of a synthetic task with a worked solution.
struct TaskItem {
  std::string question;
  std::string key;     // what makes two questions the same problem (47 + 38 and 38 + 47): decides train or test
  std::string answer;  // one right answer
  std::string worked;  // chain of thought that leads to `answer`, without tags
  nlohmann::json fields = nlohmann::json::object();  // what the checker needs beside the answer
};

/// A synthetic task. `make` reads the task's options (Error(recipe) for unknown or impossible ones) and returns a
/// generator: a pure function of the random stream it is given.
struct Task {
  std::string name;
  std::string summary;
  std::function<std::function<TaskItem(Rng&)>(const nlohmann::json& options)> make;
  /// True if `answer` is a right answer to the item whose record has these `fields`. Any bytes are allowed.
  std::function<bool(const nlohmann::json& fields, std::string_view answer)> check;
};

/// arithmetic, chain_sum, countdown, knights_knaves, string_manipulation, number_sequence.
std::span<const Task> builtin_tasks();

/// Error(recipe) for an unknown name lists the known ones.
const Task& find_task(std::string_view name);

/// Checks an answer with the task named in fields["task"]. Error(data) if there is no such task or a field is missing.
bool check_task_answer(const nlohmann::json& fields, std::string_view answer);

/// `size` records of one split of a task, without duplicates. Records of a smaller size are a prefix of a larger one.
/// Error(recipe) says how many questions were found if there are not enough.
std::vector<Record> make_task_records(const Task& task, const nlohmann::json& options, const std::string& split,
                                      int64_t size, int64_t seed);

}  // namespace hone
