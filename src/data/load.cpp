// load_records: a file or a synthetic task becomes records with the recipe's options applied.
#include <filesystem>
#include <memory>

#include <xxhash.h>

#include "base/check.h"
#include "base/jsonl.h"
#include "hone/data.h"

namespace hone {
namespace {

std::vector<Record> read_file_records(const DataConfig& config) {
  HONE_CHECK(config.options.empty(), ErrorKind::recipe, "data: options belong to a synthetic task, not to path {}",
             config.path);
  HONE_CHECK(config.split == "train", ErrorKind::recipe,
             "data: split '{}' belongs to a synthetic task; name the file of that split as path instead of {}",
             config.split, config.path);
  const std::string stem = std::filesystem::path(config.path).stem().string();
  std::vector<Record> records;
  read_jsonl(config.path, [&](nlohmann::json line, int64_t) {
    Record record = record_from_json(std::move(line), stem);
    if (config.size > 0 && std::ssize(records) == config.size) return;  // later lines are still checked
    record.id = std::ssize(records);
    records.push_back(std::move(record));
  });
  HONE_CHECK(!records.empty(), ErrorKind::data, "{}: expected at least one record, the file has none", config.path);
  HONE_CHECK(std::ssize(records) >= config.size, ErrorKind::recipe,
             "data: size {} asked of {}, which has {} records; lower size or set 0 for all", config.size, config.path,
             records.size());
  return records;
}

void add_system_prompt(Record& record, const std::string& text) {
  HONE_CHECK(!record.messages.empty(), ErrorKind::recipe,
             "data: system_prompt needs conversations, record {} is plain text; put it into the text", record.id);
  if (record.messages.front().role != "system") record.messages.insert(record.messages.begin(), {"system", text});
}

void add_prompt_suffix(Record& record, const std::string& text) {
  if (record.messages.empty()) {
    HONE_CHECK(!record.prompt.empty(), ErrorKind::recipe,
               "data: prompt_suffix needs a prompt, record {} has only a text to imitate", record.id);
    record.prompt += text;
    return;
  }
  for (auto turn = record.messages.rbegin(); turn != record.messages.rend(); ++turn) {
    if (turn->role != "user") continue;
    turn->content += text;
    return;
  }
  fail(ErrorKind::recipe, "data: prompt_suffix needs a user turn, record {} has none", record.id);
}

}  // namespace

std::vector<Record> load_records(const DataConfig& config) {
  HONE_CHECK(config.path.empty() != config.task.empty(), ErrorKind::recipe,
             "data: expected either path or task, got {}", config.path.empty() ? "neither" : "both");
  HONE_CHECK(config.size >= 0, ErrorKind::recipe, "data: size must be at least 0, got {}", config.size);
  HONE_CHECK(config.path.empty() || !std::filesystem::is_directory(config.path), ErrorKind::io,
             "{}: expected a JSONL file, this is a folder", config.path);
  std::vector<Record> records = config.path.empty() ? make_task_records(find_task(config.task), config.options,
                                                                        config.split, config.size, config.seed)
                                                    : read_file_records(config);
  for (Record& record : records) {
    if (!config.system_prompt.empty()) add_system_prompt(record, config.system_prompt);
    if (!config.prompt_suffix.empty()) add_prompt_suffix(record, config.prompt_suffix);
  }
  return records;
}

std::string fingerprint(std::span<const Record> records) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> owner(XXH3_createState(), XXH3_freeState);
  XXH3_state_t* state = owner.get();
  HONE_CHECK(state, ErrorKind::internal, "out of memory");
  XXH3_128bits_reset(state);
  const auto add = [&](std::string_view text) {  // with its length, so that no two lists of texts read the same
    const auto size = static_cast<uint64_t>(text.size());
    XXH3_128bits_update(state, &size, sizeof size);
    XXH3_128bits_update(state, text.data(), text.size());
  };
  for (const Record& record : records) {
    add(record.source);
    const auto turns = static_cast<uint64_t>(record.messages.size());
    XXH3_128bits_update(state, &turns, sizeof turns);
    for (const Message& turn : record.messages) add(turn.role), add(turn.content);
    add(record.prompt);
    add(record.completion);
    add(dump_json(record.fields));
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state);
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace hone
