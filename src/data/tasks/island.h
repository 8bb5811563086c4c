// Knights and knaves as logic: what people on the island say, which assignments fit, and a proof in words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/rng.h"

namespace hone {

constexpr int kMaxIslanders = 8;

/// A set of people as bits; as an assignment, the set of knights.
using People = uint32_t;

/// What one person says. Everything but `count` is about persons a and b (a alone for `is`).
struct Statement {
  enum class Kind { is, same, different, both, either, count };
  Kind kind = Kind::is;
  int a = 0, b = 0;
  bool a_knight = false, b_knight = false;  // the role claimed for each
  int knights = 0;                          // count: how many knights there are
};

/// statements[i] is what person i says; its size is the number of people.
struct Island {
  std::vector<std::string> names;
  std::vector<Statement> statements;
  int size() const { return static_cast<int>(names.size()); }
};

/// A puzzle with exactly one solution, which has been found by trying every assignment.
Island draw_island(int people, Rng& rng);

/// Every assignment under which knights speak the truth and knaves do not.
std::vector<People> solutions(const Island& island);

/// `Ann says: "Bob is a knave."`
std::string statement_text(const Island& island, int speaker);

/// The statements without names: islands that share it are one problem.
std::string island_key(const Island& island);

/// A proof by supposition and consequence that ends in the solution.
std::string proof(const Island& island);

}  // namespace hone
