// Letter by letter work on a made-up word: reverse, upper, sort, count, remove_vowels.
#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "data/tasks/tasks.h"

namespace hone {
namespace {

struct StringOptions {
  std::vector<std::string> ops = {"reverse", "upper", "sort", "count", "remove_vowels"};
  int64_t min_length = 3;
  int64_t max_length = 6;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("ops", c.ops, "operations to draw from", one_of({"reverse", "upper", "sort", "count", "remove_vowels"}));
    v("min_length", c.min_length, "shortest word, letters", between(1, 64));
    v("max_length", c.max_length, "longest word, letters", between(1, 64));
  }
};

bool is_vowel(char c) { return std::string_view("aeiou").find(c) != std::string_view::npos; }

std::string spaced(const std::string& word) {
  std::string out;
  for (const char c : word) (out += c) += ' ';
  if (!out.empty()) out.pop_back();
  return out;
}

/// Lower-case letters from `variety` neighbours of the alphabet: few of them make letters repeat.
std::string draw_word(int64_t length, int64_t variety, Rng& rng) {
  const int64_t first = rng.integer(0, 26 - variety);
  std::string word;
  for (int64_t i = 0; i < length; ++i) word += static_cast<char>('a' + first + rng.integer(0, variety - 1));
  return word;
}

TaskItem count_item(const std::string& word, Rng& rng) {
  const char letter = word[static_cast<size_t>(rng.integer(0, std::ssize(word) - 1))];
  TaskItem item;
  item.question = fmt::format("How many times does the letter \"{}\" occur in \"{}\"?", letter, word);
  item.key = fmt::format("count {} {}", letter, word);
  int64_t seen = 0;
  std::vector<std::string> steps;
  for (const char c : word) {
    seen += c == letter;
    steps.push_back(fmt::format("{} {}", c, seen));
  }
  item.worked = join(steps, ", ");
  item.answer = std::to_string(seen);
  return item;
}

std::string transform(const std::string& op, std::string word) {
  if (op == "reverse") std::reverse(word.begin(), word.end());
  if (op == "sort") std::sort(word.begin(), word.end());
  if (op == "remove_vowels") std::erase_if(word, is_vowel);
  if (op == "upper") {
    for (char& c : word) c = static_cast<char>(c - 'a' + 'A');
  }
  return word;
}

std::string question_text(const std::string& op, const std::string& word) {
  if (op == "reverse") return fmt::format("Reverse the word \"{}\".", word);
  if (op == "sort") return fmt::format("Sort the letters of \"{}\" alphabetically.", word);
  if (op == "upper") return fmt::format("Write the word \"{}\" in upper case.", word);
  return fmt::format("Remove the vowels a, e, i, o, u from \"{}\".", word);
}

TaskItem make_item(const StringOptions& options, Rng& rng) {
  const std::string& op = pick(options.ops, rng);
  for (int tries = 0; tries < 10'000; ++tries) {
    const int64_t length = rng.integer(options.min_length, options.max_length);
    const std::string word = draw_word(length, op == "count" ? 4 : 26, rng);
    TaskItem item;
    if (op == "count") {
      item = count_item(word, rng);
    } else {
      item.answer = transform(op, word);
      if (item.answer == word || item.answer.empty()) continue;  // repeating the question must not be the answer
      item.question = question_text(op, word);
      item.key = op + " " + word;
      item.worked = spaced(word) + " -> " + spaced(item.answer);
    }
    item.fields = {{"op", op}, {"word", word}};
    return item;
  }
  fail(ErrorKind::recipe, "task 'string_manipulation': {} changes no word of {} to {} letters; raise max_length", op,
       options.min_length, options.max_length);
}

/// A count is a number; anything else is compared letter by letter, with or without quotes around it.
bool check(const nlohmann::json& fields, std::string_view answer) {
  if (task_field(fields, "op") == "count") return check_number(fields, answer);
  const nlohmann::json& gold = task_field(fields, "answer");
  HONE_CHECK(gold.is_string(), ErrorKind::data, "field 'answer' must be text");
  std::string_view text = trim(answer);
  const bool quoted = text.size() >= 2 && text.front() == text.back() && (text.front() == '"' || text.front() == '\'');
  if (quoted) text = text.substr(1, text.size() - 2);
  return text == gold.get_ref<const std::string&>();
}

}  // namespace

Task string_manipulation_task() {
  return {"string_manipulation", "letter by letter work on a word",
          [](const nlohmann::json& json) {
            const auto options = read_task_options<StringOptions>(json, "string_manipulation");
            HONE_CHECK(options.min_length <= options.max_length, ErrorKind::recipe,
                       "task 'string_manipulation': min_length {} is above max_length {}", options.min_length,
                       options.max_length);
            return [=](Rng& rng) { return make_item(options, rng); };
          },
          check};
}

}  // namespace hone
