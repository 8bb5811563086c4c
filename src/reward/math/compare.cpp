#include "reward/math/compare.h"

#include <algorithm>
#include <array>
#include <optional>

#include "reward/math/equal.h"
#include "reward/math/normal_form.h"
#include "reward/math/real_set.h"
#include "reward/math/units.h"

namespace hone::math {
namespace {

constexpr size_t kMaxExpanded = 256;  // elements that signs of ± may expand to

bool is_relation(const Node& n) { return n.is(Kind::relation) || n.is(Kind::chain); }
bool is_collection(const Node& n) { return n.is(Kind::list) || n.is(Kind::set); }
bool is_all_equations(const Node& n) {
  if (n.is(Kind::chain)) return std::all_of(n.args.begin(), n.args.end(), is_all_equations);
  return n.is(Kind::relation, "=");
}
const Node& last_side(const Node& equation) {
  return equation.is(Kind::chain) ? equation.args.back().args[1] : equation.args[1];
}
const Node& first_side(const Node& equation) {
  return equation.is(Kind::chain) ? equation.args.front().args[0] : equation.args[0];
}

/// What may be given a value: x, f(x), (x, y), AB, f^{-1}(x).
bool is_name(const Node& n) {
  if (n.is(Kind::power)) return is_name(n.args[0]) && n.args[1].is(Kind::number) && n.args[1].value == -1;
  if (is_variable(n) || n.is(Kind::words)) return true;
  if (n.is(Kind::product) || n.is(Kind::tuple)) return std::all_of(n.args.begin(), n.args.end(), is_name);
  return n.is(Kind::call) && n.args.size() == 1 && is_name(n.args[0]);
}

// ---- shapes that are written in several ways ----

/// Drops units, degree signs and labels, takes x in S for S and x = a (mod n) for a (mod n), multiplies numbers into
/// matrices.
Node bare(Node node, Budget& budget) {
  budget.spend();
  if (node.is(Kind::unit) || node.is(Kind::degrees)) {
    Node value = std::move(node.args[0]);
    return bare(std::move(value), budget);
  }
  const bool labelled =
      node.is(Kind::relation) && ((node.name == "=" && node.args[0].is(Kind::words)) ||
                                  ((node.name == "in" || node.name == "equiv") && is_name(node.args[0])));
  if (labelled) {
    Node value = std::move(node.args[1]);
    return bare(std::move(value), budget);
  }
  for (Node& arg : node.args) arg = bare(std::move(arg), budget);
  if (!node.is(Kind::product)) return node;
  const auto matrix =
      std::find_if(node.args.begin(), node.args.end(), [](const Node& n) { return n.is(Kind::matrix); });
  if (matrix == node.args.end() || node.args.size() < 2) return node;
  Node scaled = std::move(*matrix);
  node.args.erase(matrix);
  if (any_node(node, [](const Node& n) { return n.is(Kind::matrix); })) return node.args.push_back(scaled), node;
  for (Node& row : scaled.args) {
    for (Node& entry : row.args) {
      budget.spend(4);
      entry = product(node, std::move(entry));
    }
  }
  return scaled;
}

bool has_sign_choice(const Node& node) {
  return any_node(node, [](const Node& n) { return n.is(Kind::plus_minus); });
}

/// Every ± in the node takes its first or its second sign.
Node with_sign(const Node& node, bool first, Budget& budget) {
  budget.spend();
  if (node.is(Kind::plus_minus)) {
    Node value = with_sign(node.args[0], first, budget);
    return (node.name == "+") == first ? value : negate(std::move(value));
  }
  Node out = node;
  for (Node& arg : out.args) arg = with_sign(arg, first, budget);
  return out;
}

/// 1 ± 2 as a list of 3 and -1, also inside of lists and sets.
Node without_sign_choice(Node node, Budget& budget) {
  if (!has_sign_choice(node)) return node;
  if (!is_collection(node)) {
    if (node.is(Kind::relation, "=") && is_name(node.args[0])) node = Node(node.args[1]);
    return make(Kind::list, ",", nodes(with_sign(node, true, budget), with_sign(node, false, budget)));
  }
  Node out = make(node.kind, node.name, {});
  for (const Node& item : node.args) {
    Node expanded = without_sign_choice(item, budget);
    if (expanded.is(Kind::list)) {
      out.args.insert(out.args.end(), expanded.args.begin(), expanded.args.end());
    } else {
      out.args.push_back(std::move(expanded));
    }
    if (out.args.size() > kMaxExpanded) throw OutOfSteps{};
  }
  return out;
}

// ---- case of variables ----

void collect_letters(const Node& node, std::string& letters) {
  if (is_variable(node) && node.name.size() == 1 && letters.find(node.name) == std::string::npos) letters += node.name;
  for (const Node& arg : node.args) collect_letters(arg, letters);
}

void fold_case(Node& node) {
  if (is_variable(node) && node.name.size() == 1) {
    const char c = node.name[0];
    if (c >= 'A' && c <= 'Z' && c != 'E' && c != 'I') node.name[0] = static_cast<char>(c - 'A' + 'a');
  }
  for (Node& arg : node.args) fold_case(arg);
}

/// The answer's variables differ from the gold answer's only in case, and neither side tells the cases apart: 3R^2,
/// 3r^2.
bool differ_in_case_only(const Node& gold, const Node& answer) {
  std::string g, a;
  collect_letters(gold, g);
  collect_letters(answer, a);
  const auto mixed = [](const std::string& letters) {
    return std::any_of(letters.begin(), letters.end(), [&](char c) {
      return c >= 'A' && c <= 'Z' && letters.find(static_cast<char>(c - 'A' + 'a')) != std::string::npos;
    });
  };
  std::sort(g.begin(), g.end());
  std::sort(a.begin(), a.end());
  return g != a && !mixed(g) && !mixed(a);
}

// ---- comparison ----

class Comparison {
 public:
  Comparison(const mpq_class& tolerance, Budget& budget) : tolerance_(tolerance), budget_(budget) {}

