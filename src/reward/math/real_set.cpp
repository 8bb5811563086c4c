#include "reward/math/real_set.h"

#include <algorithm>

#include "reward/math/equal.h"

namespace hone::math {
namespace {

constexpr size_t kMaxSegments = 64;

struct NoSet {};  // thrown inside, nullopt outside

const Endpoint kMinusInfinity = {-1, {}}, kPlusInfinity = {1, {}};

Endpoint endpoint(const Node& node) {
  if (node.is(Kind::symbol, "infinity")) return kPlusInfinity;
  if (node.is(Kind::product) && node.args.size() == 2 && node.args[0].is(Kind::number) &&
      node.args[1].is(Kind::symbol, "infinity")) {
    return node.args[0].value < 0 ? kMinusInfinity : kPlusInfinity;
  }
  if (any_node(node, is_variable)) throw NoSet{};
  return {0, node};
}

int compare(const Endpoint& a, const Endpoint& b, Budget& budget) {
  if (a.infinite || b.infinite) return a.infinite - b.infinite;
  const auto order = compare_constants(a.value, b.value, budget);
  if (!order) throw NoSet{};
  return *order;
}

/// Sorted, overlapping and touching segments merged, empty ones dropped.
RealSet normalised(RealSet set, Budget& budget) {
  if (set.size() > kMaxSegments) throw NoSet{};
  std::erase_if(set, [&](const Segment& s) {
    const int order = compare(s.low, s.high, budget);
    return order > 0 || (order == 0 && (s.low_open || s.high_open));
  });
  std::sort(set.begin(), set.end(), [&](const Segment& a, const Segment& b) {
    const int order = compare(a.low, b.low, budget);
    return order < 0 || (order == 0 && !a.low_open && b.low_open);
  });
  RealSet out;
  for (const Segment& s : set) {
    if (!out.empty()) {
      Segment& last = out.back();
      const int gap = compare(s.low, last.high, budget);
      if (gap < 0 || (gap == 0 && !(s.low_open && last.high_open))) {
        const int order = compare(s.high, last.high, budget);
        if (order > 0) last.high = s.high, last.high_open = s.high_open;
        if (order == 0) last.high_open = last.high_open && s.high_open;
        continue;
      }
    }
    out.push_back(s);
  }
  return out;
}

RealSet united(RealSet a, const RealSet& b, Budget& budget) {
  a.insert(a.end(), b.begin(), b.end());
  return normalised(std::move(a), budget);
}

RealSet complement(const RealSet& set) {
  RealSet out;
  Segment gap = {kMinusInfinity, {}, true, true};
  for (const Segment& s : set) {
    gap.high = s.low, gap.high_open = !s.low_open || s.low.infinite;
    if (!s.low.infinite) out.push_back(gap);
    gap.low = s.high, gap.low_open = !s.high_open || s.high.infinite;
  }
  gap.high = kPlusInfinity, gap.high_open = true;
  if (set.empty() || !set.back().high.infinite) out.push_back(gap);
  return out;
}

RealSet intersected(const RealSet& a, const RealSet& b, Budget& budget) {
  return complement(united(complement(a), complement(b), budget));
}

bool is_absolute_value(const Node& n) { return n.is(Kind::call, "abs") && is_variable(n.args[0]); }

/// |x| < c and |x| > c, with c on the right.
std::optional<RealSet> from_absolute_value(const Node& node) {
  if (!is_absolute_value(node.args[0])) return std::nullopt;
  const Endpoint high = endpoint(node.args[1]), low = endpoint(negate(node.args[1]));
  const bool strict = node.name == "<" || node.name == ">";
  if (node.name[0] == '<') return RealSet{{low, high, strict, strict}};
  if (node.name[0] == '>') return RealSet{{kMinusInfinity, low, true, strict}, {high, kPlusInfinity, strict, true}};
  return std::nullopt;
}

RealSet from_inequality(const Node& node) {
  if (auto set = from_absolute_value(node)) return std::move(*set);
  const bool variable_left = is_variable(node.args[0]);
  if (variable_left == is_variable(node.args[1])) throw NoSet{};
  const Endpoint bound = endpoint(node.args[variable_left ? 1 : 0]);
  const bool strict = node.name == "<" || node.name == ">";
  if (node.name == "=") return {{bound, bound, false, false}};
  if (node.name == "!=") return {{kMinusInfinity, bound, true, true}, {bound, kPlusInfinity, true, true}};
  if (node.name != "<" && node.name != ">" && node.name != "<=" && node.name != ">=") throw NoSet{};
  const bool below = (node.name[0] == '<') == variable_left;
  if (below) return {{kMinusInfinity, bound, true, strict}};
  return {{bound, kPlusInfinity, strict, true}};
}

RealSet build(const Node& node, Budget& budget) {
  budget.spend(5);
  switch (node.kind) {
    case Kind::tuple: {
      if (node.args.size() != 2 || node.name == "::") throw NoSet{};
      Segment s = {endpoint(node.args[0]), endpoint(node.args[1]), node.name[0] == '(', node.name[1] == ')'};
      s.low_open |= s.low.infinite != 0, s.high_open |= s.high.infinite != 0;
      return normalised({s}, budget);
    }
    case Kind::set: {
      RealSet points;
      for (const Node& arg : node.args) {
        const Endpoint e = endpoint(arg);
        if (e.infinite) throw NoSet{};
        points.push_back({e, e, false, false});
      }
      return normalised(std::move(points), budget);
    }
    case Kind::set_operation: {
      const RealSet left = build(node.args[0], budget), right = build(node.args[1], budget);
      if (node.name == "union") return united(left, right, budget);
      return intersected(left, node.name == "difference" ? complement(right) : right, budget);
    }
    case Kind::relation:
      return normalised(from_inequality(node), budget);
    case Kind::chain:
    case Kind::list: {
      if (node.args.empty()) throw NoSet{};
      const bool both = node.is(Kind::chain) || node.name == "and";
      RealSet set = build(node.args[0], budget);
      for (size_t i = 1; i < node.args.size(); ++i) {
        const RealSet next = build(node.args[i], budget);
        set = both ? intersected(set, next, budget) : united(set, next, budget);
      }
      return set;
    }
    case Kind::symbol:
      if (node.name == "R") return {{kMinusInfinity, kPlusInfinity, true, true}};
      throw NoSet{};
    default:
      throw NoSet{};
  }
}

/// Every variable in it is the same one.
bool one_variable(const Node& node, std::string& name) {
  if (is_variable(node) && node.name != "R") {
    if (!name.empty() && name != node.name) return false;
    name = node.name;
  }
  return std::all_of(node.args.begin(), node.args.end(), [&](const Node& arg) { return one_variable(arg, name); });
}

}  // namespace

std::optional<RealSet> real_set(const Node& node, Budget& budget) {
  std::string variable;
  if (!one_variable(node, variable)) return std::nullopt;
  try {
    return build(node, budget);
  } catch (NoSet) {
    return std::nullopt;
  }
}

bool same_set(const RealSet& a, const RealSet& b, Budget& budget) {
  const auto same_segment = [&](const Segment& x, const Segment& y) {
    return x.low_open == y.low_open && x.high_open == y.high_open && compare(x.low, y.low, budget) == 0 &&
           compare(x.high, y.high, budget) == 0;
  };
  try {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_segment);
  } catch (NoSet) {
    return false;
  }
}

}  // namespace hone::math
