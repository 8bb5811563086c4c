#include "reward/code/test_builder.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "reward/code/program.h"

namespace hone {
namespace {

constexpr auto kNoDeadline = SandboxClock::time_point::max();

/// How many of `total` make up `share`: 7 of 10 for 0.7. The margin is for shares like 0.7 that binary cannot hold.
int64_t quorum(double share, size_t total) {
  return static_cast<int64_t>(std::ceil(share * static_cast<double>(total) - 1e-9));
}

struct Builder {
  Sandbox& sandbox;
  const TestBuilderOptions& options;

  std::optional<std::string> output_of(const Program& program, const std::string& input) const {
    if (!program.fault().empty()) return std::nullopt;
    ProgramRun run =
        program.run(sandbox, input, options.limits, static_cast<size_t>(options.max_output_kb) << 10, kNoDeadline);
    return run.fault.empty() ? std::optional(std::move(run.output)) : std::nullopt;
  }

  std::vector<std::string> inputs_of(const std::string& generator) const {
    const Program program(sandbox, Language::python, generator);
    std::vector<std::string> inputs;
    std::set<std::string> seen;
    for (int64_t i = 0; i < options.num_cases; ++i) {
      auto input = output_of(program, std::to_string(i) + "\n");
      if (input && !trim(*input).empty() && seen.insert(*input).second) inputs.push_back(std::move(*input));
    }
    return inputs;
  }

  bool agree(const std::optional<std::string>& a, const std::optional<std::string>& b) const {
    return a && b && same_output(*a, *b, options.output);
  }
};

}  // namespace

BuiltTests build_tests(Sandbox& sandbox, const std::string& generator, const std::vector<Submission>& submissions,
                       const TestBuilderOptions& options) {
  HONE_CHECK(!submissions.empty(), ErrorKind::data, "tests cannot be built without submissions");
  const Builder builder{sandbox, options};
  std::vector<Program> programs;
  for (const Submission& s : submissions) programs.emplace_back(sandbox, s.language, s.code);

  BuiltTests built;
  built.num_passed.assign(programs.size(), 0);
  const auto inputs = builder.inputs_of(generator);
  built.num_inputs = std::ssize(inputs);
  for (const std::string& input : inputs) {
    std::vector<std::optional<std::string>> outputs;
    for (const Program& program : programs) outputs.push_back(builder.output_of(program, input));
    const auto votes = [&](const std::optional<std::string>& output) {
      return std::ranges::count_if(outputs, [&](const auto& other) { return builder.agree(output, other); });
    };
    const auto& best = *std::ranges::max_element(outputs, {}, votes);
    if (votes(best) < std::max<int64_t>(1, quorum(options.case_agreement, programs.size()))) continue;
    built.tests.cases.push_back({input, *best});
    for (size_t i = 0; i < programs.size(); ++i) built.num_passed[i] += builder.agree(outputs[i], best);
  }

  const int64_t num_valid = std::ssize(built.tests.cases);
  const int64_t num_good = std::ranges::count(built.num_passed, num_valid);
  if (num_valid < std::max<int64_t>(1, options.min_cases)) {
    built.why = fmt::format("{} valid cases of {} inputs, expected {}", num_valid, built.num_inputs, options.min_cases);
  } else if (num_good < quorum(options.problem_agreement, programs.size())) {
    built.why = fmt::format("{} of {} submissions pass every case, expected {}", num_good, programs.size(),
                            quorum(options.problem_agreement, programs.size()));
  }
  built.kept = built.why.empty();
  return built;
}

}  // namespace hone