  bool same(const Node& gold, const Node& answer) {
    budget_.spend(5);
    if (is_relation(gold) || is_relation(answer)) return same_with_relations(gold, answer);
    if (is_collection(gold) || is_collection(answer)) return same_collections(gold, answer);
    if (gold.is(Kind::set_operation) || answer.is(Kind::set_operation)) return same_sets(gold, answer);
    if (gold.is(Kind::matrix) || answer.is(Kind::matrix)) return same_matrices(gold, answer);
    if (gold.is(Kind::tuple) || answer.is(Kind::tuple)) return same_tuples(gold, answer);
    if (gold.is(Kind::based) || answer.is(Kind::based)) return same_based(gold, answer);
    if (gold.is(Kind::words) || answer.is(Kind::words)) return gold.kind == answer.kind && gold.name == answer.name;
    return same_scalars(gold, answer);
  }

 private:
  bool same_scalars(const Node& gold, const Node& answer) {
    if (gold.is(Kind::percent) && answer.is(Kind::percent)) return same_scalars(gold.args[0], answer.args[0]);
    if (gold.is(Kind::percent) && same_scalars(gold.args[0], answer)) return true;
    if (answer.is(Kind::percent) && same_scalars(gold, answer.args[0])) return true;
    try {
      if (equal(gold, answer, budget_)) return true;
      const auto is_decimal = [](const Node& n) { return n.decimal; };
      if (tolerance_ == 0 || !(any_node(gold, is_decimal) || any_node(answer, is_decimal))) return false;
      return within(answer, gold, tolerance_, budget_);
    } catch (Undefined) {
      return false;
    }
  }

  bool all_same(const std::vector<Node>& gold, const std::vector<Node>& answer) {
    return gold.size() == answer.size() && std::equal(gold.begin(), gold.end(), answer.begin(),
                                                      [&](const Node& g, const Node& a) { return same(g, a); });
  }

  /// Each has a partner on the other side: order and repetition do not matter.
  bool same_elements(const std::vector<Node>& gold, const std::vector<Node>& answer) {
    const auto covered = [&](const std::vector<Node>& items, const std::vector<Node>& by, bool items_are_gold) {
      return std::all_of(items.begin(), items.end(), [&](const Node& item) {
        return std::any_of(by.begin(), by.end(),
                           [&](const Node& other) { return items_are_gold ? same(item, other) : same(other, item); });
      });
    };
    return covered(gold, answer, true) && covered(answer, gold, false);
  }

