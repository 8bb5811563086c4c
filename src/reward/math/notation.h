// What the parser knows by name.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace hone::math {

template <size_t N>
constexpr bool contains(const std::array<std::string_view, N>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

inline constexpr auto kFunctions = std::to_array<std::string_view>(
    {"sin",   "cos",  "tan",  "cot",  "sec", "csc", "arcsin", "arccos", "arctan", "arccot", "arcsec", "arccsc",
     "sinh",  "cosh", "tanh", "coth", "log", "ln",  "lg",     "exp",    "asin",   "acos",   "atan",   "abs",
     "floor", "ceil", "gcd",  "lcm",  "max", "min", "det",    "cis",    "arg",    "Re",     "Im",     "deg"});
inline constexpr auto kTrigonometric = std::to_array<std::string_view>({"sin", "cos", "tan", "cot", "sec", "csc"});
inline constexpr auto kSymbolCommands = std::to_array<std::string_view>(
    {"alpha", "beta",   "gamma", "delta", "epsilon", "varepsilon", "zeta",   "eta",   "theta",   "vartheta", "iota",
     "kappa", "lambda", "mu",    "nu",    "xi",      "rho",        "sigma",  "tau",   "upsilon", "phi",      "varphi",
     "chi",   "psi",    "omega", "Gamma", "Delta",   "Theta",      "Lambda", "Xi",    "Pi",      "Sigma",    "Phi",
     "Psi",   "Omega",  "ell",   "hbar",  "partial", "nabla",      "aleph",  "dots",  "ldots",   "cdots",    "vdots",
     "ddots", "dotsc",  "dotsb", "star",  "ast",     "square",     "Box",    "bullet"});
// Drawn around their argument, which they do not change.
inline constexpr auto kDecorations = std::to_array<std::string_view>(
    {"overline",  "bar",       "vec",      "overrightarrow", "hat",           "widehat",
     "tilde",     "underline", "mathbb",   "mathcal",        "mathscr",       "mathfrak",
     "dot",       "ddot",      "angle",    "triangle",       "measuredangle", "overleftrightarrow",
     "widetilde", "overarc",   "wideparen"});
inline constexpr auto kOperators = std::to_array<std::string_view>({"sum", "prod", "int", "iint", "oint", "lim"});
inline constexpr auto kConditions =
    std::to_array<std::string_view>({"where", "for", "if", "when", "with", "such", "provided", "whenever", "assuming"});

struct Relop {
  std::string_view token, name;
};
inline constexpr auto kRelations = std::to_array<Relop>({{"=", "="},
                                                         {"<", "<"},
                                                         {">", ">"},
                                                         {"<=", "<="},
                                                         {">=", ">="},
                                                         {"!=", "!="},
                                                         {"le", "<="},
                                                         {"leq", "<="},
                                                         {"leqslant", "<="},
                                                         {"ge", ">="},
                                                         {"geq", ">="},
                                                         {"geqslant", ">="},
                                                         {"ne", "!="},
                                                         {"neq", "!="},
                                                         {"in", "in"},
                                                         {"approx", "="},
                                                         {"equiv", "equiv"},
                                                         {"cong", "equiv"},
                                                         {"to", "to"},
                                                         {"->", "to"},
                                                         {"sim", "sim"},
                                                         {"subset", "subset"},
                                                         {"subseteq", "subset"},
                                                         {"implies", "implies"},
                                                         {"iff", "iff"},
                                                         {"Rightarrow", "implies"},
                                                         {"rightarrow", "to"},
                                                         {"notin", "notin"},
                                                         {"perp", "perp"},
                                                         {"parallel", "parallel"},
                                                         {"simeq", "="},
                                                         {"mapsto", "to"}});

}  // namespace hone::math
