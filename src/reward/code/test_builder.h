// Tests for programming problems that come without any, as Kimi k1.5 makes them: a generator writes inputs, known good
// submissions answer them, and only what these agree on is kept.
#pragma once

#include <string>
#include <vector>

#include "reward/code/runner.h"

namespace hone {

struct Submission {
  std::string code;
  Language language = Language::python;
};

struct TestBuilderOptions {
  int64_t num_cases = 50;          // inputs to generate
  int64_t min_cases = 40;          // a problem with fewer valid cases is dropped
  double case_agreement = 0.7;     // share of submissions with the same output that makes a case valid
  double problem_agreement = 0.9;  // share of submissions that must pass every valid case
  OutputRule output = OutputRule::lines;
  RunLimits limits;
  int64_t max_output_kb = 1024;
};

struct BuiltTests {
  bool kept = false;
  std::string why;         // it was dropped
  StdinTests tests;        // the valid cases, with the output most submissions gave; also where the problem was dropped
  int64_t num_inputs = 0;  // different inputs that the generator made
  std::vector<int64_t> num_passed;  // of each submission: valid cases passed
};

/// `generator` is a Python program that reads a case number (0, 1, ...) and prints that case's input. Runs are
/// reproducible, so a generator that wants random inputs seeds with the number. A submission that fails on an input has
/// no output there. Error(data) if there are no submissions.
BuiltTests build_tests(Sandbox& sandbox, const std::string& generator, const std::vector<Submission>& submissions,
                       const TestBuilderOptions& options = {});

}  // namespace hone