  bool same_collections(const Node& gold, const Node& answer) {
    if (gold.is(Kind::set_operation) || answer.is(Kind::set_operation)) return same_sets(gold, answer);
    const auto is_ordered = [](const Node& n) {
      return n.is(Kind::tuple, "()") || (n.is(Kind::tuple) && n.args.size() > 2);
    };
    const auto is_closed_pair = [](const Node& n) { return n.is(Kind::tuple) && n.args.size() == 2 && n.name != "()"; };
    if (is_closed_pair(gold) || is_closed_pair(answer)) return same_sets(gold, answer);
    if (is_ordered(gold)) return all_same(gold.args, answer.args);
    if (is_ordered(answer)) {
      const bool named = !gold.args.empty() && std::all_of(gold.args.begin(), gold.args.end(), is_relation);
      return named ? all_same(gold.args, answer.args) : same_elements(gold.args, answer.args);
    }
    if (is_collection(gold) && is_collection(answer)) {
      return same_elements(gold.args, answer.args) || (has_inequality(gold) && same_sets(gold, answer));
    }
    // One value and a collection of one (or of one repeated).
    if (is_collection(gold)) return !gold.args.empty() && same_elements(gold.args, {answer});
    return !answer.args.empty() && same_elements({gold}, answer.args);
  }

  static bool has_inequality(const Node& node) {
    return any_node(node, [](const Node& n) { return n.is(Kind::relation) && n.name != "="; });
  }

  bool same_sets(const Node& gold, const Node& answer) {
    const auto g = real_set(gold, budget_), a = real_set(answer, budget_);
    if (g && a) return same_set(*g, *a, budget_);
    if (gold.kind != answer.kind || gold.name != answer.name) return false;
    if (!gold.is(Kind::set_operation)) return false;
    return all_same(gold.args, answer.args) ||
           (gold.name != "difference" && same(gold.args[0], answer.args[1]) && same(gold.args[1], answer.args[0]));
  }

  bool same_tuples(const Node& gold, const Node& answer) {
    if (!gold.is(Kind::tuple) || !answer.is(Kind::tuple)) return same_sets(gold, answer);
    const bool interval = gold.args.size() == 2;  // brackets say which ends belong to it
    if (interval && gold.name != answer.name) {   // the bracket at an infinite end says nothing: [-inf, 0]
      const auto is_infinite = [](const Node& n) { return n.is(Kind::symbol, "infinity"); };
      return any_node(gold, is_infinite) && same_sets(gold, answer);
    }
    if ((gold.name == "::") != (answer.name == "::")) return false;
    if (gold.name == "::") return same_ratios(gold.args, answer.args);
    return all_same(gold.args, answer.args);
  }

  /// 1:2:3 = 2:4:6
  bool same_ratios(const std::vector<Node>& gold, const std::vector<Node>& answer) {
    if (gold.size() != answer.size()) return false;
    for (size_t i = 1; i < gold.size(); ++i) {
      if (!same_scalars(product(gold[i], answer[0]), product(gold[0], answer[i]))) return false;
    }
    return true;
  }

  bool same_matrices(const Node& gold, const Node& answer) {
    // Rows may be written as tuples in a tuple, a column as one tuple.
    if (gold.is(Kind::tuple) || answer.is(Kind::tuple)) {
      const Node& matrix = gold.is(Kind::matrix) ? gold : answer;
      const Node& tuple = gold.is(Kind::matrix) ? answer : gold;
      if (std::all_of(tuple.args.begin(), tuple.args.end(), [](const Node& row) { return row.is(Kind::tuple); })) {
        const Node rows = make(Kind::matrix, matrix.name, tuple.args);
        return gold.is(Kind::matrix) ? same_matrices(gold, rows) : same_matrices(rows, answer);
      }
      std::vector<Node> column;
      for (const Node& row : matrix.args) {
        if (row.args.size() != 1) return false;
        column.push_back(row.args[0]);
      }
      return gold.is(Kind::matrix) ? all_same(column, answer.args) : all_same(gold.args, column);
    }
    if (gold.kind != answer.kind || gold.name != answer.name || gold.args.size() != answer.args.size()) return false;
    for (size_t i = 0; i < gold.args.size(); ++i) {
      if (!all_same(gold.args[i].args, answer.args[i].args)) return false;
    }
    return true;
  }

  /// 52_8 is 52 in base 8: the base may go without saying, but a stated one must be the same, or give the same value.
  bool same_based(const Node& gold, const Node& answer) {
    if (gold.is(Kind::based) && answer.is(Kind::based)) {
      if (gold.value == answer.value) return gold.name == answer.name;
      mpz_class g, a;
      const bool read =
          mpz_set_str(g.get_mpz_t(), gold.name.c_str(), static_cast<int>(gold.value.get_num().get_si())) == 0 &&
          mpz_set_str(a.get_mpz_t(), answer.name.c_str(), static_cast<int>(answer.value.get_num().get_si())) == 0;
      return read && g == a;
    }
    const Node& based = gold.is(Kind::based) ? gold : answer;
    const Node& other = gold.is(Kind::based) ? answer : gold;
    if (based.name.find_first_not_of("0123456789") != std::string::npos) return false;
    return other.is(Kind::number) && other.value == mpq_class(based.name, 10);
  }

