#include "text/jinja/scopes.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "text/jinja/builtins.h"
#include "text/jinja/walk.h"

namespace hone::jinja {
namespace {

/// The names of one scope while it is being analysed. Entries are added in the order in which names first appear,
/// because what a name means depends on whether it is read or written first.
class Symbols {
 public:
  explicit Symbols(const Symbols* parent) : parent_(parent) {}

  /// Where `name` lives, seen from here: (scopes out, slot).
  std::optional<std::pair<int, int>> find(const std::string& name) const {
    int hops = 0;
    for (const Symbols* scope = this; scope != nullptr; scope = scope->parent_, ++hops) {
      if (const auto place = scope->slots_.find(name); place != scope->slots_.end()) {
        return std::pair{hops, place->second};
      }
    }
    return std::nullopt;
  }

  int parameter(const std::string& name) {
    stored_.insert({name, true});
    return define(name, LoadAction::parameter);
  }

  void load(const std::string& name) {
    if (!find(name)) define(name, LoadAction::resolve);
  }

  void store(const std::string& name) {
    stored_.insert({name, true});
    if (slots_.contains(name)) return;
    const auto outer = parent_ ? parent_->find(name) : std::nullopt;
    define(name, outer ? LoadAction::alias : LoadAction::undefined);
  }

  /// Names that only some branches of an `if` assign start with their outer value, the others undefined.
  template <class Analyse>
  void branches(const std::vector<Analyse>& analyse) {
    const auto slots = slots_;
    const auto stored = stored_;
    auto all_slots = slots_;
    auto all_stored = stored_;
    for (const Analyse& branch : analyse) {
      slots_ = slots;
      stored_ = stored;
      branch();
      all_slots.insert(slots_.begin(), slots_.end());
      all_stored.insert(stored_.begin(), stored_.end());
    }
    slots_ = std::move(all_slots);
    stored_ = std::move(all_stored);
    for (const auto& [name, yes] : stored_) {
      if (stored.contains(name)) continue;
      const bool outer = parent_ && parent_->find(name);
      loads_[static_cast<size_t>(slots_.at(name))].action = outer ? LoadAction::alias : LoadAction::resolve;
    }
  }

  Scope finish() const {
    Scope scope{loads_};
    for (Load& load : scope.loads) {
      if (load.action != LoadAction::alias) continue;
      const auto [hops, slot] = *parent_->find(load.name);
      load.hops = hops;
      load.slot = slot;
    }
    return scope;
  }

 private:
  // Each name has one slot, even if branches define it separately.
  int define(const std::string& name, LoadAction action) {
    const auto [place, is_new] = all_names_.try_emplace(name, static_cast<int>(loads_.size()));
    if (is_new) loads_.push_back({name, action});
    loads_[static_cast<size_t>(place->second)].action = action;
    slots_[name] = place->second;
    return place->second;
  }

  const Symbols* parent_;
  std::map<std::string, int> slots_;      // names known so far on this path through the branches
  std::map<std::string, int> all_names_;  // names known on any path
  std::map<std::string, bool> stored_;
  std::vector<Load> loads_;
};

/// Collects the names of one scope from its statements, without entering the scopes inside.
class Collector {
 public:
  explicit Collector(Symbols& symbols) : symbols_(symbols) {}

  void body(Body& statements) {
    for (Statement& statement : statements) visit(statement);
  }

  void expression(Expr& expr) {
    if (const Name* name = std::get_if<Name>(&expr.node)) symbols_.load(name->name);
    for_each_operand(expr, [&](Expr& operand) { expression(operand); });
  }

  void assign(const Target& target) {
    for (const Target& part : target.parts) assign(part);
    if (!target.parts.empty()) return;
    if (target.attribute.empty()) {
      symbols_.store(target.name.name);
    } else {
      symbols_.load(target.name.name);
    }
  }

  void declare(const Target& target) {
    for (const Target& part : target.parts) declare(part);
    if (target.parts.empty()) symbols_.parameter(target.name.name);
  }

 private:
  void visit(Statement& statement) {
    std::visit(Overload{[&](Print& n) { expression(*n.value); }, [&](If& n) { conditional(n); },
                        [&](For& n) { expression(*n.iterable); },
                        [&](Set& n) {
                          expression(*n.value);
                          assign(n.target);
                        },
                        [&](SetBlock& n) { assign(n.target); }, [&](Macro& n) { symbols_.store(n.target.name); },
                        [&](CallBlock& n) { expression(*n.call); }, [&](FilterBlock& n) { expression(*n.filter); },
                        [&](With& n) {
                          for (auto& [target, value] : n.assignments) expression(*value);
                        },
                        [](auto&) {}},
               statement.node);
  }

