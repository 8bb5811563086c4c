// Who is a knight and who is a knave? Unique solution, checked by enumeration; see island.h for the logic.
#include <algorithm>
#include <cctype>
#include <map>

#include "base/check.h"
#include "base/jsonl.h"
#include "base/text.h"
#include "data/tasks/island.h"
#include "data/tasks/tasks.h"

namespace hone {
namespace {

struct KnightsOptions {
  int64_t min_people = 2;
  int64_t max_people = 3;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("min_people", c.min_people, "fewest people", between(2, kMaxIslanders));
    v("max_people", c.max_people, "most people", between(2, kMaxIslanders));
  }
};

TaskItem make_item(const KnightsOptions& options, Rng& rng) {
  const Island island = draw_island(static_cast<int>(rng.integer(options.min_people, options.max_people)), rng);
  const People knights = solutions(island).front();
  TaskItem item;
  item.question = "Knights always tell the truth, knaves always lie.";
  nlohmann::json solution;
  std::vector<std::string> roles;
  for (int i = 0; i < island.size(); ++i) {
    const std::string& name = island.names[static_cast<size_t>(i)];
    const char* role = (knights >> i & 1u) != 0 ? "knight" : "knave";
    item.question += " " + statement_text(island, i);
    roles.push_back(name + " is a " + role);
    solution[name] = role;
  }
  item.question += " What is each of them? Answer as in: Zoe is a knight, Yan is a knave.";  // names that never occur
  item.key = island_key(island);
  item.answer = join(roles, ", ");
  item.worked = proof(island);
  item.fields = {{"solution", solution}};
  return item;
}

std::vector<std::string> lower_words(std::string_view text) {
  std::vector<std::string> words;
  bool inside = false;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    const bool letter = u >= 0x80 || std::isalnum(u);
    if (letter && !inside) words.emplace_back();
    if (letter) words.back() += static_cast<char>(u < 0x80 ? std::tolower(u) : u);
    inside = letter;
  }
  return words;
}

/// Reads "Ann is a knight, Bob and Cal are knaves" or "Knights: Ann. Knaves: Bob, Cal". Every name of the solution must
/// get the right role exactly once; a word that does not belong into such a list (not, or, if, ...) makes it wrong.
bool check(const nlohmann::json& fields, std::string_view answer) {
  const nlohmann::json& solution = task_field(fields, "solution");
  HONE_CHECK(solution.is_object() && !solution.empty(), ErrorKind::data, "field 'solution' must map names to roles");
  std::map<std::string, std::string> expected;  // name -> role, lower case
  for (const auto& [name, role] : solution.items()) {
    HONE_CHECK(role == "knight" || role == "knave", ErrorKind::data,
               "field 'solution': role of {} must be knight or knave", quote_for_message(name, 40));
    const auto words = lower_words(name);
    HONE_CHECK(words.size() == 1, ErrorKind::data, "field 'solution': a name must be one word, got {}",
               quote_for_message(name, 40));
    expected[words[0]] = role.get<std::string>();
  }

  if (answer.size() > 4096) return false;
  static const std::vector<std::string> kFiller = {"is", "are", "a", "an", "the", "and", "both", "all", "none"};
  std::vector<std::string> pending;  // names whose role is still to come
  std::string heading;               // role that stood before its names
  const auto assign = [&](const std::string& name, const std::string& role) {
    const auto found = expected.find(name);
    if (found == expected.end() || found->second != role) return false;
    expected.erase(found);  // a name that comes twice is no longer found
    return true;
  };
  bool first = true, headed = false;
  for (std::string word : lower_words(answer)) {
    const bool plural = word == "knights" || word == "knaves";
    if (plural) word.pop_back();
    if (word == "knight" || word == "knave") {
      if (first) headed = true;
      if (!headed && pending.empty()) return false;
      for (const std::string& name : pending) {
        if (!assign(name, word)) return false;
      }
      pending.clear();
      heading = word;
    } else if (std::find(kFiller.begin(), kFiller.end(), word) != kFiller.end()) {
      continue;
    } else if (headed) {
      if (!assign(word, heading)) return false;
    } else {
      pending.push_back(word);
    }
    first = false;
  }
  return expected.empty() && pending.empty();
}

}  // namespace

Task knights_knaves_task() {
  return {"knights_knaves", "who tells the truth and who lies",
          [](const nlohmann::json& json) {
            const auto options = read_task_options<KnightsOptions>(json, "knights_knaves");
            HONE_CHECK(options.min_people <= options.max_people, ErrorKind::recipe,
                       "task 'knights_knaves': min_people {} is above max_people {}", options.min_people,
                       options.max_people);
            return [=](Rng& rng) { return make_item(options, rng); };
          },
          check};
}

}  // namespace hone
