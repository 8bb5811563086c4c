#include "stage/preferences.h"

#include <algorithm>

#include "base/check.h"
#include "base/jsonl.h"
#include "base/log.h"
#include "base/text.h"
#include "reward/extract.h"

namespace hone {
namespace {

const nlohmann::json* field(const Record& record, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const auto found = record.fields.find(name); found != record.fields.end() && !found->is_null()) return &*found;
  return nullptr;
}

bool read_label(const nlohmann::json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value == 1 || value == "safe" || value == "good") return true;
  if (value == 0 || value == "unsafe" || value == "bad") return false;
  fail(ErrorKind::data, "'label' must be true, 1, 'safe' or 'good', or false, 0, 'unsafe' or 'bad', got {}",
       quote_for_message(dump_json(value), 40));
}

double read_margin(const Record& record) {
  const nlohmann::json* value = field(record, {"margin"});
  if (value == nullptr) return 0;
  HONE_CHECK(value->is_number(), ErrorKind::data, "'margin' must be a number, got {}",
             quote_for_message(dump_json(*value), 40));
  return value->get<double>();
}

int64_t size_of(const std::vector<int32_t>& ids) { return static_cast<int64_t>(ids.size()); }

int64_t common_prefix(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
  return std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
}

Preference make_preference(const Record& record, const std::string& part, const ChatTokenizer& chat) {
  const nlohmann::json *chosen = field(record, {"chosen"}), *rejected = field(record, {"rejected"});
  const nlohmann::json *response = field(record, {"response", "completion"}), *label = field(record, {"label"});
  const bool pair = chosen != nullptr && rejected != nullptr;
  HONE_CHECK(pair || (response != nullptr && label != nullptr), ErrorKind::data,
             "needs 'chosen' and 'rejected', or 'response' and 'label'");
  const auto scored = [&](const nlohmann::json& value, const char* key) {
    const std::string text = response_text(value, key);
    const std::string out(part == "answer" ? after_thinking(text) : std::string_view(text));
    HONE_CHECK(!trim(out).empty(), ErrorKind::data, "'{}' is empty", key);
    return out;
  };
  Preference item;
  if (pair) {
    const std::string better = scored(*chosen, "chosen"), worse = scored(*rejected, "rejected");
    item.chosen = tokens_with_response(record, better, chat);
    item.rejected = tokens_with_response(record, worse, chat);
    item.margin = read_margin(record);
    item.chosen_length = size_of(chat.tokenizer().encode(better, /*add_special=*/false));
    item.rejected_length = size_of(chat.tokenizer().encode(worse, /*add_special=*/false));
    HONE_CHECK(item.chosen != item.rejected, ErrorKind::data, "'chosen' and 'rejected' are the same");
  } else {
    const std::string text = scored(*response, "response");
    item.chosen = tokens_with_response(record, text, chat);
    item.good = read_label(*label);
    item.chosen_length = size_of(chat.tokenizer().encode(text, /*add_special=*/false));
  }
  return item;
}

}  // namespace

std::vector<int32_t> tokens_with_response(const Record& record, const std::string& response,
                                          const ChatTokenizer& chat) {
  if (!record.messages.empty()) {
    const std::span<const Message> prompt = prompt_messages(record);
    std::vector<Message> turns(prompt.begin(), prompt.end());
    turns.push_back({"assistant", response});
    return chat.encode_for_training(turns).ids;
  }
  const Tokenizer& tokenizer = chat.tokenizer();
  std::vector<int32_t> ids = tokenizer.encode(record.prompt);
  const std::vector<int32_t> rest = tokenizer.encode(response, /*add_special=*/false);
  ids.insert(ids.end(), rest.begin(), rest.end());
  if (tokenizer.eos()) ids.push_back(*tokenizer.eos());
  return ids;
}

std::vector<Preference> make_preferences(const std::vector<Record>& records, const RewardModelConfig& config,
                                         const ChatTokenizer& chat, int64_t max_positions) {
  std::vector<Preference> items;
  int64_t dropped = 0;
  const int64_t limit = std::min(config.max_length, max_positions);
  for (const Record& record : records) {
    with_context(fmt::format("record {} of '{}'", record.id, record.source), [&] {
      Preference item = make_preference(record, config.part, chat);
      const int64_t n = std::max(size_of(item.chosen), size_of(item.rejected));
      if (n > limit) {
        HONE_CHECK(
            config.truncation == "drop", ErrorKind::data,
            "a response with its prompt has {} tokens, the limit is {}; raise max_length or set truncation: drop", n,
            limit);
        ++dropped;
        return;
      }
      HONE_CHECK(items.empty() || items.front().is_pair() == item.is_pair(), ErrorKind::data,
                 "pairs and labelled responses are mixed; they need a stage each");
      items.push_back(std::move(item));
    });
  }
  if (dropped > 0)
    log_warn("{} of {} records were longer than {} tokens and were dropped", dropped, records.size(), limit);
  HONE_CHECK(!items.empty(), ErrorKind::data, "no record is left of {}", records.size());
  return items;
}

std::vector<int64_t> balance_lengths(const std::vector<Preference>& items, const std::vector<int64_t>& indices) {
  const auto difference = [&](int64_t i) {
    const Preference& item = items[static_cast<size_t>(i)];
    return item.is_pair() ? item.chosen_length - item.rejected_length : 0;
  };
  const auto longer = std::count_if(indices.begin(), indices.end(), [&](int64_t i) { return difference(i) > 0; });
  const auto shorter = std::count_if(indices.begin(), indices.end(), [&](int64_t i) { return difference(i) < 0; });
  std::vector<int64_t> kept;
  std::ptrdiff_t taken_longer = 0, taken_shorter = 0;
  for (const int64_t i : indices) {
    const int64_t d = difference(i);
    if (d > 0 && ++taken_longer > shorter) continue;
    if (d < 0 && ++taken_shorter > longer) continue;
    kept.push_back(i);
  }
  return kept;
}

std::vector<PreferenceBatch> pack_preferences(const std::vector<Preference>& items, const std::vector<int64_t>& indices,
                                              int64_t max_tokens) {
  std::vector<PreferenceBatch> batches;
  for (const int64_t index : indices) {
    const Preference& item = items[static_cast<size_t>(index)];
    // Each continuation needs a token of its own.
    const int64_t shared = item.is_pair() ? std::min(common_prefix(item.chosen, item.rejected),
                                                     std::min(size_of(item.chosen), size_of(item.rejected)) - 1)
                                          : 0;
    const int64_t tokens = size_of(item.chosen) + size_of(item.rejected) - shared;
    if (batches.empty() || size_of(batches.back().tokens.ids) + tokens > max_tokens) batches.emplace_back();
    TokenBatch& batch = batches.back().tokens;
    const auto append = [&](const std::vector<int32_t>& ids, int64_t from, int64_t to, int32_t prefix) {
      batch.segments.push_back({size_of(batch.ids), to - from, prefix});
      batch.ids.insert(batch.ids.end(), ids.begin() + from, ids.begin() + to);
    };
    int32_t prefix = -1;
    if (shared > 0) {
      prefix = static_cast<int32_t>(batch.segments.size());
      append(item.chosen, 0, shared, -1);
    }
    for (const std::vector<int32_t>* ids : {&item.chosen, &item.rejected}) {
      if (ids->empty()) continue;
      append(*ids, shared, size_of(*ids), prefix);
      batch.predict_rows.push_back(static_cast<int32_t>(batch.ids.size()) - 1);
    }
    batches.back().items.push_back(index);
  }
  return batches;
}

}  // namespace hone