  // jinja2 treats `if`, all its `elif` parts together, and `else` as three branches.
  void conditional(If& node) {
    expression(*node.branches[0].first);
    std::vector<std::function<void()>> branches;
    branches.push_back([&] { body(node.branches[0].second); });
    branches.push_back([&] {
      for (size_t i = 1; i < node.branches.size(); ++i) {
        expression(*node.branches[i].first);
        symbols_.branches(std::vector<std::function<void()>>{[&] { body(node.branches[i].second); }, [] {}, [] {}});
      }
    });
    branches.push_back([&] { body(node.otherwise); });
    symbols_.branches(branches);
  }

  Symbols& symbols_;
};

bool mentions(Expr& expr, const std::string& name) {
  if (const Name* n = std::get_if<Name>(&expr.node)) return n->name == name;
  bool found = false;
  for_each_operand(expr, [&](Expr& operand) { found = found || mentions(operand, name); });
  return found;
}

/// Whether a body reads `name` anywhere, inner scopes included.
bool mentions(Body& body, const std::string& name) {
  const auto in = [&](ExprPtr& expr) { return expr && mentions(*expr, name); };
  const auto in_callable = [&](Callable& callable) {
    for (ExprPtr& value : callable.defaults) {
      if (in(value)) return true;
    }
    return mentions(callable.body, name);
  };
  for (Statement& statement : body) {
    const bool found = std::visit(
        Overload{[&](Print& n) { return in(n.value); },
                 [&](If& n) {
                   for (auto& [test, branch] : n.branches) {
                     if (in(test) || mentions(branch, name)) return true;
                   }
                   return mentions(n.otherwise, name);
                 },
                 [&](For& n) {
                   return in(n.iterable) || in(n.test) || mentions(n.body, name) || mentions(n.otherwise, name);
                 },
                 [&](Set& n) { return in(n.value) || (!n.target.attribute.empty() && n.target.name.name == name); },
                 [&](SetBlock& n) { return in(n.filter) || mentions(n.body, name); },
                 [&](Macro& n) { return in_callable(*n.macro); },
                 [&](CallBlock& n) { return in(n.call) || in_callable(*n.caller); },
                 [&](FilterBlock& n) { return in(n.filter) || mentions(n.body, name); },
                 [&](With& n) {
                   for (auto& [target, value] : n.assignments) {
                     if (in(value)) return true;
                   }
                   return mentions(n.body, name);
                 },
                 [&](Generation& n) { return mentions(n.body, name); }, [](auto&) { return false; }},
        statement.node);
    if (found) return true;
  }
  return false;
}

/// Gives every name of a scope its slot and enters the scopes inside. `guarded`: directly in an `if`, where jinja2 lets
/// an unknown filter or test pass until it is used.
class Resolver {
 public:
  explicit Resolver(const Symbols& symbols, bool in_loop = false) : symbols_(symbols), in_loop_(in_loop) {}

  void body(Body& statements, bool guarded = false) {
    for (Statement& statement : statements) visit(statement, guarded);
  }

  void expression(Expr& expr, bool guarded) {
    if (Name* name = std::get_if<Name>(&expr.node)) return resolve(*name);
    if (Filter* filter = std::get_if<Filter>(&expr.node)) {
      if (!guarded) check_known("filter", expr.at, filter->name, filter_names());
    } else if (Test* test = std::get_if<Test>(&expr.node)) {
      if (!guarded) check_known("test", expr.at, test->name, test_names());
    }
    guarded = guarded || std::holds_alternative<Conditional>(expr.node);
    for_each_operand(expr, [&](Expr& operand) { expression(operand, guarded); });
  }

  void target(Target& to) {
    for (Target& part : to.parts) target(part);
    if (to.parts.empty()) resolve(to.name);
  }

 private:
  void resolve(Name& name) {
    const auto place = symbols_.find(name.name);
    HONE_ASSERT(place.has_value());
    name.hops = place->first;
    name.slot = place->second;
  }

  static void check_known(const char* what, Position at, const std::string& name,
                          const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    syntax_error(at, fmt::format("no {} named {}{}", what, quote_for_message(name, 40), did_you_mean(name, known)));
  }

