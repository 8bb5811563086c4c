// Continue a sequence: "What comes next: 3, 7, 11, 15, 19, ...?"
#include <algorithm>
#include <optional>

#include "base/check.h"
#include "base/text.h"
#include "data/tasks/tasks.h"

namespace hone {
namespace {

using Terms = std::vector<int64_t>;

struct SequenceOptions {
  std::vector<std::string> kinds = {"arithmetic", "geometric", "fibonacci", "alternating", "quadratic"};
  int64_t min_terms = 5;
  int64_t max_terms = 5;
  int64_t max_start = 20;
  int64_t max_step = 10;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("kinds", c.kinds, "laws to draw from",
      one_of({"arithmetic", "geometric", "fibonacci", "alternating", "quadratic"}));
    v("min_terms", c.min_terms, "fewest terms shown", between(4, 12));
    v("max_terms", c.max_terms, "most terms shown", between(4, 12));
    v("max_start", c.max_start, "largest first term", between(1, 10'000));
    v("max_step", c.max_step, "largest step; a ratio is at most 9", between(2, 10'000));
  }
};

Terms draw_terms(const std::string& kind, size_t count, const SequenceOptions& options, Rng& rng) {
  Terms terms = {rng.integer(1, options.max_start)};
  const int64_t step = rng.integer(1, options.max_step), step2 = rng.integer(1, options.max_step);
  const int64_t ratio = rng.integer(2, std::min<int64_t>(options.max_step, 9));
  if (kind == "fibonacci") terms.push_back(rng.integer(1, options.max_start));
  while (terms.size() < count) {
    const auto i = std::ssize(terms);
    const int64_t last = terms.back();
    if (kind == "arithmetic") terms.push_back(last + step);
    if (kind == "geometric") terms.push_back(last * ratio);
    if (kind == "fibonacci") terms.push_back(last + terms[static_cast<size_t>(i) - 2]);
    if (kind == "alternating") terms.push_back(last + (i % 2 == 1 ? step : step2));
    if (kind == "quadratic") terms.push_back(last + step + (i - 1) * step2);
  }
  return terms;
}

Terms differences(const Terms& terms) {
  Terms steps;
  for (size_t i = 1; i < terms.size(); ++i) steps.push_back(terms[i] - terms[i - 1]);
  return steps;
}

bool all_equal(const Terms& terms) { return std::equal(terms.begin() + 1, terms.end(), terms.begin()); }

/// What a law says comes next, or nothing if the terms do not obey it.
std::optional<int64_t> next_by(const std::string& kind, const Terms& terms) {
  const Terms steps = differences(terms);
  const int64_t last = terms.back();
  if (kind == "arithmetic") return all_equal(steps) ? std::optional(last + steps.back()) : std::nullopt;
  if (kind == "quadratic") {
    const Terms second = differences(steps);
    return all_equal(second) ? std::optional(last + steps.back() + second.back()) : std::nullopt;
  }
  if (kind == "geometric") {
    const int64_t ratio = terms[1] / terms[0];
    for (size_t i = 1; i < terms.size(); ++i) {
      if (terms[i - 1] * ratio != terms[i]) return std::nullopt;
    }
    return last * ratio;
  }
  if (kind == "fibonacci") {
    for (size_t i = 2; i < terms.size(); ++i) {
      if (terms[i] != terms[i - 1] + terms[i - 2]) return std::nullopt;
    }
    return last + terms[terms.size() - 2];
  }
  for (size_t i = 2; i < steps.size(); ++i) {  // alternating
    if (steps[i] != steps[i - 2]) return std::nullopt;
  }
  return last + steps[steps.size() - 2];
}

/// True if every law that fits the terms agrees on what comes next: only then is there one right answer.
bool unambiguous(const Terms& terms, int64_t next) {
  const auto all = SequenceOptions{}.kinds;
  return std::all_of(all.begin(), all.end(),
                     [&](const std::string& kind) { return next_by(kind, terms).value_or(next) == next; });
}

std::string worked(const std::string& kind, const Terms& terms, int64_t next) {
  Terms all = terms;
  all.push_back(next);
  std::vector<std::string> steps;
  for (size_t i = 1; i < all.size(); ++i) {
    const int64_t a = all[i - 1], b = all[i];
    if (kind == "geometric") {
      steps.push_back(fmt::format("{}*{}={}", a, b / a, b));
    } else if (kind == "fibonacci") {
      if (i >= 2) steps.push_back(fmt::format("{}+{}={}", all[i - 2], a, b));
    } else {
      steps.push_back(fmt::format("{}+{}={}", a, b - a, b));
    }
  }
  return join(steps, ", ");
}

TaskItem make_item(const SequenceOptions& options, Rng& rng) {
  for (int tries = 0; tries < 10'000; ++tries) {
    const std::string& kind = pick(options.kinds, rng);
    const auto count = static_cast<size_t>(rng.integer(options.min_terms, options.max_terms));
    const Terms terms = draw_terms(kind, count, options, rng);
    const int64_t next = *next_by(kind, terms);
    if (!unambiguous(terms, next)) continue;
    TaskItem item;
    item.key = fmt::format("{}", fmt::join(terms, ", "));
    item.question = fmt::format("What comes next: {}, ...?", item.key);
    item.answer = std::to_string(next);
    item.worked = worked(kind, terms, next);
    item.fields = {{"kind", kind}};
    return item;
  }
  fail(ErrorKind::recipe,
       "task 'number_sequence': no sequence with one right continuation in 10000 tries; raise "
       "min_terms or max_step");
}

}  // namespace

Task number_sequence_task() {
  return {"number_sequence", "the next term of a sequence",
          [](const nlohmann::json& json) {
            const auto options = read_task_options<SequenceOptions>(json, "number_sequence");
            HONE_CHECK(options.min_terms <= options.max_terms, ErrorKind::recipe,
                       "task 'number_sequence': min_terms {} is above max_terms {}", options.min_terms,
                       options.max_terms);
            return [=](Rng& rng) { return make_item(options, rng); };
          },
          check_number};
}

}  // namespace hone
