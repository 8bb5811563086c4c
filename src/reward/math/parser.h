// Reads an answer in LaTeX or plain notation.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reward/math/budget.h"
#include "reward/math/expression.h"

namespace hone::math {

/// Longer answers are not read as mathematics.
inline constexpr size_t kMaxAnswerBytes = 4096;

struct Reading {
  /// a/bc as a/(bc) rather than (a/b)c, where the notation leaves it open.
  bool tight_slash = false;
  /// A letter behind a number and a space (5 m) as a unit rather than a factor.
  bool letter_units = false;
};

struct Parsed {
  Node node;
  bool slash_ambiguous = false;  // the reading of tight_slash made a difference
  bool unit_ambiguous = false;   // so did that of letter_units
};

/// Nothing if the text is no mathematics, or is nested too deep. Throws OutOfSteps.
std::optional<Parsed> parse(std::string_view text, const Reading& reading, Budget& budget);

/// A condition behind the answer, as in "2k, where k is an integer": the words that open one.
bool opens_condition(std::string_view word);

}  // namespace hone::math
