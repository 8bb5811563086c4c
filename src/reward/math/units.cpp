#include "reward/math/units.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace hone::math {
namespace {

struct UnitScale {
  std::string_view name, dimension;
  long numerator, denominator;
};
constexpr auto kUnitScales = std::to_array<UnitScale>({
    {"mm", "length", 1, 1000},
    {"cm", "length", 1, 100},
    {"m", "length", 1, 1},
    {"km", "length", 1000, 1},
    {"centimeter", "length", 1, 100},
    {"meter", "length", 1, 1},
    {"kilometer", "length", 1000, 1},
    {"inch", "foot", 1, 12},
    {"in", "foot", 1, 12},
    {"ft", "foot", 1, 1},
    {"foot", "foot", 1, 1},
    {"feet", "foot", 1, 1},
    {"yard", "foot", 3, 1},
    {"yd", "foot", 3, 1},
    {"mile", "foot", 5280, 1},
    {"mi", "foot", 5280, 1},
    {"mg", "mass", 1, 1000},
    {"g", "mass", 1, 1},
    {"gram", "mass", 1, 1},
    {"kg", "mass", 1000, 1},
    {"kilogram", "mass", 1000, 1},
    {"second", "time", 1, 60},
    {"sec", "time", 1, 60},
    {"min", "time", 1, 1},
    {"minute", "time", 1, 1},
    {"hour", "time", 60, 1},
    {"hr", "time", 60, 1},
    {"day", "time", 1440, 1},
    {"week", "time", 10080, 1},
    {"cent", "money", 1, 100},
    {"dollar", "money", 1, 1},
    {"ml", "volume", 1, 1000},
    {"milliliter", "volume", 1, 1000},
    {"liter", "volume", 1, 1},
});

const UnitScale* known_unit(std::string_view name) {
  const auto find = [](std::string_view n) {
    const auto found = std::find_if(kUnitScales.begin(), kUnitScales.end(), [&](const auto& u) { return u.name == n; });
    return found == kUnitScales.end() ? nullptr : &*found;
  };
  if (const UnitScale* unit = find(name)) return unit;
  if (name.ends_with("es")) {
    if (const UnitScale* unit = find(name.substr(0, name.size() - 2))) return unit;
  }
  return name.ends_with('s') ? find(name.substr(0, name.size() - 1)) : nullptr;
}

}  // namespace

std::optional<mpq_class> unit_ratio(const Node& gold, const Node& answer) {
  if (!gold.is(Kind::unit) || !answer.is(Kind::unit)) return std::nullopt;
  const UnitScale *g = known_unit(gold.name), *a = known_unit(answer.name);
  if (!g || !a || g->dimension != a->dimension) return std::nullopt;
  mpq_class ratio(a->numerator * g->denominator, a->denominator * g->numerator);
  ratio.canonicalize();
  return ratio == 1 ? std::nullopt : std::optional(ratio);
}

}  // namespace hone::math
