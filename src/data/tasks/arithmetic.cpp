// One operation on two numbers: "What is 47 + 38?"
#include "base/check.h"
#include "base/text.h"
#include "data/tasks/tasks.h"

namespace hone {
namespace {

struct ArithmeticOptions {
  OperandOptions operands;
  std::vector<std::string> ops = {"+"};
  bool allow_negative = false;
  std::string worked = "steps";

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v.inline_struct(c.operands);
    v("ops", c.ops, "operations to draw from", one_of({"+", "-", "*"}));
    v("allow_negative", c.allow_negative, "differences below zero");
    v("worked", c.worked, "how much the chain of thought says", one_of({"steps", "brief", "direct"}));
  }
};

/// 4070 -> {4000, 70}; 0 -> {0}
std::vector<int64_t> place_values(int64_t n) {
  std::vector<int64_t> parts;
  for (int64_t power = 1; n >= power; power *= 10) {
    if (const int64_t part = n / power % 10 * power; part > 0) parts.insert(parts.begin(), part);
  }
  return parts.empty() ? std::vector<int64_t>{0} : parts;
}

std::string equation(int64_t a, char op, int64_t b) {
  const int64_t result = op == '+' ? a + b : op == '-' ? a - b : a * b;
  return fmt::format("{}{}{}={}", a, op, b, result);
}

/// Adds `parts` up from the left, one equation a step.
void sum_up(const std::vector<int64_t>& parts, std::vector<std::string>& steps) {
  int64_t total = parts.front();
  for (size_t i = 1; i < parts.size(); ++i) {
    steps.push_back(equation(total, '+', parts[i]));
    total += parts[i];
  }
}

/// 47+38: 40+30=70, 7+8=15, 70+15=85
std::vector<std::string> add_by_place(int64_t a, int64_t b) {
  std::vector<std::string> steps;
  std::vector<int64_t> sums;
  int64_t power = 1;
  while (power <= std::max(a, b) / 10) power *= 10;
  for (; power > 0; power /= 10) {
    const int64_t x = a / power % 10 * power, y = b / power % 10 * power;
    if (x > 0 && y > 0) steps.push_back(equation(x, '+', y));
    if (x + y > 0) sums.push_back(x + y);
  }
  if (!sums.empty()) sum_up(sums, steps);
  return steps;
}

/// 47+38: 47+30=77, 77+8=85    85-38: 85-30=55, 55-8=47
std::vector<std::string> in_parts(int64_t a, char op, int64_t b) {
  std::vector<std::string> steps;
  for (const int64_t part : place_values(b)) {
    steps.push_back(equation(a, op, part));
    a = op == '+' ? a + part : a - part;
  }
  return steps;
}

/// 47*38: 47*30=1410, 47*8=376, 1410+376=1786
std::vector<std::string> multiply_in_parts(int64_t a, int64_t b) {
  const bool split_right = place_values(b).size() > 1;
  std::vector<std::string> steps;
  std::vector<int64_t> products;
  for (const int64_t part : place_values(split_right ? b : a)) {
    steps.push_back(split_right ? equation(a, '*', part) : equation(part, '*', b));
    products.push_back(part * (split_right ? a : b));
  }
  sum_up(products, steps);
  return steps;
}

/// steps: 47+38: 40+30=70, 7+8=15, 70+15=85    brief: 40+30=70, 7+8=15    direct: 47+38=85
std::string worked(int64_t a, char op, int64_t b, const std::string& style, Rng& rng) {
  if (style == "direct") return equation(a, op, b);
  const bool swapped = op == '-' && a < b;  // 38-85=-(85-38), ...
  std::string head = fmt::format("{}{}{}: ", a, op, b);
  if (swapped) {
    head = fmt::format("{}-{}=-({}-{}), ", a, b, b, a);
    std::swap(a, b);
  }
  std::vector<std::string> steps;
  if (op == '*') {
    steps = multiply_in_parts(a, b);
  } else if (op == '-' || rng.integer(0, 3) == 0) {
    steps = in_parts(a, op, b);
  } else {
    steps = add_by_place(a, b);
  }
  if (steps.empty()) steps = {equation(a, op, b)};
  if (style == "brief") {
    if (steps.size() > 1) steps.pop_back();  // what it ends in is the answer
    return (swapped ? head : "") + join(steps, ", ");
  }
  return (steps.size() > 1 || swapped ? head : "") + join(steps, ", ");
}

TaskItem make_item(const ArithmeticOptions& options, Range range, Rng& rng) {
  const char op = pick(options.ops, rng)[0];
  int64_t a = rng.integer(range.low, range.high), b = rng.integer(range.low, range.high);
  if (op == '-' && a < b && !options.allow_negative) std::swap(a, b);
  const int64_t result = op == '+' ? a + b : op == '-' ? a - b : a * b;
  TaskItem item;
  item.question = fmt::format("What is {} {} {}?", a, op, b);
  const bool commutes = op != '-';
  item.key = fmt::format("{} {} {}", commutes ? std::min(a, b) : a, op, commutes ? std::max(a, b) : b);
  item.answer = std::to_string(result);
  item.worked = worked(a, op, b, options.worked, rng);
  return item;
}

}  // namespace

Task arithmetic_task() {
  return {"arithmetic", "one sum, difference or product of two numbers",
          [](const nlohmann::json& json) {
            const auto options = read_task_options<ArithmeticOptions>(json, "arithmetic");
            const Range range = operand_range(options.operands, "arithmetic");
            return [=](Rng& rng) { return make_item(options, range, rng); };
          },
          check_number};
}

}  // namespace hone
