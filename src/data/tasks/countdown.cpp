// Reach a target from given numbers: "Use each of the numbers 3, 5, 25 exactly once with + - * / to make 80."
#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "base/jsonl.h"
#include "base/text.h"
#include "data/tasks/expression.h"
#include "data/tasks/tasks.h"

namespace hone {
namespace {

struct CountdownOptions {
  int64_t min_numbers = 3;
  int64_t max_numbers = 3;
  int64_t min = 1;
  int64_t max = 50;
  int64_t min_target = 10;
  int64_t max_target = 99;
  bool use_all = true;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("min_numbers", c.min_numbers, "fewest numbers", between(2, 8));
    v("max_numbers", c.max_numbers, "most numbers", between(2, 8));
    v("min", c.min, "smallest number", between(1, 1000));
    v("max", c.max, "largest number", between(1, 1000));
    v("min_target", c.min_target, "smallest target", between(1, 1'000'000));
    v("max_target", c.max_target, "largest target", between(1, 1'000'000));
    v("use_all", c.use_all, "every number must be used; otherwise each at most once");
  }
};

/// A partial result: its value and how it is written, with the precedence of its last operation.
struct Term {
  int64_t value;
  std::string text;
  int precedence = 3;
};

/// Operations that keep whole positive results and change something.
std::string usable_operations(int64_t a, int64_t b) {
  std::string ops = "+";
  if (a > b) ops += '-';
  if (a > 1 && b > 1 && a * b <= 1'000'000) ops += '*';
  if (b > 1 && a % b == 0) ops += '/';
  return ops;
}

Term combine(const Term& a, char op, const Term& b) {
  const int precedence = op == '+' || op == '-' ? 1 : 2;
  const auto wrap = [](const Term& term, bool needed) { return needed ? "(" + term.text + ")" : term.text; };
  const bool wrap_right = b.precedence < precedence || (b.precedence == precedence && (op == '-' || op == '/'));
  const int64_t value = op == '+'   ? a.value + b.value
                        : op == '-' ? a.value - b.value
                        : op == '*' ? a.value * b.value
                                    : a.value / b.value;
  return {value, wrap(a, a.precedence < precedence) + op + wrap(b, wrap_right), precedence};
}

/// Combines the numbers at random until one term is left, and notes each step as an equation.
Term draw_solution(const std::vector<int64_t>& numbers, std::vector<std::string>& steps, Rng& rng) {
  std::vector<Term> terms;
  for (const int64_t n : numbers) terms.push_back({n, std::to_string(n)});
  while (terms.size() > 1) {
    shuffle(terms, rng);
    Term b = std::move(terms.back());
    terms.pop_back();
    Term a = std::move(terms.back());
    terms.pop_back();
    if (a.value < b.value) std::swap(a, b);
    const std::string ops = usable_operations(a.value, b.value);
    const char op = ops[static_cast<size_t>(rng.integer(0, std::ssize(ops) - 1))];
    terms.push_back(combine(a, op, b));
    steps.push_back(fmt::format("{}{}{}={}", a.value, op, b.value, terms.back().value));
  }
  return terms.front();
}

TaskItem make_item(const CountdownOptions& options, Rng& rng) {
  for (int tries = 0; tries < 10'000; ++tries) {
    std::vector<int64_t> numbers(static_cast<size_t>(rng.integer(options.min_numbers, options.max_numbers)));
    for (int64_t& n : numbers) n = rng.integer(options.min, options.max);
    std::vector<int64_t> used = numbers;
    if (!options.use_all) used.resize(static_cast<size_t>(rng.integer(2, std::ssize(used))));
    std::vector<std::string> steps;
    const Term solution = draw_solution(used, steps, rng);
    const int64_t target = solution.value;
    const bool trivial = !options.use_all && std::count(numbers.begin(), numbers.end(), target) > 0;
    if (target < options.min_target || target > options.max_target || trivial) continue;

    TaskItem item;
    shuffle(numbers, rng);
    item.question = fmt::format("Use {} of the numbers {} {} once with + - * / and parentheses to make {}.",
                                options.use_all ? "each" : "any", fmt::join(numbers, ", "),
                                options.use_all ? "exactly" : "at most", target);
    item.answer = solution.text;
    const int64_t sum = std::accumulate(numbers.begin(), numbers.end(), int64_t{0});
    if (sum != target && rng.integer(0, 1) == 0) {  // a first try that fails, so that trying is part of what is learnt
      item.worked = fmt::format("{}={}, not {}. ", fmt::join(numbers, "+"), sum, target);
    }
    item.worked += join(steps, ", ");
    item.fields = {{"numbers", numbers}, {"target", target}, {"use_all", options.use_all}};
    std::sort(numbers.begin(), numbers.end());
    item.key = fmt::format("{} -> {}", fmt::join(numbers, " "), target);
    return item;
  }
  fail(ErrorKind::recipe,
       "task 'countdown': found no way from {} to {} numbers in [{}, {}] to a target in [{}, {}] in 10000 tries; widen "
       "a "
       "range",
       options.min_numbers, options.max_numbers, options.min, options.max, options.min_target, options.max_target);
}

/// Any expression over the given numbers counts, whichever solution the generator had in mind.
bool check(const nlohmann::json& fields, std::string_view answer) {
  const nlohmann::json& numbers_field = task_field(fields, "numbers");
  const nlohmann::json& target_field = task_field(fields, "target");
  const bool usable = numbers_field.is_array() && numbers_field.size() <= 16 && target_field.is_number_integer() &&
                      std::all_of(numbers_field.begin(), numbers_field.end(),
                                  [](const nlohmann::json& n) { return n.is_number_integer(); });
  HONE_CHECK(usable, ErrorKind::data, "countdown needs at most 16 whole 'numbers' and a whole 'target', got {} and {}",
             quote_for_message(dump_json(numbers_field), 40), quote_for_message(dump_json(target_field), 40));
  const bool use_all = fields.value("use_all", nlohmann::json(true)) == true;
  const auto target = target_field.get<int64_t>();

  // "80 = 5 + 75" says the same as "5 + 75 = 80".
  const size_t equal = answer.find('=');
  const bool target_first = equal != std::string_view::npos && trim(answer.substr(0, equal)) == std::to_string(target);
  const auto expression = parse_expression(target_first ? answer.substr(equal + 1) : answer);
  if (!expression || (expression->claimed && *expression->claimed != target)) return false;
  auto available = numbers_field.get<std::vector<int64_t>>();
  for (const int64_t n : expression->numbers) {
    const auto found = std::find(available.begin(), available.end(), n);
    if (found == available.end()) return false;
    available.erase(found);
  }
  if (use_all && !available.empty()) return false;
  return expression->value && expression->value->is_integer(target);
}

}  // namespace

Task countdown_task() {
  return {"countdown", "reach a target from given numbers",
          [](const nlohmann::json& json) {
            const auto options = read_task_options<CountdownOptions>(json, "countdown");
            const auto ordered = [](const char* low, int64_t a, const char* high, int64_t b) {
              HONE_CHECK(a <= b, ErrorKind::recipe, "task 'countdown': {} {} is above {} {}", low, a, high, b);
            };
            ordered("min_numbers", options.min_numbers, "max_numbers", options.max_numbers);
            ordered("min", options.min, "max", options.max);
            ordered("min_target", options.min_target, "max_target", options.max_target);
            return [=](Rng& rng) { return make_item(options, rng); };
          },
          check};
}

}  // namespace hone
