// Completions on the page: the same held-out prompts before and after, and what training saw last.
#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "report/html_text.h"
#include "report/page.h"
#include "report/terminal_text.h"

namespace hone {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxColumns = 3;
constexpr size_t kOpenItems = 2;  // the others are folded away
constexpr size_t kTrainingSamples = 8;

std::string text_of(const Json& record, const char* key) {
  const auto found = record.find(key);
  if (found == record.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_true(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_boolean() && found->get<bool>();
}

std::string number_of(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_number() ? short_number(found->get<double>()) : "";
}

/// The answer to look at: the greedy one, else the first sample; null if there is neither.
const Json* shown_completion(const Json& record) {
  const auto greedy = record.find("greedy");
  if (greedy != record.end() && greedy->is_object()) return &*greedy;
  const auto samples = record.find("samples");
  if (samples == record.end() || !samples->is_array() || samples->empty() || !samples->front().is_object())
    return nullptr;
  return &samples->front();
}

struct Column {
  std::string label;
  std::map<std::string, const Json*> by_prompt;  // completion by prompt_id
};

std::vector<Column> columns_of(const RunData& run) {
  std::vector<const Milestone*> with_samples;
  for (const Milestone& milestone : run.milestones) {
    if (milestone.samples && !milestone.samples->records.empty()) with_samples.push_back(&milestone);
  }
  // The first and the last matter most.
  while (with_samples.size() > kMaxColumns) with_samples.erase(with_samples.begin() + 1);
  std::vector<Column> columns;
  for (const Milestone* milestone : with_samples) {
    Column column{.label = milestone->label};
    for (const Json& record : milestone->samples->records) {
      if (const Json* completion = shown_completion(record))
        column.by_prompt.emplace(text_of(record, "prompt_id"), completion);
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

enum Change { became_right, became_wrong, stayed_right, stayed_wrong };

struct Item {
  const Json* record;
  std::string id;
  Change change;
};

std::vector<Item> items_of(const RunData& run, const std::vector<Column>& columns) {
  const SampleFile* last = nullptr;
  for (const Milestone& milestone : run.milestones) {
    if (milestone.samples && !milestone.samples->records.empty()) last = &*milestone.samples;
  }
  std::vector<Item> items;
  for (const Json& record : last->records) {
    const std::string id = text_of(record, "prompt_id");
    const auto before = columns.front().by_prompt.find(id), after = columns.back().by_prompt.find(id);
    if (before == columns.front().by_prompt.end() || after == columns.back().by_prompt.end()) continue;
    const bool was = is_true(*before->second, "correct"), is = is_true(*after->second, "correct");
    items.push_back({&record, id, was ? (is ? stayed_right : became_wrong) : (is ? became_right : stayed_wrong)});
  }
  return items;
}

/// A few of each kind, so that the page shows what went well and what did not.
std::vector<Item> choose(const std::vector<Item>& items) {
  std::array<size_t, 4> room = {3, 1, 1, 1};
  std::vector<Item> chosen;
  for (const Change change : {became_right, became_wrong, stayed_right, stayed_wrong}) {
    for (const Item& item : items) {
      if (item.change == change && room[change] > 0) chosen.push_back(item), --room[change];
    }
  }
  return chosen;
}

std::string chip(const Json& completion) {
  const bool right = is_true(completion, "correct");
  std::string html =
      fmt::format("<span class=\"chip {}\">{}</span>", right ? "right" : "wrong", right ? "right" : "wrong");
  if (const std::string reward = number_of(completion, "reward"); !reward.empty())
    html += fmt::format("<span>reward {}</span>", reward);
  if (const std::string length = number_of(completion, "length"); !length.empty())
    html += fmt::format("<span>{} tokens</span>", length);
  if (const std::string finish = text_of(completion, "finish"); !finish.empty() && finish != "stop") {
    html += fmt::format("<span>cut by {}</span>", escape_html(finish));
  }
  return html;
}

std::string item_html(const Item& item, const std::vector<Column>& columns) {
  std::string html = fmt::format("<article class=\"card item\"><div class=\"prompt\"><pre dir=\"auto\">{}</pre>",
                                 model_text(text_of(*item.record, "prompt"), 1500));
  if (const std::string answer = text_of(*item.record, "answer"); !answer.empty()) {
    html += fmt::format("<p class=\"answerkey\">reference <b>{}</b></p>", model_text(answer, 300));
  }
  html += "</div><div class=\"columns\">";
  for (const Column& column : columns) {
    const auto found = column.by_prompt.find(item.id);
    if (found == column.by_prompt.end()) continue;
    html +=
        fmt::format("<div><p class=\"who\"><b>{}</b>{}</p><pre dir=\"auto\">{}</pre></div>", escape_html(column.label),
                    chip(*found->second), model_text(text_of(*found->second, "completion")));
  }
  return html + "</div></article>\n";
}

std::string training_sample_html(const Json& record) {
  std::string facts;
  const std::string reward = number_of(record, "reward");
  facts += fmt::format("<b>reward {}</b>", reward.empty() ? "none (unscorable)" : reward);
  if (const auto parts = record.find("parts"); parts != record.end() && parts->is_object()) {
    for (const auto& [name, value] : parts->items()) {
      if (value.is_number())
        facts += fmt::format("<span>{} {}</span>", escape_html(name), short_number(value.get<double>()));
    }
  }
  if (const std::string length = number_of(record, "completion_length"); !length.empty())
    facts += fmt::format("<span>{} tokens</span>", length);
  if (const std::string finish = text_of(record, "finish"); !finish.empty())
    facts += fmt::format("<span>{}</span>", escape_html(finish));
  std::string html = fmt::format(
      "<article class=\"card item\"><div class=\"prompt\"><pre dir=\"auto\">{}</pre></div>"
      "<div><p class=\"who\">{}</p><pre dir=\"auto\">{}</pre>",
      model_text(text_of(record, "prompt"), 1500), facts, model_text(text_of(record, "completion")));
  if (const std::string why = text_of(record, "why"); !why.empty())
    html += fmt::format("<p class=\"why\">{}</p>", model_text(why, 500));
  return html + "</div></article>\n";
}

}  // namespace

std::string answers_html(const RunData& run) {
  const std::vector<Column> columns = columns_of(run);
  if (columns.empty()) return "";
  const std::vector<Item> items = items_of(run, columns);
  if (items.empty()) return "";
  std::array<size_t, 4> count{};
  for (const Item& item : items) ++count[item.change];
  std::string html = "<section><h2>Answers to the same prompts</h2>";
  if (columns.size() > 1) {
    html += fmt::format(
        "<p class=\"sub\">Of {} held-out items, from “{}” to “{}”: {} became right, {} became wrong, {} stayed right, "
        "{} stayed wrong. Shown are the first of each kind.</p>",
        items.size(), escape_html(columns.front().label), escape_html(columns.back().label), count[became_right],
        count[became_wrong], count[stayed_right], count[stayed_wrong]);
  } else {
    html += fmt::format("<p class=\"sub\">{} of {} right. Shown are the first of each kind.</p>", count[stayed_right],
                        items.size());
  }
  const std::vector<Item> chosen = choose(items);
  std::string more;
  for (size_t i = 0; i < chosen.size(); ++i) (i < kOpenItems ? html : more) += item_html(chosen[i], columns);
  if (!more.empty())
    html += fmt::format("<details><summary>{} more</summary>{}</details>", chosen.size() - kOpenItems, more);
  return html + "</section>\n";
}

std::string training_samples_html(const RunData& run) {
  std::string html;
  for (const SampleFile& file : run.training) {
    html += fmt::format("<details><summary>Completions of {}, step {}</summary>", escape_html(file.stage), file.step);
    for (size_t i = 0; i < std::min(file.records.size(), kTrainingSamples); ++i)
      html += training_sample_html(file.records[i]);
    html += "</details>\n";
  }
  return html;
}

}  // namespace hone