  // ---- equations and inequalities ----

  bool same_with_relations(const Node& gold, const Node& answer) {
    // What an equation ends in may be compared with a bare value.
    if (!is_relation(gold) && is_all_equations(answer)) {
      if (!has_conditions(gold)) return same(gold, last_side(answer));
    }
    if (!is_relation(answer) && is_all_equations(gold) && is_name(first_side(gold))) {
      if (!has_conditions(answer)) return same(last_side(gold), answer);
    }
    if (is_relation(gold) && is_relation(answer)) {
      if (is_all_equations(gold) && is_all_equations(answer) && is_name(first_side(gold)) &&
          is_name(first_side(answer)) && (gold.is(Kind::chain) || answer.is(Kind::chain))) {
        return same(first_side(gold), first_side(answer)) && same(last_side(gold), last_side(answer));
      }
    }
    const auto g = conditions(gold), a = conditions(answer);
    if (g && a && same_conditions(*g, *a)) return true;
    return (has_inequality(gold) || has_inequality(answer)) && same_sets(gold, answer);
  }

  bool has_conditions(const Node& node) const {
    return node.is(Kind::list) && std::any_of(node.args.begin(), node.args.end(), is_relation);
  }

  /// The relations that a relation, a chain or a list of them joins by "and".
  std::optional<std::vector<Node>> conditions(const Node& node) const {
    if (node.is(Kind::relation)) return std::vector{node};
    if (!node.is(Kind::chain) && !(node.is(Kind::list) && node.name != "or")) return std::nullopt;
    std::vector<Node> out;
    for (const Node& arg : node.args) {
      auto inner = conditions(arg);
      if (!inner) return std::nullopt;
      out.insert(out.end(), inner->begin(), inner->end());
    }
    return out;
  }

  bool same_conditions(const std::vector<Node>& gold, const std::vector<Node>& answer) {
    const auto covered = [&](const std::vector<Node>& items, const std::vector<Node>& by) {
      return std::all_of(items.begin(), items.end(), [&](const Node& item) {
        return std::any_of(by.begin(), by.end(), [&](const Node& other) { return same_relation(item, other); });
      });
    };
    return covered(gold, answer) && covered(answer, gold);
  }

  /// a > b as b < a.
  static Node facing_left(Node relation) {
    if (relation.name == ">" || relation.name == ">=") {
      std::swap(relation.args[0], relation.args[1]);
      relation.name[0] = '<';
    }
    return relation;
  }

  bool same_relation(const Node& gold, const Node& answer) {
    budget_.spend(5);
    const Node g = facing_left(gold), a = facing_left(answer);
    if (g.name != a.name) return false;
    if (same_sides(g, a)) return true;
    const bool equation = g.name == "=" || g.name == "!=";
    if (!equation && g.name != "<" && g.name != "<=") return false;
    try {
      const int ratio =
          proportional(difference(g.args[0], g.args[1]), difference(a.args[0], a.args[1]), equation, budget_);
      return equation ? ratio != 0 : ratio > 0;
    } catch (Undefined) {
      return false;
    }
  }

  bool same_sides(const Node& g, const Node& a) {
    const auto is_shape = [](const Node& n) { return n.kind > Kind::call && !n.is(Kind::percent); };
    if (!is_shape(g.args[1]) && !is_shape(a.args[1])) return false;
    return same(g.args[0], a.args[0]) && same(g.args[1], a.args[1]);
  }

  const mpq_class& tolerance_;
  Budget& budget_;
};

}  // namespace

bool same_answer(const Node& gold, const Node& answer, const mpq_class& tolerance, Budget& budget) {
  const auto ratio = unit_ratio(gold, answer);
  const Node g = without_sign_choice(bare(gold, budget), budget);
  Node a = without_sign_choice(bare(answer, budget), budget);
  if (ratio) a = product(number(*ratio), std::move(a));
  Comparison comparison(tolerance, budget);
  if (comparison.same(g, a)) return true;
  if (!differ_in_case_only(g, a)) return false;
  Node g_folded = g;
  fold_case(g_folded);
  fold_case(a);
  return comparison.same(g_folded, a);
}

}  // namespace hone::math
