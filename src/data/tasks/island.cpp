#include "data/tasks/island.h"

#include <bit>

#include "base/check.h"

namespace hone {
namespace {

using Kind = Statement::Kind;

constexpr const char* kNames[] = {"Ann", "Bob", "Cal", "Dan", "Eve", "Fay", "Gus", "Hal",
                                  "Ian", "Jan", "Kim", "Leo", "Max", "Ned", "Ola", "Pam"};

bool is_knight(People knights, int person) { return (knights >> person & 1u) != 0; }

bool is_true(const Statement& s, People knights) {
  const bool a = is_knight(knights, s.a), b = is_knight(knights, s.b);
  switch (s.kind) {
    case Kind::is:
      return a == s.a_knight;
    case Kind::same:
      return a == b;
    case Kind::different:
      return a != b;
    case Kind::both:
      return a == s.a_knight && b == s.b_knight;
    case Kind::either:
      return a == s.a_knight || b == s.b_knight;
    case Kind::count:
      break;
  }
  return std::popcount(knights) == s.knights;
}

/// The rule of the island for one speaker.
bool fits(const Island& island, int speaker, People knights) {
  return is_knight(knights, speaker) == is_true(island.statements[static_cast<size_t>(speaker)], knights);
}

/// People whose roles decide whether `speaker` fits.
People involved(const Island& island, int speaker) {
  const Statement& s = island.statements[static_cast<size_t>(speaker)];
  if (s.kind == Kind::count) return (1u << island.size()) - 1;
  return 1u << speaker | 1u << s.a | (s.kind == Kind::is ? 0u : 1u << s.b);
}

Statement draw_statement(int people, int speaker, Rng& rng) {
  Statement s;
  s.kind = static_cast<Kind>(rng.integer(0, people > 2 ? 5 : 4));
  s.a = static_cast<int>(rng.integer(0, people - 1));
  s.b = static_cast<int>(rng.integer(0, people - 1));
  while (s.kind == Kind::is && s.a == speaker) s.a = static_cast<int>(rng.integer(0, people - 1));
  while (s.b == s.a) s.b = static_cast<int>(rng.integer(0, people - 1));
  if (s.b == speaker) std::swap(s.a, s.b);  // the speaker comes first: "I am ..."
  s.a_knight = rng.integer(0, 1) == 1;
  s.b_knight = rng.integer(0, 1) == 1;
  s.knights = static_cast<int>(rng.integer(0, people));
  return s;
}

std::string role(bool knight) { return knight ? "a knight" : "a knave"; }

/// Depth-first search that writes down every step it takes.
struct Prover {
  const Island& island;
  std::string text = {};

  std::string name(int person) const { return island.names[static_cast<size_t>(person)]; }
  bool decided(People known) const { return std::popcount(known) == island.size(); }

  /// Adds every role that one statement alone forces. False, with the reason written, if some statement cannot fit.
  bool propagate(People& known, People& knights) {
    for (int speaker = 0; speaker < island.size(); ++speaker) {
      const People open = involved(island, speaker) & ~known;
      People always = open, never = open;  // roles that hold in every completion that fits
      bool possible = false;
      for (People choice = open;; choice = (choice - 1) & open) {  // every subset of the open people
        if (fits(island, speaker, knights | choice)) {
          possible = true;
          always &= choice;
          never &= ~choice;
        }
        if (choice == 0) break;
      }
      if (!possible) {
        text += name(speaker) + "'s words do not fit. ";
        return false;
      }
      if ((always | never) == 0) continue;
      for (int person = 0; person < island.size(); ++person) {
        if (!is_knight(always | never, person)) continue;
        text += fmt::format("From {}'s words {} is {}. ", name(speaker), name(person), role(is_knight(always, person)));
      }
      known |= always | never;
      knights |= always;
      speaker = -1;  // what is new may force more: start over
    }
    return true;
  }

  bool solve(People known, People knights) {
    while (propagate(known, knights)) {
      if (decided(known)) return true;
      const int person = std::countr_one(known);
      text += fmt::format("Suppose {} is a knight. ", name(person));
      if (solve(known | 1u << person, knights | 1u << person)) return true;
      text += fmt::format("So {} is a knave. ", name(person));
      known |= 1u << person;
    }
    return false;
  }
};

}  // namespace

std::vector<People> solutions(const Island& island) {
  std::vector<People> found;
  for (People knights = 0; knights < 1u << island.size(); ++knights) {
    bool all = true;
    for (int i = 0; i < island.size() && all; ++i) all = fits(island, i, knights);
    if (all) found.push_back(knights);
  }
  return found;
}

Island draw_island(int people, Rng& rng) {
  HONE_ASSERT(people >= 2 && people <= kMaxIslanders);
  std::vector<std::string> names(std::begin(kNames), std::end(kNames));
  shuffle(names, rng);
  names.resize(static_cast<size_t>(people));
  for (int tries = 0; tries < 10'000; ++tries) {
    Island island{names, {}};
    for (int i = 0; i < people; ++i) island.statements.push_back(draw_statement(people, i, rng));
    if (solutions(island).size() == 1) return island;
  }
  fail(ErrorKind::internal, "no knights and knaves puzzle of {} people with one solution in 10000 tries", people);
}

std::string statement_text(const Island& island, int speaker) {
  const Statement& s = island.statements[static_cast<size_t>(speaker)];
  const auto name = [&](int person) { return person == speaker ? "I" : island.names[static_cast<size_t>(person)]; };
  const auto claim = [&](int person, bool knight) {
    return name(person) + (person == speaker ? " am " : " is ") + role(knight);
  };
  const auto pair = s.a == speaker ? name(s.b) + " and I" : name(s.a) + " and " + name(s.b);
  std::string words;
  switch (s.kind) {
    case Kind::is:
      words = claim(s.a, s.a_knight);
      break;
    case Kind::same:
      words = pair + " are of the same kind";
      break;
    case Kind::different:
      words = pair + " are of different kinds";
      break;
    case Kind::both:
      words = claim(s.a, s.a_knight) + " and " + claim(s.b, s.b_knight);
      break;
    case Kind::either:
      words = claim(s.a, s.a_knight) + " or " + claim(s.b, s.b_knight);
      break;
    case Kind::count:
      words = s.knights == 1 ? "Exactly 1 of us is a knight" : fmt::format("Exactly {} of us are knights", s.knights);
  }
  return fmt::format("{} says: \"{}.\"", island.names[static_cast<size_t>(speaker)], words);
}

std::string island_key(const Island& island) {
  std::string key;
  for (const Statement& s : island.statements) {
    switch (s.kind) {
      case Kind::is:
        key += fmt::format("is {} {:d};", s.a, s.a_knight);
        break;
      case Kind::same:
        key += fmt::format("same {} {};", s.a, s.b);
        break;
      case Kind::different:
        key += fmt::format("different {} {};", s.a, s.b);
        break;
      case Kind::both:
        key += fmt::format("both {} {:d} {} {:d};", s.a, s.a_knight, s.b, s.b_knight);
        break;
      case Kind::either:
        key += fmt::format("either {} {:d} {} {:d};", s.a, s.a_knight, s.b, s.b_knight);
        break;
      case Kind::count:
        key += fmt::format("count {};", s.knights);
    }
  }
  return key;
}

std::string proof(const Island& island) {
  Prover prover{island};
  HONE_ASSERT(prover.solve(0, 0));
  prover.text.pop_back();
  return prover.text;
}

}  // namespace hone