  void visit(Statement& statement, bool guarded) {
    const Position at = statement.at;
    std::visit(
        Overload{[&](Print& n) { expression(*n.value, guarded); },
                 [&](If& n) {
                   for (auto& [test, branch] : n.branches) expression(*test, true), body(branch, true);
                   body(n.otherwise, true);
                 },
                 [&](For& n) { loop(n, guarded); }, [&](Set& n) { expression(*n.value, guarded), assigned(n.target); },
                 [&](SetBlock& n) {
                   assigned(n.target);
                   n.scope = inner(
                       [&](Collector& names) {
                         names.body(n.body);
                         if (n.filter) names.expression(*n.filter);
                       },
                       [&](Resolver& names) {
                         names.body(n.body);
                         if (n.filter) names.expression(*n.filter, false);
                       });
                 },
                 [&](Macro& n) { resolve(n.target), callable(at, *n.macro); },
                 [&](CallBlock& n) { expression(*n.call, guarded), callable(at, *n.caller); },
                 [&](FilterBlock& n) {
                   n.scope = inner([&](Collector& names) { names.body(n.body), names.expression(*n.filter); },
                                   [&](Resolver& names) { names.body(n.body), names.expression(*n.filter, false); });
                 },
                 [&](With& n) {
                   for (auto& [to, value] : n.assignments) expression(*value, guarded);
                   n.scope = inner(
                       [&](Collector& names) {
                         for (auto& [to, value] : n.assignments) names.declare(to);
                         names.body(n.body);
                       },
                       [&](Resolver& names) {
                         for (auto& [to, value] : n.assignments) names.target(to);
                         names.body(n.body);
                       });
                 },
                 [&](Generation& n) {
                   n.scope = inner([&](Collector& names) { names.body(n.body); },
                                   [&](Resolver& names) { names.body(n.body); });
                 },
                 [](auto&) {}},
        statement.node);
  }

  template <class Collect, class Resolve>
  Scope inner(const Collect& collect, const Resolve& resolve_in) {
    Symbols symbols(&symbols_);
    Collector collector(symbols);
    collect(collector);
    Resolver resolver(symbols, in_loop_);
    resolve_in(resolver);
    return symbols.finish();
  }

  void loop(For& node, bool guarded) {
    expression(*node.iterable, guarded);
    Symbols symbols(&symbols_);
    node.loop_slot = symbols.parameter("loop");
    Collector collector(symbols);
    collector.declare(node.target);
    collector.body(node.body);
    Resolver resolver(symbols, true);
    refuse_loop(node.target);
    resolver.target(node.target);
    resolver.body(node.body);
    node.body_scope = symbols.finish();
    if (node.test) {
      node.test_scope =
          inner([&](Collector& names) { names.declare(node.test_target), names.expression(*node.test); },
                [&](Resolver& names) { names.target(node.test_target), names.expression(*node.test, false); });
    }
    node.else_scope = inner([&](Collector& names) { names.body(node.otherwise); },
                            [&](Resolver& names) { names.body(node.otherwise); });
  }

  // The target of a set.
  void assigned(Target& to) {
    if (in_loop_) refuse_loop(to);
    target(to);
  }

  static void refuse_loop(const Target& to) {
    for (const Target& part : to.parts) refuse_loop(part);
    if (to.parts.empty() && to.name.name == "loop") syntax_error(to.at, "cannot assign to the special variable 'loop'");
  }

  void callable(Position at, Callable& node) {
    Symbols symbols(&symbols_);
    Collector collector(symbols);
    for (const std::string& name : node.parameters) symbols.parameter(name);
    for (const auto& [name, slot] : {std::pair{"caller", &node.caller_slot}, std::pair{"kwargs", &node.kwargs_slot},
                                     std::pair{"varargs", &node.varargs_slot}}) {
      const bool is_parameter =
          std::find(node.parameters.begin(), node.parameters.end(), name) != node.parameters.end();
      if (!is_parameter && mentions(node.body, name)) *slot = symbols.parameter(name);
    }
    for (ExprPtr& value : node.defaults) collector.expression(*value);
    collector.body(node.body);
    Resolver resolver(symbols, in_loop_);
    for (ExprPtr& value : node.defaults) resolver.expression(*value, false);
    resolver.body(node.body);
    node.scope = symbols.finish();
  }

  const Symbols& symbols_;
  bool in_loop_;  // anywhere inside a for
};

}  // namespace

void resolve_names(Program& program) {
  Symbols symbols(nullptr);
  Collector(symbols).body(program.body);
  Resolver(symbols).body(program.body);
  program.scope = symbols.finish();
}

}  // namespace hone::jinja
