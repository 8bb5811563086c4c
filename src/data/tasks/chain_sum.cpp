// Several terms added and subtracted from left to right: "What is 12 + 7 - 3?"
#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "data/tasks/tasks.h"

namespace hone {
namespace {

struct ChainSumOptions {
  OperandOptions operands;
  int64_t min_terms = 3;
  int64_t max_terms = 3;
  std::vector<std::string> ops = {"+", "-"};
  bool allow_negative = false;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v.inline_struct(c.operands);
    v("min_terms", c.min_terms, "fewest terms", between(2, 100));
    v("max_terms", c.max_terms, "most terms", between(2, 100));
    v("ops", c.ops, "operations to draw from", one_of({"+", "-"}));
    v("allow_negative", c.allow_negative, "running totals below zero");
  }
};

/// Signed terms whose running total keeps to the options; empty if this draw ran into a dead end.
std::vector<int64_t> draw_terms(const ChainSumOptions& options, Range range, Rng& rng) {
  const int64_t count = rng.integer(options.min_terms, options.max_terms);
  std::vector<int64_t> terms = {rng.integer(range.low, range.high)};
  int64_t total = terms[0];
  while (std::ssize(terms) < count) {
    const int64_t size = rng.integer(range.low, range.high);
    std::string op = pick(options.ops, rng);
    if (op == "-" && size > total && !options.allow_negative) {
      if (options.ops.size() == 1 || std::count(options.ops.begin(), options.ops.end(), "+") == 0) return {};
      op = "+";
    }
    terms.push_back(op == "+" ? size : -size);
    total += terms.back();
  }
  return terms;
}

TaskItem make_item(const ChainSumOptions& options, Range range, Rng& rng) {
  std::vector<int64_t> terms;
  for (int tries = 0; terms.empty(); ++tries) {
    HONE_CHECK(
        tries < 10'000, ErrorKind::recipe,
        "task 'chain_sum': no chain of {} terms in [{}, {}] stays at or above zero by subtracting only; add '+' to "
        "ops or set allow_negative",
        options.min_terms, range.low, range.high);
    terms = draw_terms(options, range, rng);
  }
  TaskItem item;
  item.question = fmt::format("What is {}", terms[0]);
  int64_t total = terms[0];
  std::vector<std::string> steps;
  for (size_t i = 1; i < terms.size(); ++i) {
    const char op = terms[i] < 0 ? '-' : '+';
    const int64_t size = std::abs(terms[i]);
    item.question += fmt::format(" {} {}", op, size);
    steps.push_back(fmt::format("{}{}{}={}", total, op, size, total + terms[i]));
    total += terms[i];
  }
  item.question += "?";
  item.answer = std::to_string(total);
  item.worked = join(steps, ", ");
  std::sort(terms.begin(), terms.end());
  item.key = fmt::format("{}", fmt::join(terms, " "));
  return item;
}

}  // namespace

Task chain_sum_task() {
  return {"chain_sum", "a chain of additions and subtractions",
          [](const nlohmann::json& json) {
            const auto options = read_task_options<ChainSumOptions>(json, "chain_sum");
            HONE_CHECK(options.min_terms <= options.max_terms, ErrorKind::recipe,
                       "task 'chain_sum': min_terms {} is above max_terms {}", options.min_terms, options.max_terms);
            const Range range = operand_range(options.operands, "chain_sum");
            return [=](Rng& rng) { return make_item(options, range, rng); };
          },
          check_number};
}

}  // namespace hone
